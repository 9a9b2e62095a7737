"""The two tables without slopes between them: one rate or price, one amount per bracket."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from marketplace.fees.rules.bands import NOTHING, Band
from marketplace.fees.rules.steps import N_, StepLog, wording

from .outside import (
    BracketError,
    Negotiated,
    Priced,
    Units,
    check_edges,
    rate_shown,
    reach,
)


@dataclass(frozen=True, slots=True)
class Linear:
    """A constant and a rate (or a price per unit) on the base; a constant alone is a fixed fee."""

    rate: Band = NOTHING
    constant: Band = NOTHING

    def bind(self, units: Units) -> Priced:
        """The table ready to price in ``units``."""
        return _BoundLinear(self, units)

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        bound = self.bind(units)
        return bound.amount(base) if log is None else bound.told(base, log)

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: none."""
        return iter(())


class _BoundLinear:
    endless = False

    def __init__(self, table: Linear, units: Units) -> None:
        self.constant, self.units = table.constant, units
        self.rate = table.rate.scaled(units.ratio)
        if table.rate == NOTHING:
            self.what = wording(N_("每%(unit)s按定额计"), unit=units.base)
        else:
            self.what = wording(N_("按 %(rate)s 计算"), rate=rate_shown(table.rate, units))

    def amount(self, base: Decimal) -> Band | Negotiated:
        return self.constant.plus(self.rate.scaled(base))

    def told(self, base: Decimal, log: StepLog) -> Band | Negotiated:
        fee = self.constant.plus(self.rate.scaled(base))
        log.note(self.what, base, self.units.base, fee, self.units.fee)
        return fee


@dataclass(frozen=True, slots=True)
class StepBracket:
    """Up to ``upto`` (included; ``None``: everything above) the fee is ``amount``, or negotiated
    (``None``)."""

    upto: Decimal | None
    amount: Band | None


@dataclass(frozen=True, slots=True)
class Stepped:
    """One amount per bracket, not cumulative."""

    brackets: tuple[StepBracket, ...]

    def __post_init__(self) -> None:
        check_edges([b.upto for b in self.brackets])
        amounts = [bracket.amount for bracket in self.brackets if bracket.amount is not None]
        for number, (before, after) in enumerate(pairwise(amounts), start=1):
            if after.low < before.low or after.high < before.high:
                raise BracketError(number, "amount", "金额应不低于前一档")

    def bind(self, units: Units) -> Priced:
        """The table ready to price in ``units``."""
        return _BoundSteps(self, units)

    def charge(self, base: Decimal, units: Units, log: StepLog | None = None) -> Band | Negotiated:
        """The fee for ``base`` (in ``units.base``), in ``units.fee``."""
        bound = self.bind(units)
        return bound.amount(base) if log is None else bound.told(base, log)

    def jumps(self, units: Units) -> Iterator[Decimal]:
        """Bases at which the fee jumps: by nature at every edge, so none needs to be declared."""
        return iter(())


class _BoundSteps:
    endless = False

    def __init__(self, table: Stepped, units: Units) -> None:
        self.units = units
        self.edges = [b.upto for b in table.brackets if b.upto is not None]
        self.amounts = [bracket.amount for bracket in table.brackets]
        overs = [None, *self.edges]
        self.whats = [
            wording(
                N_("落在 %(reach)s 一档，按该档金额"),
                reach=reach(over, bracket.upto, units),
            )
            for over, bracket in zip(overs, table.brackets, strict=True)
        ]

    def amount(self, base: Decimal) -> Band | Negotiated:
        fee = self.amounts[bisect_left(self.edges, base)]
        return Negotiated() if fee is None else fee

    def told(self, base: Decimal, log: StepLog) -> Band | Negotiated:
        number = bisect_left(self.edges, base)
        fee = self.amounts[number]
        if fee is None:
            return Negotiated()
        log.note(self.whats[number], base, self.units.base, fee, self.units.fee)
        return fee
