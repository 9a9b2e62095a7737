"""差额定率累进: each slice of the base at its own rate, added up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from marketplace.fees.rules.bands import EXACT, NOTHING, ZERO, Band, point_of, span_of
from marketplace.fees.rules.steps import N_, Step, StepLog, Wording, shown, wording

from .outside import BracketError, Negotiated, Priced, Units, check_edges, rate_shown, reach


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
    it a rising rate is taken for a slip of the pen and refused. ``text`` says why an open last
    bracket is left to the parties.
    """

    brackets: tuple[Bracket, ...]
    rising: bool = False
    text: str = ""

    def __post_init__(self) -> None:
        check_edges([b.upto for b in self.brackets])
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

    def bind(self, units: Units) -> Priced:
        """The table ready to price in ``units``."""
        return _Bound(self, units)

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        bound = self.bind(units)
        return bound.amount(base) if log is None else bound.told(base, log)

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: the lower edge of a flat bracket that is not the first."""
        for before, bracket in pairwise(self.brackets):
            if bracket.flat is not None and before.upto is not None:
                yield before.upto


class _Bound:
    """The brackets with what the ones below each add up to, and the words for each slice."""

    endless = False

    def __init__(self, table: Progressive, units: Units) -> None:
        self.units = units
        self.edges = [b.upto for b in table.brackets if b.upto is not None]
        self.overs = [ZERO, *self.edges]
        self.outside = Negotiated(table.text) if table.brackets[-1].negotiated else None
        self.last = len(table.brackets) - 1
        self.flats = [bracket.flat or NOTHING for bracket in table.brackets]
        self.rates = [(b.rate or NOTHING).scaled(units.ratio) for b in table.brackets]
        self.below = [NOTHING]
        for number, (over, upto) in enumerate(pairwise(self.overs)):
            slice_ = self.flats[number].plus(self.rates[number].scaled(EXACT.subtract(upto, over)))
            self.below.append(self.below[-1].plus(slice_))
        self.is_point = all(band[0] is band[1] for band in (*self.below, *self.rates, *self.flats))
        # what stands before the slice: everything below it and its own flat amount
        self.starts = [b.plus(f) for b, f in zip(self.below, self.flats, strict=True)]
        self.whats = [
            _slice_words(b, over if n else None, units)
            for n, (b, over) in enumerate(zip(table.brackets, self.overs, strict=True))
        ]
        self._full: dict[tuple[str, str], tuple[Step, ...]] = {}

    def amount(self, base: Decimal) -> Band | Negotiated:
        number = bisect_left(self.edges, base)
        if number == self.last and self.outside is not None:
            return self.outside
        width = EXACT.subtract(base, self.overs[number])
        start, rate = self.starts[number], self.rates[number]
        low = EXACT.add(start[0], EXACT.multiply(width, rate[0]))
        if self.is_point:
            return point_of(low)
        return span_of(low, EXACT.add(start[1], EXACT.multiply(width, rate[1])))

    def told(self, base: Decimal, log: StepLog) -> Band | Negotiated:
        number = bisect_left(self.edges, base)
        if number == self.last and self.outside is not None:
            return self.outside
        units, document, clause = self.units, log.document, log.clause
        width = EXACT.subtract(base, self.overs[number])
        fee = self.flats[number].plus(self.rates[number].scaled(width))
        taken = point_of(width)
        step = Step(self.whats[number], taken, units.base, fee, units.fee, document, clause)
        if not number:
            log.steps.append(step)
            return fee
        full = self._full.get((document, clause)) or self._fill(document, clause)
        total = self.below[number].plus(fee)
        log.steps += full[:number]
        log.steps.append(step)
        log.steps.append(
            Step(_ADDED, point_of(base), units.base, total, units.fee, document, clause)
        )
        return total

    def _fill(self, document: str, clause: str) -> tuple[Step, ...]:
        """The steps of brackets that are used whole, which are the same for every base."""
        steps = []
        for number, (over, upto) in enumerate(pairwise(self.overs)):
            width = EXACT.subtract(upto, over)
            fee = self.flats[number].plus(self.rates[number].scaled(width))
            units, what = self.units, self.whats[number]
            steps.append(Step(what, point_of(width), units.base, fee, units.fee, document, clause))
        self._full[document, clause] = tuple(steps)
        return self._full[document, clause]


_ADDED = wording(N_("各档相加"))


def _slice_words(bracket: Bracket, over: Decimal | None, units: Units) -> Wording:
    span = reach(over, bracket.upto, units)
    if bracket.flat is not None:
        amount = shown(bracket.flat) + units.fee
        return wording(N_("%(reach)s的部分按 %(amount)s 计"), reach=span, amount=amount)
    rate = rate_shown(bracket.rate or NOTHING, units)
    return wording(N_("%(reach)s的部分按 %(rate)s 计"), reach=span, rate=rate)
