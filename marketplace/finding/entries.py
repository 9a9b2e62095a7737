"""What an entry says, made of the rows it is about as they stand in this transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, func, or_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import CatalogueEdition, ServiceItem
from marketplace.catalogue.rules.items import Requirement, qualified
from marketplace.foundation import clock
from marketplace.foundation.db import fetch
from marketplace.intermediaries.models import Firm, FirmStatus, Offering
from marketplace.intermediaries.queries import qualifications_of
from marketplace.notices.models import NoticeStatus, PublicNotice
from marketplace.projects import queries as projects
from marketplace.projects.models import Need
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade

from .models import Kind
from .rules import fold, reading

_WANTED: Any = bindparam("keys", expanding=True)
# without an end: after every day there is
NO_END = 10_000_000


@dataclass(frozen=True)
class Entry:
    """One entry, to be stored or compared with the stored one."""

    kind: Kind
    object_id: int
    place: str
    names: str
    readings: str
    code: str | None
    facts: dict[str, Any]


def _entry(
    kind: Kind, key: int, place: str, names: Sequence[str], code: str | None, facts: dict[str, Any]
) -> Entry:
    folded = list(dict.fromkeys(filter(None, map(fold, names))))
    return Entry(
        kind=kind,
        object_id=key,
        place=place,
        names="\n".join(folded),
        readings="\n".join(map(reading, folded)),
        code=fold(code) if code else None,
        facts=facts,
    )


def seconds(at: datetime) -> int:
    """An instant as whole seconds, rounded down, to order and compare by."""
    return int(at.timestamp())


_FIRMS = (
    select(
        Firm.id,
        Firm.organisation_id,
        Firm.register_code,
        Firm.listed_at,
        Firm.paused,
        Organisation.name,
        Organisation.credit_code,
        Organisation.jurisdiction_code,
        func.coalesce(RatingSubject.grade, Grade.UNGRADED).label("grade"),
    )
    .join(Organisation, Organisation.id == Firm.organisation_id)
    .outerjoin(
        RatingSubject,
        and_(
            RatingSubject.organisation_id == Firm.organisation_id,
            RatingSubject.register == Firm.register_code,
            RatingSubject.capacity == Capacity.INTERMEDIARY,
        ),
    )
    .where(Firm.id.in_(_WANTED), Firm.status == FirmStatus.LISTED)
)
_OFFERS = (
    select(
        Offering.firm_id,
        Offering.item_code,
        Offering.discount,
        Offering.amount,
        Offering.promised_days,
        Offering.paused,
        Offering.areas,
    )
    .where(Offering.firm_id.in_(_WANTED), Offering.ended_at.is_(None))
    .order_by(Offering.item_code, Offering.id)
)


def firms(keys: Sequence[int]) -> list[Entry]:
    """Entries of the listed among these registrations; a firm in D is on no list.

    Facts: ``organisation``, ``home``, ``grade``, ``listed`` (seconds), ``paused``, and of each
    offer ``[item, discount in hundredths of a percent or None for a fixed price, promised days,
    paused, last day its certificates suffice as an ordinal]``; ``served``: by item the areas an offer
    is limited to, where it is.
    """
    found = [row for row in fetch(_FIRMS, keys=list(keys)) if row.grade is not Grade.D]
    offers: dict[int, list[Row[Any]]] = {row.id: [] for row in found}
    for row in fetch(_OFFERS, keys=list(keys)):
        if row.firm_id in offers:
            offers[row.firm_id].append(row)
    certificates = qualifications_of([row.id for row in found])
    codes: dict[str, set[str]] = {row.register_code: set() for row in found}
    for row in found:
        codes[row.register_code].update(offer.item_code for offer in offers[row.id])
    required = {register: _required(register, offered) for register, offered in codes.items()}
    return [
        _entry(
            Kind.FIRM,
            row.id,
            row.register_code,
            [row.name],
            row.credit_code,
            {
                "organisation": row.organisation_id,
                "home": row.jurisdiction_code,
                "grade": row.grade.value,
                "listed": seconds(row.listed_at),
                "paused": bool(row.paused),
                "offers": [
                    [
                        offer.item_code,
                        None if offer.amount is not None else int(offer.discount * 10_000),
                        offer.promised_days,
                        bool(offer.paused),
                        _until(
                            required[row.register_code].get(offer.item_code),
                            certificates.get(row.id, ()),
                        ),
                    ]
                    for offer in offers[row.id]
                ],
                **_served(offers[row.id]),
            },
        )
        for row in found
    ]


def _served(offers: Sequence[Row[Any]]) -> dict[str, Any]:
    limited = {offer.item_code: sorted(offer.areas) for offer in offers if offer.areas}
    return {"served": limited} if limited else {}


_REQUIRED = select(
    ServiceItem.code, ServiceItem.qualifications, ServiceItem.qualification_rule
).where(
    ServiceItem.edition_id == bindparam("edition_id"),
    ServiceItem.code.in_(bindparam("codes", expanding=True)),
    or_(ServiceItem.effective_until.is_(None), ServiceItem.effective_until > bindparam("day")),
)
_Requirements = tuple[tuple[Requirement, ...], bool]


def _required(register: str, codes: set[str]) -> Mapping[str, _Requirements]:
    """What those of these items that are in force on a register today require, by item."""
    day = clock.today()
    edition = catalogue.edition_in_force(day, accounts.lineage(register))
    if edition is None or not codes:
        return {}
    rows = fetch(_REQUIRED, edition_id=edition.id, day=day, codes=sorted(codes))
    return {
        row.code: (
            tuple(
                Requirement(
                    type=each["type"],
                    minimum_grade=each["minimum_grade"],
                    grades=tuple(each["grades"]),
                )
                for each in row.qualifications
            ),
            row.qualification_rule == "any",
        )
        for row in rows
    }


def _until(required: _Requirements | None, held: Sequence[Row[Any]]) -> int:
    """The last day on which certificates held are enough, as an ordinal; 0 where they never are,
    ``NO_END`` where no day ends it."""
    if required is None or not required[0]:
        return NO_END
    wanted, any_of = required
    ends = sorted({each.valid_until or date.max for each in held}, reverse=True)
    for end in ends:
        then = [
            (each.type, each.grade or "")
            for each in held
            if each.valid_until is None or each.valid_until >= end
        ]
        if qualified(wanted, any_of, then):
            return NO_END if end == date.max else end.toordinal()
    return 0


_ITEMS = (
    select(
        ServiceItem.id,
        ServiceItem.code,
        ServiceItem.name,
        ServiceItem.category,
        CatalogueEdition.jurisdiction_code,
        CatalogueEdition.synonyms,
    )
    .join(CatalogueEdition, CatalogueEdition.id == ServiceItem.edition_id)
    .where(ServiceItem.id.in_(_WANTED))
)


def items(keys: Sequence[int]) -> list[Entry]:
    """Entries of items of whatever edition, with what else their edition calls them."""
    return [
        _entry(
            Kind.ITEM,
            row.id,
            row.jurisdiction_code,
            [row.name, *(row.synonyms or {}).get(row.code, ())],
            row.code,
            {},
        )
        for row in fetch(_ITEMS, keys=list(keys))
    ]


_NEEDS = select(
    Need.id,
    Need.title,
    Need.number,
    Need.item_code,
    Need.item_name,
    Need.items_count,
    Need.jurisdiction_code,
    Need.published_at,
).where(Need.id.in_(_WANTED), Need.published_at.is_not(None))


def needs(keys: Sequence[int]) -> list[Entry]:
    """Entries of published needs: title, number, items; never who asks."""
    rows = fetch(_NEEDS, keys=list(keys))
    further = projects.further_items([row.id for row in rows if row.items_count > 1])
    return [
        _entry(
            Kind.NEED,
            row.id,
            row.jurisdiction_code,
            [row.title, row.item_name, *(name for _code, name in further.get(row.id, ()))],
            row.number,
            {"at": seconds(row.published_at), "item": row.item_code},
        )
        for row in rows
    ]


_NOTICES = select(
    PublicNotice.id,
    PublicNotice.title,
    PublicNotice.jurisdiction_code,
    PublicNotice.status,
    PublicNotice.lasting,
    PublicNotice.published_at,
    PublicNotice.ends_at,
).where(PublicNotice.id.in_(_WANTED))


def notices(keys: Sequence[int]) -> list[Entry]:
    """Entries of the notices the public may read now or until their end (``until``)."""
    return [
        _entry(
            Kind.NOTICE,
            row.id,
            row.jurisdiction_code,
            [row.title],
            None,
            {
                "at": seconds(row.published_at),
                "until": None if row.lasting else row.ends_at.timestamp(),
            },
        )
        for row in fetch(_NOTICES, keys=list(keys))
        if row.lasting or row.status is NoticeStatus.OPEN
    ]


MAKE: Mapping[Kind, Callable[[Sequence[int]], list[Entry]]] = {
    Kind.FIRM: firms,
    Kind.ITEM: items,
    Kind.NEED: needs,
    Kind.NOTICE: notices,
}
# the tables whose rows entries are about
OF: Mapping[Kind, Any] = {
    Kind.FIRM: Firm.id,
    Kind.ITEM: ServiceItem.id,
    Kind.NEED: Need.id,
    Kind.NOTICE: PublicNotice.id,
}
