"""What a standard does to the table's fee, in the order its edition lists it.

``per`` says whether for each lot or once for the whole tender, ``only`` for which variants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from marketplace.fees.rules.bands import (
    EXACT,
    ONE,
    ZERO,
    Band,
    RoundingMode,
    percent,
    plain,
    span_of,
)
from marketplace.fees.rules.steps import N_, StepLog, Wording, shown, wording
from marketplace.fees.rules.tables import Negotiated, Units

Per = Literal["lot", "tender"]
Only = tuple[str, ...]
Choices = Mapping[str, tuple[str, ...]]


class MissingInput(Exception):
    """A calculation needs an answer nobody has given: the key asked for and its title."""

    def __init__(self, key: str, title: str) -> None:
        super().__init__(key)
        self.key = key
        self.title = title


class UnknownInput(ValueError):
    """An answer that the standard does not know: the key and the value given."""

    def __init__(self, key: str, value: str) -> None:
        super().__init__(f"“{key}”没有“{value}”这一项")
        self.key = key
        self.value = value


@dataclass(frozen=True, slots=True)
class Option:
    """One row of a coefficient table; without a factor the document leaves it to the parties."""

    code: str
    title: str
    factor: Band | None


class Chosen(NamedTuple):
    """The chosen rows of a coefficient table as one factor and the words for it; without a factor
    the document leaves one of them to the parties."""

    factor: Band | None
    words: Wording


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A factor chosen from a table: one row, or several combined by product or as Σ − n + 1."""

    key: str
    title: str
    options: tuple[Option, ...]
    default: str | None = None
    combine: Literal["one", "product", "additional"] = "one"
    clause: str = ""
    per: Per = "lot"
    only: Only = ()
    by_code: dict[str, Option] = field(init=False, repr=False, compare=False)
    by_choice: dict[tuple[str, ...], Chosen] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_code = {option.code: option for option in self.options}
        if not self.options or len(by_code) != len(self.options):
            raise ValueError("系数表至少一行，代码不得重复")
        if self.default is not None and self.default not in by_code:
            raise ValueError(f"默认项“{self.default}”不在系数表中")
        object.__setattr__(self, "by_code", by_code)
        by_choice: dict[tuple[str, ...], Chosen] = {
            (code,): self._combined((option,)) for code, option in by_code.items()
        }
        if self.default is not None:
            by_choice[()] = by_choice[self.default,]
        object.__setattr__(self, "by_choice", by_choice)

    def chosen(self, choices: Choices) -> Chosen | None:
        """The rows chosen, or the default row, as one factor; None where several may be chosen
        and none was. Raises MissingInput or UnknownInput."""
        codes = choices.get(self.key) or ()
        known = self.by_choice.get(codes)
        if known is not None:
            return known
        if not codes:
            if self.combine == "one":
                raise MissingInput(self.key, self.title)
            return None
        if len(codes) > 1 and self.combine == "one":
            raise UnknownInput(self.key, "、".join(codes))
        for code in codes:
            if code not in self.by_code:
                raise UnknownInput(self.key, code)
        return self._combined(tuple(self.by_code[code] for code in codes))

    def _combined(self, rows: tuple[Option, ...]) -> Chosen:
        factor = Band.point(ONE)
        for row in rows:
            if row.factor is None:
                return Chosen(None, Wording(row.title))
            more = row.factor
            if self.combine == "additional":
                low = EXACT.add(factor.low, EXACT.subtract(more.low, ONE))
                high = EXACT.add(factor.high, EXACT.subtract(more.high, ONE))
                factor = Band.point(low) if more.is_point and factor.is_point else Band(low, high)
            else:
                factor = factor.times(more)
        words = wording(
            N_("%(title)s“%(option)s”× %(factor)s"),
            title=self.title,
            option="、".join(row.title for row in rows),
            factor=shown(factor),
        )
        return Chosen(factor, words)

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The fee times the factor of the chosen rows."""
        chosen = self.chosen(choices)
        if chosen is None:
            return fee
        if chosen.factor is None:
            return Negotiated(chosen.words.text)
        after = fee.times(chosen.factor)
        if log is not None:
            log.note(chosen.words, fee, units.fee, after, units.fee, self.clause)
        return after


@dataclass(frozen=True, slots=True)
class Surcharge:
    """A share of the fee added for each unit of a count, e.g. +50 % for every further subject."""

    key: str
    title: str
    rate: Band
    clause: str = ""
    per: Per = "lot"
    only: Only = ()

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The fee and its share, times the count given under ``key`` (none: no surcharge)."""
        given = choices.get(self.key)
        if not given:
            return fee
        if len(given) != 1 or not given[0].isdecimal() or len(given[0]) > 3:
            raise UnknownInput(self.key, "、".join(given))
        count = Decimal(int(given[0]))
        after = fee.plus(fee.times(self.rate.scaled(count)))
        if log is not None:
            what = wording(
                N_("%(title)s：每项加收 %(rate)s，共 %(count)s 项"),
                title=self.title,
                rate=percent(self.rate.high),
                count=plain(count),
            )
            log.note(what, fee, units.fee, after, units.fee, self.clause)
        return after


