"""What a table counts in, what it answers outside its range, how it says that it cannot stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from marketplace.fees.rules.bands import ONE, ZERO, Band, convert, percent, plain
from marketplace.fees.rules.steps import StepLog, shown


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


class Priced(Protocol):
    """A table bound to its units, with everything that does not depend on the base worked out
    once, so that a base costs one look-up. ``endless``: a fee may have no finite decimal form."""

    endless: bool

    def amount(self, base: Decimal) -> Band | Negotiated:
        """The fee for ``base`` (both in the table's units)."""

    def told(self, base: Decimal, log: StepLog) -> Band | Negotiated:
        """The same fee, each step noted in ``log``."""


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


def check_edges(edges: list[Decimal | None]) -> None:
    """Edges rise strictly and the last bracket is open, so that no base falls into a gap;
    raises BracketError."""
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


def reach(over: Decimal | None, upto: Decimal | None, units: Units) -> str:
    """A bracket for a reader in any language: ``100–500万元``, ``>100000万元``."""
    if upto is None:
        return f">{plain(over or ZERO)}{units.base}"
    return f"{plain(over or ZERO)}–{plain(upto)}{units.base}"


def rate_shown(rate: Band, units: Units) -> str:
    """``1.5%`` for a share of money, ``45元/点`` for a price per unit."""
    try:
        convert(ONE, units.base, units.fee)
    except ValueError:
        return f"{shown(rate)}{units.fee}/{units.base}"
    if rate.is_point:
        return percent(rate.low)
    return f"{percent(rate.low)}–{percent(rate.high)}"
