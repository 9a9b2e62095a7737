"""The four tables that turn one number into a fee, and what they answer outside their range.

Rates are shares of money: they apply to the base expressed in the fee's unit. Amounts, points
and unit prices are already in the fee's unit. A bracket includes its upper edge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from marketplace.fees.rules.bands import (
    EXACT,
    NOTHING,
    ONE,
    ZERO,
    Band,
    convert,
    divide,
    percent,
    plain,
)
from marketplace.fees.rules.steps import N_, StepLog, shown, wording


@dataclass(frozen=True, slots=True)
class Units:
    """What the base and the fee are counted in, e.g. 万元 and 元, ㎡ and 元."""

    base: str
    fee: str
    ratio: Decimal = field(init=False, compare=False)

    def __post_init__(self) -> None:
        try:
            ratio = convert(ONE, self.base, self.fee)
        except ValueError:
            ratio = ONE
        object.__setattr__(self, "ratio", ratio)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The document leaves the fee to the parties here: an answer, never an extrapolation."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Clamp:
    """The value at the nearest edge of the table."""


@dataclass(frozen=True, slots=True)
class RateOnWhole:
    """A rate on the whole base."""

    rate: Band


@dataclass(frozen=True, slots=True)
class RateOnExcess:
    """The value at the upper edge and a rate on what lies beyond it."""

    rate: Band


@dataclass(frozen=True, slots=True)
class FixedValue:
    """One amount, or a range of amounts, for everything outside."""

    value: Band


Outside = Negotiated | Clamp | RateOnWhole | RateOnExcess | FixedValue


@dataclass(frozen=True, slots=True)
class Linear:
    """A constant and a rate (or a price per unit) on the base; a constant alone is a fixed fee."""

    rate: Band = NOTHING
    constant: Band = NOTHING

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        fee = self.constant.plus(self.rate.scaled(EXACT.multiply(base, units.ratio)))
        if log is not None:
            what = wording(N_("按 %(rate)s 计算"), rate=_rate_shown(self.rate, units))
            log.note(what, base, units.base, fee, units.fee)
        return fee

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: none."""
        return iter(())


@dataclass(frozen=True, slots=True)
class StepBracket:
    """Up to ``upto`` (included; ``None``: everything above) the fee is ``amount``, or negotiated (``None``)."""

    upto: Decimal | None
    amount: Band | None


@dataclass(frozen=True, slots=True)
class Stepped:
    """One amount per bracket, not cumulative."""

    brackets: tuple[StepBracket, ...]

    def __post_init__(self) -> None:
        _check_edges([b.upto for b in self.brackets])
        amounts = [bracket.amount for bracket in self.brackets if bracket.amount is not None]
        for number, (before, after) in enumerate(pairwise(amounts), start=1):
            if after.low < before.low or after.high < before.high:
                raise BracketError(number, "amount", "金额应不低于前一档")

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        edges = [bracket.upto for bracket in self.brackets[:-1] if bracket.upto is not None]
        number = bisect_left(edges, base)
        fee = self.brackets[number].amount
        if fee is None:
            return Negotiated()
        if log is not None:
            over = self.brackets[number - 1].upto if number else None
            reach = _reach(over, self.brackets[number].upto, units)
            what = wording(N_("落在 %(reach)s 一档，按该档金额"), reach=reach)
            log.note(what, base, units.base, fee, units.fee)
        return fee

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: by nature at every edge, so none needs to be declared."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Bracket:
    """The slice up to ``upto`` (included) at ``rate``, or for a ``flat`` amount, or negotiated
    when it has neither."""

    upto: Decimal | None
    rate: Band | None = None
    flat: Band | None = None

    @property
    def negotiated(self) -> bool:
        """Whether the document leaves everything in this bracket to the parties."""
        return self.rate is None and self.flat is None


