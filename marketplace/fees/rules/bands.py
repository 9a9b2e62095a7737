"""Exact numbers: bands of decimals, money units, rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from functools import lru_cache
from typing import Final, Literal, NamedTuple

RoundingMode = Literal["half_up", "up", "down"]

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
FEN: Final = Decimal("0.01")

# Straight-line interpolation divides by spans such as 3000, so a few values have no finite
# decimal form. They are carried to 120 digits and settled at 80 decimals before any rounding:
# quantities have at most 10 decimals, so an exact value that is not a tie lies much further
# from every tie than that, and no result is rounded the wrong way.
EXACT: Final = Context(
    prec=120, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)
_SETTLED: Final = Decimal(1).scaleb(-80)
_SHORT: Final = Decimal(1).scaleb(-40)
MAX_DECIMALS: Final = 10
MAX_INTEGER_DIGITS: Final = 18

_ROUNDINGS: Final[dict[str, str]] = {
    "half_up": ROUND_HALF_UP,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}

MONEY_UNITS: Final[dict[str, Decimal]] = {
    "元": Decimal(1),
    "万元": Decimal(10_000),
    "亿元": Decimal(100_000_000),
}


class _Ends(NamedTuple):
    low: Decimal
    high: Decimal


class Band(_Ends):
    """A number that may be a range: ``low`` ≤ ``high``, both at least zero; equal for a point."""

    __slots__ = ()

    def __new__(cls, low: Decimal, high: Decimal) -> Band:
        for end in (low, high):
            if not isinstance(end, Decimal):
                raise TypeError(f"需要精确十进制数，得到 {type(end).__name__}")
        if not ZERO <= low <= high:
            raise ValueError(f"区间下限 {low} 应不小于 0 且不大于上限 {high}")
        return span_of(low, high)

    @classmethod
    def point(cls, value: Decimal) -> Band:
        """The band that is one number."""
        return cls(value, value)

    @property
    def is_point(self) -> bool:
        """Whether both ends are the same number."""
        return self.low == self.high

    def plus(self, other: Band) -> Band:
        """End-wise sum."""
        low, high = self
        low_more, high_more = other
        if low is high and low_more is high_more:
            return _point(_add(low, low_more))
        return span_of(_add(low, low_more), _add(high, high_more))

    def times(self, other: Band) -> Band:
        """End-wise product (every number here is at least zero)."""
        low, high = self
        low_factor, high_factor = other
        if low is high and low_factor is high_factor:
            return _point(_multiply(low, low_factor))
        return span_of(_multiply(low, low_factor), _multiply(high, high_factor))

    def scaled(self, factor: Decimal) -> Band:
        """Both ends times one factor of at least zero."""
        low, high = self
        if low is high:
            return _point(_multiply(low, factor))
        return span_of(_multiply(low, factor), _multiply(high, factor))

    def at_least(self, floor: Decimal) -> Band:
        """Both ends lifted to ``floor`` where they lie below it."""
        return self if self[0] >= floor else span_of(floor, max(self[1], floor))

    def at_most(self, cap: Decimal) -> Band:
        """Both ends lowered to ``cap`` where they lie above it."""
        return self if self[1] <= cap else span_of(min(self[0], cap), cap)

    def rounded(self, unit: Decimal, mode: RoundingMode) -> Band:
        """Both ends rounded to a multiple of ``unit``."""
        return self._each(lambda end: round_to(end, unit, mode))

    def converted(self, unit: str, wanted: str) -> Band:
        """Both ends expressed in another unit of money; raises ValueError like ``convert``."""
        return self if unit == wanted else self.scaled(convert(ONE, unit, wanted))

    def settled(self) -> Band:
        """Both ends without the trace of an endless division (see ``EXACT``)."""
        return self._each(_settled_if_long)

    def _each(self, change: Callable[[Decimal], Decimal]) -> Band:
        low = change(self[0])
        return span_of(low, low if self[0] is self[1] else change(self[1]))


_add, _multiply, _new = EXACT.add, EXACT.multiply, tuple.__new__


def point_of(value: Decimal) -> Band:
    """The band that is one number of at least zero, unchecked: for what the engine computed."""
    return _new(Band, (value, value))


_point = point_of


def span_of(low: Decimal, high: Decimal) -> Band:
    """The band between two numbers known to be in order, unchecked: for what the engine computed."""
    return _new(Band, (low, high))


NOTHING: Final = Band(ZERO, ZERO)


def _settled_if_long(value: Decimal) -> Decimal:
    return value if value == value.quantize(_SHORT, context=EXACT) else settle(value)


def settle(value: Decimal) -> Decimal:
    """``value`` at 80 decimals, trailing zeros dropped: exact wherever a finite decimal exists."""
    exact = value.quantize(_SETTLED, context=EXACT).normalize(EXACT)
    return exact.quantize(ONE, context=EXACT) if exact == exact.to_integral_value() else exact


def round_to(value: Decimal, unit: Decimal, mode: RoundingMode) -> Decimal:
    """``value`` rounded to a multiple of ``unit`` (same unit of money), never through binary.

    Raises ValueError when ``unit`` is not positive.
    """
    if _is_place(unit):
        return value.quantize(_SETTLED, context=EXACT).quantize(unit, _ROUNDINGS[mode], EXACT)
    steps = settle(EXACT.divide(value, unit)).quantize(ONE, _ROUNDINGS[mode], EXACT)
    return EXACT.multiply(steps, unit)


@lru_cache(maxsize=64)
def _is_place(unit: Decimal) -> bool:
    """Whether the unit is a decimal place written as one, such as 0.01."""
    if unit <= ZERO:
        raise ValueError(f"取整单位应大于 0，得到 {unit}")
    return unit.as_tuple().digits == (1,)


def divide(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Quotient to 120 digits; exact whenever a finite decimal of that length exists."""
    return EXACT.divide(dividend, divisor)


def total_of(values: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    total = ZERO
    for value in values:
        total = EXACT.add(total, value)
    return total


# what a number in one unit of money is multiplied by to stand in another: powers of ten
RATIOS: Final[dict[tuple[str, str], Decimal]] = {
    (unit, wanted): EXACT.divide(MONEY_UNITS[unit], MONEY_UNITS[wanted])
    for unit in MONEY_UNITS
    for wanted in MONEY_UNITS
}


def convert(value: Decimal, unit: str, wanted: str) -> Decimal:
    """``value`` given in ``unit`` expressed in ``wanted``: exact, since money units are powers
    of ten.

    Raises ValueError when the two do not measure the same thing.
    """
    if unit == wanted:
        return value
    ratio = RATIOS.get((unit, wanted))
    if ratio is None:
        raise ValueError(f"单位“{unit}”不能换算为“{wanted}”")
    return EXACT.multiply(value, ratio)


def plain(value: Decimal, places: int = 6) -> str:
    """``value`` for a reader: no exponent, no idle zeros, at most ``places`` decimals."""
    shown = value.quantize(ONE.scaleb(-places), ROUND_HALF_UP, EXACT).normalize(EXACT)
    return format(shown, "f")


def percent(rate: Decimal) -> str:
    """A rate for a reader: ``0.015`` as ``1.5%``."""
    return plain(EXACT.multiply(rate, Decimal(100)), 8) + "%"
