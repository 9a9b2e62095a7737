"""The firms the public may see, and what it may know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import g
from sqlalchemy import Row, and_, bindparam, func, select

from marketplace.accounts import areas
from marketplace.accounts.models import Organisation
from marketplace.contracts import queries as contracts
from marketplace.fees import queries as fees
from marketplace.foundation import clock
from marketplace.foundation.db import Page, db, fetch
from marketplace.foundation.errors import Missing
from marketplace.foundation.listing import Sorting
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm, Offering
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade

from . import roll
from .roll import SHOWN

PER_PAGE = 20


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for. ``words`` are part of the name or the whole credit code, ``home``
    is the area the firm comes from; empty means any."""

    register: str
    words: str = ""
    item_code: str = ""
    grade: Grade | None = None
    home: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for at all."""
        return bool(self.words or self.item_code or self.grade or self.home)


@dataclass(frozen=True)
class FirmRow:
    """A listed firm as a row: its grade, what it offers, how its contracts ran. ``priced`` are
    the items with a fee standard."""

    firm: Row[Any]
    grade: Grade
    offerings: Sequence[Row[Any]]
    tally: contracts.Tally
    priced: frozenset[str]

    @property
    def shares(self) -> tuple[Decimal, Decimal] | None:
        """The lowest and the highest price promised, as shares of the standard (0.9: a tenth
        less); None where nothing is offered by discount on an item that has a standard."""
        found = [
            1 - each.discount
            for each in self.offerings
            if each.amount is None and each.item_code in self.priced
        ]
        return (min(found), max(found)) if found else None

    @property
    def days(self) -> tuple[int, int] | None:
        """The fewest and the most days promised, as the items count them."""
        found = [each.promised_days for each in self.offerings]
        return (min(found), max(found)) if found else None


@dataclass(frozen=True)
class Facet:
    """One way to narrow a list further, and how many firms it would leave."""

    value: str
    count: int
    chosen: bool


def firms_page(wanted: Wanted, sorting: Sorting, number: int, now: datetime) -> Page[Row[Any]]:
    """Listed firms: better grades first, then longer listed, or in the reader's order."""
    listed = roll.of(wanted.register)
    found = _found(listed, wanted, now)
    page = Page[Row[Any]]([], max(1, number), PER_PAGE, found.bit_count())
    number = min(page.number, page.last)
    first = (number - 1) * PER_PAGE
    keys = listed.page(found, sorting.key, sorting.descending, first, PER_PAGE)
    return Page(items=_loaded(keys), number=number, per_page=PER_PAGE, total=page.total)


_FIRMS = (
    select(
        Organisation.id,
        Organisation.public_id,
        Organisation.name,
        Organisation.jurisdiction_code,
        Firm.id.label("firm_id"),
        Firm.listed_at,
        func.coalesce(RatingSubject.grade, Grade.UNGRADED).label("grade"),
    )
    .join(Firm, Firm.organisation_id == Organisation.id)
    .outerjoin(
        RatingSubject,
        and_(
            RatingSubject.organisation_id == Firm.organisation_id,
            RatingSubject.register == Firm.register_code,
            RatingSubject.capacity == Capacity.INTERMEDIARY,
        ),
    )
    .where(Firm.id.in_(bindparam("firm_ids", expanding=True)))
)
_OFFERS = (
    select(
        Offering.firm_id,
        Offering.item_code,
        Offering.discount,
        Offering.amount,
        Offering.promised_days,
    )
    .where(Offering.firm_id.in_(bindparam("firm_ids", expanding=True)), Offering.ended_at.is_(None))
    .order_by(Offering.item_code, Offering.id)
)


def _loaded(keys: Sequence[int]) -> list[Row[Any]]:
    """What lists show of firms and their organisations, in the order of the firms' keys; with
    the grade as last settled."""
    found = {each.firm_id: each for each in fetch(_FIRMS, firm_ids=list(keys))} if keys else {}
    return [found[key] for key in keys if key in found]


