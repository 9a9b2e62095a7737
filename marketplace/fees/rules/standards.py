"""A published fee standard as data: one document, its variants, its modifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from marketplace.fees.rules.bands import ZERO
from marketplace.fees.rules.bases import Base, CappedShare, Chosen
from marketplace.fees.rules.modifiers import (
    Coefficient,
    Floating,
    Modifier,
    Surcharge,
    applies_to,
)
from marketplace.fees.rules.tables import Priced, Table, Units

PriceForm = Literal["government_set", "government_guided", "market"]
# service: the price of an intermediary service; public_fee: a levy or a public fee, no such price;
# association: a trade association's rates, only ever used to test the engine (competition law);
# cost_norm: a norm for budgets; practice: what award notices have charged without any document
Standing = Literal["service", "public_fee", "association", "cost_norm", "practice"]


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
    priced: Priced = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "priced", self.table.bind(self.units))


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a sum; ``names`` are what else its figure is called, see ``Variant``."""

    title: str
    formula: Formula
    names: tuple[str, ...] = ()


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
    """One table of a document, e.g. 工程招标 in 计价格[2002]1980号.

    ``fee_unit`` is what its figures are written in; ``names`` are what else the table is called
    where worked examples are exchanged, ``main`` marks the one meant there without a name.
    """

    code: str
    title: str
    clause: str
    formula: Formula
    fee_unit: str
    note: str = ""
    names: tuple[str, ...] = ()
    main: bool = False


@dataclass(frozen=True, slots=True)
class DerivedList:
    """What a list says of itself: every figure is a figure of another list times ``factor``,
    rounded half-up to ``digits`` decimals (``None``: not rounded)."""

    standard: str
    factor: Decimal
    digits: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What pricing a variant takes, worked out once: the numbers and coefficient tables it asks
    for, its modifiers per lot and per tender. The ``agreed`` lists are those where the factors
    of a case stand in place of the coefficient tables (``None`` marks the place).
    ``one_of``: where every number is optional, those of which one at least has to be given.
    ``endless``: a result may have no finite decimal form.
    """

    wanted: tuple[QuantityKind, ...]
    one_of: frozenset[str]
    coefficients: tuple[Coefficient, ...]
    lot: tuple[Modifier | None, ...]
    tender: tuple[Modifier | None, ...]
    agreed_lot: tuple[Modifier | None, ...]
    agreed_tender: tuple[Modifier | None, ...]
    units: Units
    endless: bool


@dataclass(frozen=True, slots=True)
class FeeStandard:
    """One published document with its figures, valid from ``effective_from`` to the day before
    ``effective_until`` (``None``: no end stated).

    ``price_form`` is the form the document gave the price when it was issued; whether it binds
    today is the policy's to say. ``standing``: what kind of figure it is (see ``Standing``).
    ``status`` says in words what became of the document, ``dates_note`` what is not known of its
    dates (then ``issued`` may be ``None`` and ``effective_from`` is the earliest day it can be).
    ``ceiling_only``: the document sets a highest price, no lowest. ``without_figures`` says why
    a document has no table.
    """

    id: str
    title: str
    document: str
    issuer: str
    issued: date | None
    effective_from: date
    effective_until: date | None
    price_form: PriceForm
    fee_unit: str
    quantities: tuple[QuantityKind, ...]
    variants: tuple[Variant, ...]
    modifiers: tuple[Modifier, ...] = ()
    jumps: tuple[tuple[Decimal, str], ...] = ()
    notes: tuple[str, ...] = ()
    standing: Standing = "service"
    status: str = ""
    dates_note: str = ""
    ceiling_only: bool = False
    without_figures: str = ""
    derived_from: DerivedList | None = None
    by_code: Mapping[str, Variant] = field(init=False, repr=False, compare=False)
    plans: Mapping[str, Plan] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {v.code: v for v in self.variants})
        object.__setattr__(self, "plans", {v.code: _plan(self, v) for v in self.variants})

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


def _plan(standard: FeeStandard, variant: Variant) -> Plan:
    used = [m for m in standard.modifiers if applies_to(m, variant.code)]
    lot: list[Modifier | None] = [m for m in used if m.per == "lot"]
    tender: list[Modifier | None] = [m for m in used if m.per == "tender"]
    agreed_lot, agreed_tender = _with_agreed(lot), _with_agreed(tender)
    if None in agreed_lot:
        agreed_tender = [m for m in agreed_tender if m is not None]
    elif None not in agreed_tender:
        agreed_tender = [*agreed_tender, None]
    wanted = standard.quantities_of(variant)
    return Plan(
        wanted=wanted,
        one_of=frozenset(k.key for k in wanted if all(each.optional for each in wanted)),
        coefficients=tuple(m for m in used if isinstance(m, Coefficient)),
        lot=tuple(lot),
        tender=tuple(tender),
        agreed_lot=tuple(agreed_lot),
        agreed_tender=tuple(agreed_tender),
        units=Units(variant.fee_unit, variant.fee_unit),
        endless=any(refs(variant.formula))
        or any(
            leaf.priced.endless or isinstance(leaf.base, Chosen | CappedShare)
            for leaf in leaves(variant.formula)
        ),
    )


def _with_agreed(modifiers: list[Modifier | None]) -> list[Modifier | None]:
    """The modifiers with a mark where their first coefficient table stood, without the others."""
    found: list[Modifier | None] = []
    for modifier in modifiers:
        if not isinstance(modifier, Coefficient):
            found.append(modifier)
        elif None not in found:
            found.append(None)
    return found


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
