"""Registrations: the one of an organisation, those the public may see, an application's way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, not_, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation import policy
from marketplace.foundation.db import db, fetch
from marketplace.foundation.policy import Edition
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions

from ..likeness.features import person_digest, practitioner_digest
from ..models import (
    Firm,
    FirmStatus,
    Practitioner,
    Shareholder,
)
from ..rules import AdmissionPolicy


def admission_policy(register: str, day: date) -> Edition[AdmissionPolicy]:
    """The admission edition in force for a register on a day."""
    return policy.in_force(AdmissionPolicy, accounts.lineage(register), day)


def firm_of(organisation_id: int, register: str) -> Firm | None:
    """The registration of an organisation on a register, in whatever status."""
    return db.session.scalar(
        select(Firm).where(Firm.organisation_id == organisation_id, Firm.register_code == register)
    )


_FIRMS_OF = (
    select(
        Firm.id,
        Firm.organisation_id,
        Firm.status,
        Firm.listed_at,
        Firm.paused,
        Firm.capacity,
        Organisation.credit_code,
    )
    .join(Organisation, Organisation.id == Firm.organisation_id)
    .where(
        Firm.organisation_id.in_(bindparam("organisation_ids", expanding=True)),
        Firm.register_code == bindparam("register"),
    )
)


def firms_of(organisation_ids: Sequence[int], register: str) -> dict[int, Row[Any]]:
    """What bears on taking on work of the registrations of many organisations on a register, by
    organisation."""
    rows = fetch(_FIRMS_OF, organisation_ids=list(organisation_ids), register=register)
    return {row.organisation_id: row for row in rows}


def firm_by_public_id(public_id: str) -> Firm | None:
    """By the random id used in addresses."""
    return db.session.scalar(select(Firm).where(Firm.public_id == public_id))


def listed(register: str, now: datetime) -> Select[Firm]:
    """Firms the public may see on a register at this instant, without an order.

    Barred firms and firms with a D in force are left out by the query itself, so that they are
    gone the same second. ``Organisation`` is joined, for conditions on its columns.
    """
    in_d = select(RatingSubject.organisation_id).where(
        RatingSubject.register == register,
        RatingSubject.capacity == Capacity.INTERMEDIARY,
        RatingSubject.grade == Grade.D,
    )
    return (
        select(Firm)
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .where(
            Firm.register_code == register,
            Firm.status == FirmStatus.LISTED,
            Firm.organisation_id.not_in(
                sanctions.barred_organisation_ids(now, jurisdiction_code=register)
            ),
            Firm.organisation_id.not_in(in_d),
        )
    )


_IS_BLACKLISTED, _HAS_CARD = sanctions.standing(Organisation.id, bindparam("now"))


_LISTED_FIRM = (
    select(
        Organisation.id,
        Organisation.public_id,
        Organisation.name,
        Organisation.kind,
        Organisation.credit_code,
        Organisation.jurisdiction_code,
        Organisation.legal_representative,
        Organisation.address,
        Organisation.phone,
        Organisation.is_demo,
        Firm.id.label("firm_id"),
        Firm.register_code,
        Firm.listed_at,
        Firm.paused,
        Firm.introduction,
        _IS_BLACKLISTED.label("is_blacklisted"),
        _HAS_CARD.label("has_card"),
    )
    .join(Firm, Firm.organisation_id == Organisation.id)
    .where(
        Organisation.public_id == bindparam("public_id"),
        Firm.register_code == bindparam("register"),
        Firm.status == FirmStatus.LISTED,
        not_(
            sanctions.barring(Organisation.id, bindparam("now"), bindparam("codes", expanding=True))
        ),
        not_(
            exists().where(
                RatingSubject.organisation_id == Organisation.id,
                RatingSubject.register == bindparam("register"),
                RatingSubject.capacity == Capacity.INTERMEDIARY,
                RatingSubject.grade == Grade.D,
            )
        ),
    )
)


def listed_firm(organisation_public_id: str, register: str, now: datetime) -> Row[Any] | None:
    """A firm the public may see on a register at this instant, by its organisation's public id:
    what its page shows of organisation and registration (``firm_id``), as one row."""
    found = fetch(
        _LISTED_FIRM,
        public_id=organisation_public_id,
        register=register,
        now=now,
        codes=list(accounts.lineage(register)),
    )
    return found[0] if found else None


def practitioners(firm_id: int) -> list[Practitioner]:
    """The professionals registered with a firm now, by name."""
    return list(
        db.session.scalars(
            select(Practitioner)
            .where(Practitioner.firm_id == firm_id, Practitioner.ended_at.is_(None))
            .order_by(Practitioner.name, Practitioner.id)
        )
    )


def controller(firm_id: int) -> Shareholder | None:
    """The shareholder with more than half, if one is registered."""
    return db.session.scalar(
        select(Shareholder).where(Shareholder.firm_id == firm_id, Shareholder.ended_at.is_(None))
    )


@dataclass(frozen=True)
class RelationKeys:
    """Digests that tell whether two firms are related; equal digest, same person or body."""

    organisation: str | None
    legal_representative: str | None
    shareholders: frozenset[str]
    practitioners: frozenset[str]


def relation_keys(firm_id: int) -> RelationKeys:
    """Legal representative, holder of more than half, professionals: as digests, never names."""
    firm = db.session.get_one(Firm, firm_id)
    holder = controller(firm_id)
    code = firm.organisation.credit_code
    return RelationKeys(
        organisation=person_digest(code) if code else None,
        legal_representative=firm.legal_digest,
        shareholders=frozenset({holder.identity_digest} if holder else ()),
        practitioners=frozenset(
            practitioner_digest(each.number) for each in practitioners(firm_id)
        ),
    )