@dataclass(frozen=True, slots=True)
class Progressive:
    """差额定率累进: each slice of the base at its own rate, added up.

    ``rising`` says that the document's own rates do not fall from bracket to bracket; without
    it a rising rate is taken for a slip of the pen and refused.
    """

    brackets: tuple[Bracket, ...]
    rising: bool = False

    def __post_init__(self) -> None:
        _check_edges([b.upto for b in self.brackets])
        if len(self.brackets) == 1 and self.brackets[0].negotiated:
            raise BracketError(0, "negotiated", "不能全部协商")
        for number, bracket in enumerate(self.brackets):
            if bracket.rate is not None and bracket.flat is not None:
                raise BracketError(number, "flat", "一档只能写费率或定额之一")
            if bracket.negotiated and number != len(self.brackets) - 1:
                raise BracketError(number, "negotiated", "只有最后一档可以协商")
        rates = [(n, b.rate) for n, b in enumerate(self.brackets) if b.rate is not None]
        for (_, before), (number, after) in pairwise(rates):
            if not self.rising and (after.low > before.low or after.high > before.high):
                raise BracketError(number, "rate", "费率高于前一档；文件原文如此时写 rising = true")

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        if self.brackets[-1].negotiated:
            last = self.brackets[-2].upto
            if last is not None and base > last:
                return Negotiated()
        total = NOTHING
        over = ZERO
        for number, bracket in enumerate(self.brackets):
            if base <= over and number:
                break
            upto = base if bracket.upto is None else min(base, bracket.upto)
            total = total.plus(self._slice(number, over, upto, units, log))
            over = upto if bracket.upto is None else bracket.upto
        if log is not None and base > (self.brackets[0].upto or base):
            log.note(wording(N_("各档相加")), base, units.base, total, units.fee)
        return total

    def _slice(
        self, number: int, over: Decimal, upto: Decimal, units: Units, log: StepLog | None
    ) -> Band:
        bracket = self.brackets[number]
        width = EXACT.subtract(upto, over)
        if bracket.flat is not None:
            fee = bracket.flat
        else:
            fee = (bracket.rate or NOTHING).scaled(EXACT.multiply(width, units.ratio))
        if log is not None:
            reach = _reach(over if number else None, bracket.upto, units)
            if bracket.flat is not None:
                what = wording(
                    N_("%(reach)s的部分按 %(amount)s 计"),
                    reach=reach,
                    amount=shown(bracket.flat) + units.fee,
                )
            else:
                what = wording(
                    N_("%(reach)s的部分按 %(rate)s 计"),
                    reach=reach,
                    rate=_rate_shown(bracket.rate or NOTHING, units),
                )
            log.note(what, width, units.base, fee, units.fee)
        return fee

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: the lower edge of a flat bracket that is not the first."""
        for before, bracket in pairwise(self.brackets):
            if bracket.flat is not None and before.upto is not None:
                yield before.upto


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
        if isinstance(self.below, RateOnExcess):
            raise ValueError("表下不能按超出部分计费")
        object.__setattr__(self, "bases", tuple(x for x, _ in self.points))

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        if base < self.bases[0]:
            return self._beyond(self.below, 0, base, units, log)
        if base > self.bases[-1]:
            return self._beyond(self.above, -1, base, units, log)
        number = max(bisect_left(self.bases, base), 1)
        (x0, y0), (x1, y1) = self.points[number - 1], self.points[number]
        value = Band(
            _between(x0, y0.low, x1, y1.low, base), _between(x0, y0.high, x1, y1.high, base)
        )
        fee = self._fee(value, base, units)
        if log is not None:
            what = wording(
                N_("在 %(x0)s（%(y0)s）与 %(x1)s（%(y1)s）之间按直线内插"),
                x0=plain(x0) + units.base,
                y0=self._value_shown(y0, units),
                x1=plain(x1) + units.base,
                y1=self._value_shown(y1, units),
            )
            log.note(what, base, units.base, fee, units.fee)
        return fee

    def _fee(self, value: Band, base: Decimal, units: Units) -> Band:
        if self.of == "amount":
            return value
        return value.scaled(EXACT.multiply(base, units.ratio))

    def _value_shown(self, value: Band, units: Units) -> str:
        return shown(value) + units.fee if self.of == "amount" else _rate_shown(value, units)

    def _beyond(
        self, how: Outside, edge: int, base: Decimal, units: Units, log: StepLog | None
    ) -> Band | Negotiated:
        x, y = self.points[edge]
        match how:
            case Negotiated():
                return how
            case Clamp():
                fee = self._fee(y, x, units)
                what = wording(N_("超出表列范围，按表端 %(x)s 的数额计"), x=plain(x) + units.base)
            case RateOnWhole(rate):
                fee = rate.scaled(EXACT.multiply(base, units.ratio))
                what = wording(
                    N_("超出表列范围，按全部基数的 %(rate)s 计"), rate=_rate_shown(rate, units)
                )
            case RateOnExcess(rate):
                excess = EXACT.multiply(EXACT.subtract(base, x), units.ratio)
                fee = self._fee(y, x, units).plus(rate.scaled(excess))
                what = wording(
                    N_("表端 %(x)s 的数额，加超出部分的 %(rate)s"),
                    x=plain(x) + units.base,
                    rate=_rate_shown(rate, units),
                )
            case FixedValue(value):
                fee = value
                what = wording(N_("超出表列范围，按表外规定的数额计"))
        if log is not None:
            log.note(what, base, units.base, fee, units.fee)
        return fee

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: an edge whose outside value differs from the table's."""
        for how, edge in ((self.below, 0), (self.above, -1)):
            x, y = self.points[edge]
            outside = self._beyond(how, edge, x, units, None)
            if isinstance(outside, Band) and outside != self._fee(y, x, units):
                yield x


