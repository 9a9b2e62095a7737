"""What a standard does to the table's fee, in the order its edition lists it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from marketplace.fees.rules.bands import (
    EXACT,
    ONE,
    ZERO,
    Band,
    RoundingMode,
    percent,
    plain,
)
from marketplace.fees.rules.steps import N_, StepLog, shown, wording
from marketplace.fees.rules.tables import Negotiated, Units

Per = Literal["lot", "tender"]
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
    by_code: dict[str, Option] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_code = {option.code: option for option in self.options}
        if not self.options or len(by_code) != len(self.options):
            raise ValueError("系数表至少一行，代码不得重复")
        if self.default is not None and self.default not in by_code:
            raise ValueError(f"默认项“{self.default}”不在系数表中")
        object.__setattr__(self, "by_code", by_code)

    def chosen(self, choices: Choices) -> tuple[Option, ...]:
        """The rows chosen, or the default row; raises MissingInput or UnknownInput."""
        codes = choices.get(self.key) or ((self.default,) if self.default is not None else ())
        if not codes and self.combine == "one":
            raise MissingInput(self.key, self.title)
        if len(codes) > 1 and self.combine == "one":
            raise UnknownInput(self.key, "、".join(codes))
        for code in codes:
            if code not in self.by_code:
                raise UnknownInput(self.key, code)
        return tuple(self.by_code[code] for code in codes)

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The fee times the factor of the chosen rows."""
        rows = self.chosen(choices)
        if not rows:
            return fee
        factor = Band.point(ONE)
        for row in rows:
            if row.factor is None:
                return Negotiated(row.title)
            if self.combine == "additional":
                more = row.factor
                factor = Band(
                    EXACT.add(factor.low, EXACT.subtract(more.low, ONE)),
                    EXACT.add(factor.high, EXACT.subtract(more.high, ONE)),
                )
            else:
                factor = factor.times(row.factor)
        after = fee.times(factor)
        if log is not None:
            what = wording(
                N_("%(title)s“%(option)s”× %(factor)s"),
                title=self.title,
                option="、".join(row.title for row in rows),
                factor=shown(factor),
            )
            log.note(what, fee, units.fee, after, units.fee, self.clause)
        return after


@dataclass(frozen=True, slots=True)
class Surcharge:
    """A share of the fee added for each unit of a count, e.g. +50 % for every further subject."""

    key: str
    title: str
    rate: Band
    clause: str = ""
    per: Per = "lot"

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

    def __post_init__(self) -> None:
        if not (ZERO <= self.down < ONE and self.up >= ZERO):
            raise ValueError("下浮幅度应在 0 与 1 之间，上浮幅度不得为负")

    def room(self, basic: Band) -> Band:
        """From the lowest to the highest price around a basic price."""
        return Band(
            EXACT.multiply(basic.low, EXACT.subtract(ONE, self.down)),
            EXACT.multiply(basic.high, EXACT.add(ONE, self.up)),
        )

    def apply(
        self, fee: Band, choices: Choices, units: Units, log: StepLog | None = None
    ) -> Band | Negotiated:
        """The band from the lowest to the highest price the parties may agree."""
        after = self.room(fee)
        if log is not None:
            what = wording(
                N_("可在基准价下浮 %(down)s 至上浮 %(up)s 之间协商"),
                down=percent(self.down),
                up=percent(self.up),
            )
            log.note(what, fee, units.fee, after, units.fee, self.clause)
        return after


@dataclass(frozen=True, slots=True)
class Floor:
    """A least fee per lot or per tender, in the fee's unit."""

    amount: Decimal
    clause: str = ""
    per: Per = "lot"

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
