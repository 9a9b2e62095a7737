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
from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.contracts import queries as contracts
from marketplace.fees import queries as fees
from marketplace.finding.firms import Present, Search, Wanted
from marketplace.foundation import clock
from marketplace.foundation.db import Page, db, fetch
from marketplace.foundation.errors import Missing
from marketplace.foundation.listing import Sorting
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.hall import queries as hall
from marketplace.intermediaries.models import Firm, Offering
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions

PER_PAGE = 20


@dataclass(frozen=True)
class FirmRow:
    """A listed firm as a row: its grade, what it offers, how its contracts ran, at which window of
    the hall it sits. ``priced`` are the items with a fee standard."""

    firm: Row[Any]
    grade: Grade
    offerings: Sequence[Row[Any]]
    tally: contracts.Tally
    priced: frozenset[str]
    window: int | None = None  # of the hall; None: served online

    def only(self, item_code: str) -> FirmRow:
        """The same with what is promised for one item alone."""
        kept = [each for each in self.offerings if each.item_code == item_code]
        return replace(self, offerings=kept)

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
    def kept(self) -> Decimal | None:
        """The share of its completed contracts that ran on time, to a thousandth; None without."""
        done = self.tally.completed
        return (Decimal(self.tally.on_time) / done).quantize(Decimal("0.001")) if done else None

    @property
    def days(self) -> tuple[int, int] | None:
        """The fewest and the most days promised, as the items count them."""
        found = [each.promised_days for each in self.offerings]
        return (min(found), max(found)) if found else None


def present(register: str, now: datetime) -> Present:
    """What a search on a register depends on beside its entries, asked once for each request."""
    kept: dict[Any, Present] = g.setdefault("_search_present", {})
    if (register, now) not in kept:
        day, lineage = clock.local_day(now), tuple(accounts.lineage(register))
        kept[register, now] = Present(
            day=day,
            lineage=lineage,
            items=catalogue.labels(day, lineage),
            priced=fees.priced_items(register, day),
            barred=sanctions.barred_now(now),
            seated=frozenset(_windows(register, now)),
        )
    return kept[register, now]


def _windows(register: str, now: datetime) -> Mapping[int, int]:
    """The windows of a register's hall by the firm that sits there, asked once a request."""
    kept: dict[Any, Mapping[int, int]] = g.setdefault("_hall_windows", {})
    if (register, now) not in kept:
        kept[register, now] = hall.windows_on(register, now)
    return kept[register, now]


def search(wanted: Wanted, now: datetime) -> Search:
    """A look at the listed firms wanted, without those barred at this instant."""
    return Search(wanted, present(wanted.register, now))


def firms_page(looked: Search, sorting: Sorting, number: int) -> Page[Row[Any]]:
    """Listed firms: better grades first, then longer listed, or in the reader's order."""
    total = looked.found().bit_count()
    page = Page[Row[Any]]([], max(1, number), PER_PAGE, total)
    number = min(page.number, page.last)
    keys = looked.page(sorting.key, sorting.descending, (number - 1) * PER_PAGE, PER_PAGE)
    return Page(items=_loaded(keys), number=number, per_page=PER_PAGE, total=total)


_FIRMS = (
    select(
        Organisation.id,
        Organisation.public_id,
        Organisation.name,
        Organisation.jurisdiction_code,
        Firm.id.label("firm_id"),
        Firm.listed_at,
        Firm.paused,
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
        Offering.base_unit,
        Offering.base_from,
        Offering.base_to,
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


def suggested(looked: Search, count: int) -> list[Row[Any]]:
    """The first firms called by the words, not those that only offer what is called so."""
    return _loaded(looked.called(count))


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
    windows = _windows(register, clock.now()) if register else {}
    return [
        FirmRow(
            firm,
            firm.grade,
            offered[firm.firm_id],
            tallies[firm.id],
            priced,
            windows.get(firm.firm_id),
        )
        for firm in firms
    ]


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
    if not public_ids:
        return []
    query = intermediaries.listed(register, now).where(Organisation.public_id.in_(public_ids))
    keys = db.session.scalars(query.with_only_columns(Firm.id)).all()
    found = {each.public_id: each for each in _loaded(keys)}
    return [found[each] for each in public_ids if each in found]


def offering_count(register: str, item_code: str, now: datetime) -> int:
    """How many listed firms offer an item."""
    return search(Wanted(register, item_code=item_code), now).found().bit_count()


def listed_count(register: str, now: datetime) -> int:
    """How many firms a register lists now."""
    return search(Wanted(register), now).found().bit_count()


def warned(register: str, now: datetime, limit: int = 10) -> list[Row[Any]]:
    """Listed firms of grade C: the warning list."""
    looked = search(Wanted(register, grade=Grade.C.value), now)
    return _loaded(looked.page("name", False, 0, limit))