Table = Linear | Stepped | Progressive | Interpolated


class BracketError(ValueError):
    """A bracket that cannot stand: its number (from 0), the key and the reason."""

    def __init__(self, number: int, key: str, reason: str) -> None:
        super().__init__(reason)
        self.number = number
        self.key = key


class PointError(ValueError):
    """A point that cannot stand: its number (from 0) and the reason."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number


def _check_edges(edges: list[Decimal | None]) -> None:
    """Edges rise strictly and the last bracket is open, so that no base falls into a gap."""
    if not edges:
        raise BracketError(0, "upto", "至少需要一档")
    over = ZERO
    for number, upto in enumerate(edges[:-1]):
        if upto is None:
            raise BracketError(number, "upto", "只有最后一档可以不设上限")
        if upto <= over:
            raise BracketError(number, "upto", "上限应大于前一档")
        over = upto
    if edges[-1] is not None:
        raise BracketError(
            len(edges) - 1, "upto", "最后一档应不设上限；以上协商时另写 negotiated = true 的一档"
        )


def _reach(over: Decimal | None, upto: Decimal | None, units: Units) -> str:
    """A bracket for a reader in any language: ``100–500万元``, ``>100000万元``."""
    if upto is None:
        return f">{plain(over or ZERO)}{units.base}"
    return f"{plain(over or ZERO)}–{plain(upto)}{units.base}"


def _between(x0: Decimal, y0: Decimal, x1: Decimal, y1: Decimal, base: Decimal) -> Decimal:
    """The straight line through two points; multiplied before it is divided, so that points
    and finite results come out exactly."""
    rise = EXACT.multiply(EXACT.subtract(base, x0), EXACT.subtract(y1, y0))
    return EXACT.add(y0, divide(rise, EXACT.subtract(x1, x0)))


def _rate_shown(rate: Band, units: Units) -> str:
    """``1.5%`` for a share of money, ``45元/点`` for a price per unit."""
    try:
        convert(ONE, units.base, units.fee)
    except ValueError:
        return f"{shown(rate)}{units.fee}/{units.base}"
    if rate.is_point:
        return percent(rate.low)
    return f"{percent(rate.low)}–{percent(rate.high)}"
