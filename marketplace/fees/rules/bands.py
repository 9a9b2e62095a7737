"""Exact numbers: bands of decimals, money units, rounding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
from typing import Final, Literal

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


@dataclass(frozen=True, slots=True)
class Band:
    """A number that may be a range: ``low`` ≤ ``high``, both at least zero; equal for a point."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        for end in (self.low, self.high):
            if not isinstance(end, Decimal):
                raise TypeError(f"需要精确十进制数，得到 {type(end).__name__}")
        if not ZERO <= self.low <= self.high:
            raise ValueError(f"区间下限 {self.low} 应不小于 0 且不大于上限 {self.high}")

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
        return Band(EXACT.add(self.low, other.low), EXACT.add(self.high, other.high))

    def times(self, other: Band) -> Band:
        """End-wise product (every number here is at least zero)."""
        return Band(EXACT.multiply(self.low, other.low), EXACT.multiply(self.high, other.high))

    def scaled(self, factor: Decimal) -> Band:
        """Both ends times one factor of at least zero."""
        return Band(EXACT.multiply(self.low, factor), EXACT.multiply(self.high, factor))

    def at_least(self, floor: Decimal) -> Band:
        """Both ends lifted to ``floor`` where they lie below it."""
        return Band(max(self.low, floor), max(self.high, floor))

    def at_most(self, cap: Decimal) -> Band:
        """Both ends lowered to ``cap`` where they lie above it."""
        return Band(min(self.low, cap), min(self.high, cap))

    def rounded(self, unit: Decimal, mode: RoundingMode) -> Band:
        """Both ends rounded to a multiple of ``unit``."""
        return Band(round_to(self.low, unit, mode), round_to(self.high, unit, mode))

    def settled(self) -> Band:
        """Both ends without the trace of an endless division (see ``EXACT``)."""
        return Band(settle(self.low), settle(self.high))


NOTHING: Final = Band(ZERO, ZERO)


def settle(value: Decimal) -> Decimal:
    """``value`` at 80 decimals, trailing zeros dropped: exact wherever a finite decimal exists."""
    exact = value.quantize(_SETTLED, context=EXACT).normalize(EXACT)
    return exact.quantize(ONE, context=EXACT) if exact == exact.to_integral_value() else exact


def round_to(value: Decimal, unit: Decimal, mode: RoundingMode) -> Decimal:
    """``value`` rounded to a multiple of ``unit`` (same unit of money), never through binary.

    Raises ValueError when ``unit`` is not positive.
    """
    if unit <= ZERO:
        raise ValueError(f"取整单位应大于 0，得到 {unit}")
    steps = settle(EXACT.divide(value, unit)).quantize(ONE, _ROUNDINGS[mode], EXACT)
    return EXACT.multiply(steps, unit)


def divide(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Quotient to 120 digits; exact whenever a finite decimal of that length exists."""
    return EXACT.divide(dividend, divisor)


def total_of(values: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    total = ZERO
    for value in values:
        total = EXACT.add(total, value)
    return total


def convert(value: Decimal, unit: str, wanted: str) -> Decimal:
    """``value`` given in ``unit`` expressed in ``wanted``: exact, since money units are powers
    of ten.

    Raises ValueError when the two do not measure the same thing.
    """
    if unit == wanted:
        return value
    if unit not in MONEY_UNITS or wanted not in MONEY_UNITS:
        raise ValueError(f"单位“{unit}”不能换算为“{wanted}”")
    return EXACT.divide(EXACT.multiply(value, MONEY_UNITS[unit]), MONEY_UNITS[wanted])


def plain(value: Decimal, places: int = 6) -> str:
    """``value`` for a reader: no exponent, no idle zeros, at most ``places`` decimals."""
    shown = value.quantize(ONE.scaleb(-places), ROUND_HALF_UP, EXACT).normalize(EXACT)
    return format(shown, "f")


def percent(rate: Decimal) -> str:
    """A rate for a reader: ``0.015`` as ``1.5%``."""
    return plain(EXACT.multiply(rate, Decimal(100)), 8) + "%"
