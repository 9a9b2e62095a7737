"""Weights of marks as fixed-point whole numbers, so that every sum after them is exact.

2^(−m/12) is irrational: it is computed to 40 digits and kept to `PLACES` decimals, half-even. The
product with the breadth d/(d+c) is rounded once more to the same place, half-up. From there on only
whole numbers are added, multiplied and compared, on every machine with the same result.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

PLACES = 12
UNIT = 10**PLACES
_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)


def whole_months(start: date, day: date) -> int:
    """Whole natural months from `start` to `day` (not before it).

    A month is complete on the corresponding day, or on the month's last day where there is none.
    """
    return months_between(start.year * 12 + start.month, start.day, calendar_position(day))


def calendar_position(day: date) -> tuple[int, int]:
    """A day as (month number, day of month), the latter 32 on a month's last day.

    The last day completes the months of all days that this month does not have.
    """
    last = day.day >= 28 and day.day == monthrange(day.year, day.month)[1]
    return day.year * 12 + day.month, 32 if last else day.day


def months_between(month: int, day_of_month: int, position: tuple[int, int]) -> int:
    """Whole months from a (month number, day of month) to a `calendar_position`."""
    return position[0] - month - (1 if position[1] < day_of_month else 0)


@lru_cache(maxsize=65536)
def add_months(start: date, months: int) -> date:
    """The corresponding day `months` later, or that month's last day where there is none."""
    number = start.year * 12 + start.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


@lru_cache(maxsize=64)
def age_weights(half_life_months: int, months: int) -> tuple[int, ...]:
    """2^(−m / half_life_months) for m = 0 … months − 1, in units of 10^−12."""
    two = Decimal(2)
    weights = []
    for month in range(months):
        exponent = _CONTEXT.divide(Decimal(-month), Decimal(half_life_months))
        weight = _CONTEXT.multiply(_CONTEXT.power(two, exponent), Decimal(UNIT))
        weights.append(int(_CONTEXT.to_integral_value(weight)))
    return tuple(weights)


@lru_cache(maxsize=4096)
def mark_weights(
    half_life_months: int, months: int, breadth: int, breadth_constant: int
) -> tuple[int, ...]:
    """Age weight × breadth d/(d+c) by whole months of age, in units of 10^−12."""
    whole = breadth + breadth_constant
    return tuple(
        (weight * breadth * 2 + whole) // (whole * 2)
        for weight in age_weights(half_life_months, months)
    )


def fixed_point(numerator: int, denominator: int, places: int = PLACES) -> Decimal:
    """A ratio as a Decimal with `places` decimals, half-up (half away from zero)."""
    sign, size = (1, -numerator) if numerator < 0 else (0, numerator)
    rounded = (size * 10**places * 2 + denominator) // (denominator * 2)
    digits = tuple(int(digit) for digit in str(rounded))
    return Decimal((sign if rounded else 0, digits, -places))