def rows_of(firms: Sequence[Row[Any]], item_code: str = "") -> list[FirmRow]:
    """What the list says of each firm, in two queries however many there are. With an item only
    what is offered for it."""
    if not firms:
        return []
    tallies = contracts.tallies_of([firm.id for firm in firms])
    offered: dict[int, list[Row[Any]]] = {firm.firm_id: [] for firm in firms}
    for each in fetch(_OFFERS, firm_ids=list(offered)):
        if not item_code or each.item_code == item_code:
            offered[each.firm_id].append(each)
    register = areas.chosen().register
    priced = fees.priced_items(register, clock.today()) if register else frozenset()
    return [
        FirmRow(firm, firm.grade, offered[firm.firm_id], tallies[firm.id], priced) for firm in firms
    ]


def facets(wanted: Wanted, now: datetime) -> dict[str, list[Facet]]:
    """How many firms each further choice would leave: by item, by grade, by home."""
    listed = roll.of(wanted.register)
    order = [each.value for each in SHOWN]
    grade = wanted.grade.value if wanted.grade else ""
    return {
        "item": _counted(
            listed.items, _found(listed, replace(wanted, item_code=""), now), wanted.item_code, str
        ),
        "grade": _counted(
            listed.grades, _found(listed, replace(wanted, grade=None), now), grade, order.index
        ),
        "home": _counted(
            listed.homes, _found(listed, replace(wanted, home=""), now), wanted.home, str
        ),
    }


def _counted(groups: Mapping[str, int], found: int, chosen: str, place: Any) -> list[Facet]:
    counts = {value: (group & found).bit_count() for value, group in groups.items()}
    return [
        Facet(value, counts[value], value == chosen)
        for value in sorted(counts, key=place)
        if counts[value]
    ]


def _found(listed: roll.Roll, wanted: Wanted, now: datetime) -> int:
    """The set of firms wanted, without those barred at this instant."""
    found = listed.everybody & ~_barred(listed, now)
    if wanted.words:
        found &= listed.named(wanted.words)
    if wanted.item_code:
        found &= listed.items.get(wanted.item_code, 0)
    if wanted.grade is not None:
        found &= listed.grades.get(wanted.grade.value, 0)
    if wanted.home:
        found &= listed.homes.get(wanted.home, 0)
    return found


def _barred(listed: roll.Roll, now: datetime) -> int:
    """Asked once for each look at the roll."""
    kept: dict[Any, int] = g.setdefault("_barred_firms", {})
    key = (id(listed), now)
    if key not in kept:
        kept[key] = roll.barred(listed, now)
    return kept[key]


def listed_firm(organisation_public_id: str, registers: Sequence[str], now: datetime) -> Row[Any]:
    """A firm the public may see now on the first of these registers that lists it; raises
    Missing for all others, barred ones included."""
    for register in registers:
        found = intermediaries.listed_firm(organisation_public_id, register, now)
        if found is not None:
            return found
    raise Missing(f"firm {organisation_public_id}")


def shown(organisation_ids: Sequence[int], now: datetime) -> set[int]:
    """Which of these organisations some register lists now."""
    found: set[int] = set()
    for area in areas.served():
        if area.is_register and organisation_ids:
            query = intermediaries.listed(area.code, now).with_only_columns(Firm.organisation_id)
            query = query.where(Firm.organisation_id.in_(organisation_ids))
            found.update(db.session.scalars(query))
    return found


def compared(public_ids: Sequence[str], register: str, now: datetime) -> list[Row[Any]]:
    """Listed firms by the public ids of their organisations, in the order asked for."""
    query = intermediaries.listed(register, now).where(Organisation.public_id.in_(public_ids))
    keys = db.session.scalars(query.with_only_columns(Firm.id)).all()
    found = {each.public_id: each for each in _loaded(keys)}
    return [found[each] for each in public_ids if each in found]


def offering_count(register: str, item_code: str, now: datetime) -> int:
    """How many listed firms offer an item."""
    return _found(roll.of(register), Wanted(register, item_code=item_code), now).bit_count()


def listed_count(register: str, now: datetime) -> int:
    """How many firms a register lists now."""
    return _found(roll.of(register), Wanted(register), now).bit_count()


def warned(register: str, now: datetime, limit: int = 10) -> list[Row[Any]]:
    """Listed firms of grade C: the warning list."""
    listed = roll.of(register)
    found = _found(listed, Wanted(register, grade=Grade.C), now)
    return _loaded(listed.page(found, "name", False, 0, limit))
