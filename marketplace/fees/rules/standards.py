"""A published fee standard as data: one document, its variants, its modifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from marketplace.fees.rules.bands import ZERO
from marketplace.fees.rules.bases import Base
from marketplace.fees.rules.modifiers import Coefficient, Floating, Modifier, Surcharge
from marketplace.fees.rules.tables import Table, Units

PriceForm = Literal["government_set", "government_guided", "market"]


@dataclass(frozen=True, slots=True)
class QuantityKind:
    """A number a standard asks for: its key, what it is called and what it is counted in."""

    key: str
    title: str
    unit: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Tabled:
    """The formula kinds linear, step, progressive and interpolate: a base and a table."""

    base: Base
    table: Table
    units: Units


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a sum."""

    title: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class Sum:
    """The formula kind sum: several lines, each on its own base, added.

    A line whose only quantities are optional and not given counts nothing.
    """

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """The formula kind ref: a share of the basic price under another standard."""

    standard: str
    variant: str
    factor: Decimal

    def __post_init__(self) -> None:
        if self.factor <= ZERO:
            raise ValueError("比例应大于 0")


Formula = Tabled | Sum | Ref


@dataclass(frozen=True, slots=True)
class Variant:
    """One table of a document, e.g. 工程招标 in 计价格[2002]1980号."""

    code: str
    title: str
    clause: str
    formula: Formula
    note: str = ""


@dataclass(frozen=True, slots=True)
class FeeStandard:
    """One published document with its figures, valid from ``effective_from`` to the day before
    ``effective_until`` (``None``: no end stated). ``price_form`` is the form the document gave
    the price when it was issued; whether it binds today is the policy's to say."""

    id: str
    title: str
    document: str
    issuer: str
    issued: date
    effective_from: date
    effective_until: date | None
    price_form: PriceForm
    fee_unit: str
    quantities: tuple[QuantityKind, ...]
    variants: tuple[Variant, ...]
    modifiers: tuple[Modifier, ...] = ()
    jumps: tuple[tuple[Decimal, str], ...] = ()
    notes: tuple[str, ...] = ()
    by_code: Mapping[str, Variant] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {v.code: v for v in self.variants})

    def in_force(self, day: date) -> bool:
        """Whether the document's own dates cover ``day``."""
        return self.effective_from <= day and (
            self.effective_until is None or day < self.effective_until
        )

    def quantities_of(self, variant: Variant) -> tuple[QuantityKind, ...]:
        """The numbers this variant asks for, in the document's order."""
        wanted = {key for formula in leaves(variant.formula) for key in formula.base.keys}
        return tuple(kind for kind in self.quantities if kind.key in wanted)

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """The coefficient tables, in the order they apply."""
        return tuple(m for m in self.modifiers if isinstance(m, Coefficient))

    @property
    def surcharges(self) -> tuple[Surcharge, ...]:
        """The surcharges, in the order they apply."""
        return tuple(m for m in self.modifiers if isinstance(m, Surcharge))

    @property
    def floating(self) -> Floating | None:
        """The float of the basic price, if the document has one."""
        return next((m for m in self.modifiers if isinstance(m, Floating)), None)


def leaves(formula: Formula) -> Iterator[Tabled]:
    """The tabled formulas inside ``formula`` (a ref's lie in another standard)."""
    match formula:
        case Tabled():
            yield formula
        case Sum(parts):
            for part in parts:
                yield from leaves(part.formula)
        case Ref():
            return


def refs(formula: Formula) -> Iterator[Ref]:
    """The refs inside ``formula``."""
    match formula:
        case Ref():
            yield formula
        case Sum(parts):
            for part in parts:
                yield from refs(part.formula)
        case Tabled():
            return
