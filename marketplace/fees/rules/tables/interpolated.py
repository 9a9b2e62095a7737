"""Straight lines between published points, and what holds before the first and after the last."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, Inexact
from itertools import pairwise
from typing import Literal

from marketplace.fees.rules.bands import (
    EXACT,
    ZERO,
    Band,
    divide,
    plain,
    point_of,
    span_of,
)
from marketplace.fees.rules.steps import N_, StepLog, Wording, shown, wording

from .outside import (
    Clamp,
    FixedValue,
    Negotiated,
    Outside,
    PointError,
    Priced,
    RateOnExcess,
    RateOnWhole,
    Units,
    rate_shown,
)


@dataclass(frozen=True, slots=True)
class Interpolated:
    """Straight lines between the published points, of the fee or (``of="rate"``) of the rate."""

    points: tuple[tuple[Decimal, Band], ...]
    below: Outside
    above: Outside
    of: Literal["amount", "rate"] = "amount"
    bases: tuple[Decimal, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.points) < 2:
            raise PointError(0, "至少需要两个点")
        for number, ((x0, y0), (x1, y1)) in enumerate(pairwise(self.points), start=1):
            if x1 <= x0:
                raise PointError(number, "计费基数应大于前一点")
            if self.of == "amount" and (y1.low < y0.low or y1.high < y0.high):
                raise PointError(number, "收费额应不低于前一点")
            if self.of == "rate" and not _fee_rises(x0, y0, x1, y1):
                raise PointError(number, "费率降得太快，收费额反而低于前一点")
        if isinstance(self.below, RateOnExcess):
            raise ValueError("表下不能按超出部分计费")
        object.__setattr__(self, "bases", tuple(x for x, _ in self.points))

    def bind(self, units: Units) -> Priced:
        """The table ready to price in ``units``."""
        return _Bound(self, units)

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        bound = self.bind(units)
        return bound.amount(base) if log is None else bound.told(base, log)

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: an edge whose outside value differs from the table's."""
        bound = _Bound(self, units)
        for how, edge in ((bound.below, 0), (bound.above, -1)):
            base = self.bases[edge]
            outside = how.amount(base)
            if isinstance(outside, Band) and outside != bound.amount(base):
                yield base


class _Bound:
    """The points with the line to the next one worked out, and the words for each span."""

    def __init__(self, table: Interpolated, units: Units) -> None:
        self.units, self.bases = units, table.bases
        self.of_rate = table.of == "rate"
        self.below = _Beyond(table, table.below, 0, units)
        self.above = _Beyond(table, table.above, -1, units)
        self.is_point = all(band[0] is band[1] for _, band in table.points)
        self.lows = [_Line(x0, y0[0], x1, y1[0]) for (x0, y0), (x1, y1) in pairwise(table.points)]
        self.endless = any(line.slope is None for line in self.lows)
        self.highs = [_Line(x0, y0[1], x1, y1[1]) for (x0, y0), (x1, y1) in pairwise(table.points)]
        self.endless |= any(line.slope is None for line in self.highs)
        self.whats = [
            wording(
                N_("在 %(x0)s（%(y0)s）与 %(x1)s（%(y1)s）之间按直线内插"),
                x0=plain(x0) + units.base,
                y0=self._value_shown(y0),
                x1=plain(x1) + units.base,
                y1=self._value_shown(y1),
            )
            for (x0, y0), (x1, y1) in pairwise(table.points)
        ]

    def _value_shown(self, value: Band) -> str:
        if self.of_rate:
            return rate_shown(value, self.units)
        return shown(value) + self.units.fee

    def amount(self, base: Decimal) -> Band | Negotiated:
        number = bisect_left(self.bases, base) - 1
        if number < 0:
            if base != self.bases[0]:
                return self.below.amount(base)
            number = 0
        elif number == len(self.lows):
            return self.above.amount(base)
        low = self.lows[number].at(base)
        value = point_of(low) if self.is_point else span_of(low, self.highs[number].at(base))
        return value.scaled(EXACT.multiply(base, self.units.ratio)) if self.of_rate else value

    def told(self, base: Decimal, log: StepLog) -> Band | Negotiated:
        number = bisect_left(self.bases, base) - 1
        if number == len(self.lows):
            return self.above.told(base, log)
        if number < 0:
            if base != self.bases[0]:
                return self.below.told(base, log)
            number = 0
        fee = self.amount(base)
        if isinstance(fee, Band):
            log.note(self.whats[number], base, self.units.base, fee, self.units.fee)
        return fee