@dataclass(frozen=True, slots=True)
class Floating:
    """政府指导价's room: the parties may agree between −down and +up of the basic price."""

    down: Decimal
    up: Decimal
    clause: str = ""
    per: Per = "lot"
    only: Only = ()

    lowest: Decimal = field(init=False, repr=False, compare=False)
    highest: Decimal = field(init=False, repr=False, compare=False)
    words: Wording = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (ZERO <= self.down < ONE and self.up >= ZERO):
            raise ValueError("下浮幅度应在 0 与 1 之间，上浮幅度不得为负")
        object.__setattr__(self, "lowest", EXACT.subtract(ONE, self.down))
        object.__setattr__(self, "highest", EXACT.add(ONE, self.up))
        words = wording(
            N_("可在基准价下浮 %(down)s 至上浮 %(up)s 之间协商"),
            down=percent(self.down),
            up=percent(self.up),
        )
        object.__setattr__(self, "words", words)

    def room(self, basic: Band) -> Band:
        """From the lowest to the highest price around a basic price."""
        low, high = basic
        return span_of(EXACT.multiply(low, self.lowest), EXACT.multiply(high, self.highest))

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The band from the lowest to the highest price the parties may agree."""
        after = self.room(fee)
        if log is not None:
            log.note(self.words, fee, units.fee, after, units.fee, self.clause)
        return after


@dataclass(frozen=True, slots=True)
class Floor:
    """A least fee per lot or per tender, in the fee's unit."""

    amount: Decimal
    clause: str = ""
    per: Per = "lot"
    only: Only = ()

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The fee, not less than the floor."""
        after = fee.at_least(self.amount)
        if log is not None and after != fee:
            what = wording(N_("不足 %(amount)s 的按此计"), amount=plain(self.amount) + units.fee)
            log.note(what, fee, units.fee, after, units.fee, self.clause)
        return after


@dataclass(frozen=True, slots=True)
class Cap:
    """A largest fee per lot or per tender, in the fee's unit."""

    amount: Decimal
    clause: str = ""
    per: Per = "lot"
    only: Only = ()

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The fee, not more than the cap."""
        after = fee.at_most(self.amount)
        if log is not None and after != fee:
            what = wording(N_("最高不超过 %(amount)s"), amount=plain(self.amount) + units.fee)
            log.note(what, fee, units.fee, after, units.fee, self.clause)
        return after


@dataclass(frozen=True, slots=True)
class Rounding:
    """The document's own rounding, to a multiple of ``unit`` in the fee's unit."""

    unit: Decimal
    mode: RoundingMode = "half_up"
    clause: str = ""
    per: Per = "lot"
    only: Only = ()

    def __post_init__(self) -> None:
        if self.unit <= ZERO:
            raise ValueError("取整单位应大于 0")

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The rounded fee."""
        after = fee.rounded(self.unit, self.mode)
        if log is not None and after != fee:
            what = wording(N_("按文件取整到 %(unit)s"), unit=plain(self.unit) + units.fee)
            log.note(what, fee, units.fee, after, units.fee, self.clause)
        return after


Modifier = Coefficient | Surcharge | Floating | Floor | Cap | Rounding


def applies_to(modifier: Modifier, variant: str) -> bool:
    """Whether the document has this modifier for a variant (``only`` empty: for all of them)."""
    return not modifier.only or variant in modifier.only