class _Line:
    """The straight line through two points; where its slope has no finite form it multiplies
    before it divides, so that points and finite results come out exactly."""

    __slots__ = ("rise", "run", "slope", "x0", "y0")

    def __init__(self, x0: Decimal, y0: Decimal, x1: Decimal, y1: Decimal) -> None:
        self.x0, self.y0 = x0, y0
        self.rise, self.run = EXACT.subtract(y1, y0), EXACT.subtract(x1, x0)
        self.slope = _finite_quotient(self.rise, self.run)

    def at(self, base: Decimal) -> Decimal:
        more = EXACT.subtract(base, self.x0)
        if self.slope is not None:
            return EXACT.add(self.y0, EXACT.multiply(more, self.slope))
        return EXACT.add(self.y0, EXACT.divide(EXACT.multiply(more, self.rise), self.run))


class _Beyond:
    """What holds on one side of the table."""

    def __init__(self, table: Interpolated, how: Outside, edge: int, units: Units) -> None:
        x, y = table.points[edge]
        self.units, self.start, self.how = units, x, how
        at_edge = y.scaled(EXACT.multiply(x, units.ratio)) if table.of == "rate" else y
        self.rate: Band | None = None
        self.fixed: Band | None = None
        self.what: Wording
        match how:
            case Negotiated():
                self.what = wording(N_("收费标准未作规定，由双方协商议定"))
            case Clamp():
                self.fixed = at_edge
                self.what = wording(
                    N_("超出表列范围，按表端 %(x)s 的数额计"), x=plain(x) + units.base
                )
            case RateOnWhole(rate):
                self.rate, self.start, self.fixed = rate.scaled(units.ratio), ZERO, None
                self.what = wording(
                    N_("超出表列范围，按全部基数的 %(rate)s 计"), rate=rate_shown(rate, units)
                )
            case RateOnExcess(rate):
                self.rate, self.fixed = rate.scaled(units.ratio), at_edge
                self.what = wording(
                    N_("表端 %(x)s 的数额，加超出部分的 %(rate)s"),
                    x=plain(x) + units.base,
                    rate=rate_shown(rate, units),
                )
            case FixedValue(value):
                self.fixed = value
                self.what = wording(N_("超出表列范围，按表外规定的数额计"))

    def amount(self, base: Decimal) -> Band | Negotiated:
        if isinstance(self.how, Negotiated):
            return self.how
        if self.rate is None:
            assert self.fixed is not None
            return self.fixed
        share = self.rate.scaled(EXACT.subtract(base, self.start))
        return share if self.fixed is None else self.fixed.plus(share)

    def told(self, base: Decimal, log: StepLog) -> Band | Negotiated:
        fee = self.amount(base)
        if isinstance(fee, Band):
            log.note(self.what, base, self.units.base, fee, self.units.fee)
        return fee


def _finite_quotient(dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """The quotient where it has a finite decimal form, else None."""
    context = EXACT.copy()
    context.clear_flags()
    quotient = context.divide(dividend, divisor)
    return None if context.flags[Inexact] else quotient


def _fee_rises(x0: Decimal, y0: Band, x1: Decimal, y1: Band) -> bool:
    """Whether rate × base never falls between two points: its slope is smallest at an end."""
    for r0, r1 in ((y0.low, y1.low), (y0.high, y1.high)):
        bend = divide(EXACT.subtract(r1, r0), EXACT.subtract(x1, x0))
        if any(r + x * bend < ZERO for x, r in ((x0, r0), (x1, r1))):
            return False
    return True
