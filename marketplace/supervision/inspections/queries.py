"""Reads about inspections of contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.queries import lineage, register_of
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation import calendar, clock, policy
from marketplace.foundation.db import as_written, db
from marketplace.foundation.policy import Edition
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions.rules import SanctionsPolicy

from .models import ContractInspection, InspectionStatus

LIVE = (ContractStatus.ACTIVE, ContractStatus.DELIVERED)
_SHOWN_WITH = (
    joinedload(ContractInspection.organisation),
    joinedload(ContractInspection.contract).joinedload(Contract.need),
)


@dataclass(frozen=True)
class Supervised:
    """A running contract whose firm stands under key supervision, and by which edition."""

    contract_id: int
    signed_at: datetime
    organisation_id: int
    jurisdiction_code: str
    grade: Grade
    since: date
    edition: Edition[SanctionsPolicy]

    @property
    def since_instant(self) -> datetime:
        """From when on an inspection is due: the contract runs and the grade is in force."""
        return max(self.signed_at, calendar.moment(self.since, time()))


def uninspected(now: datetime, contract_id: int | None = None) -> list[Supervised]:
    """Running contracts of firms under key supervision that no inspection was opened for.

    A firm stands under it where the grade in force on the register of the contract's area is one
    the sanctions edition of that area names.
    """
    query = (
        select(
            Contract.id,
            Contract.signed_at,
            Contract.firm_id,
            Contract.jurisdiction_code,
            RatingSubject.register,
        )
        .join(RatingSubject, RatingSubject.organisation_id == Contract.firm_id)
        .outerjoin(ContractInspection, ContractInspection.contract_id == Contract.id)
        .where(
            Contract.status.in_(LIVE),
            RatingSubject.capacity == Capacity.INTERMEDIARY,
            RatingSubject.grade.in_((Grade.C, Grade.D)),
            ContractInspection.id.is_(None),
        )
        .order_by(Contract.id)
    )
    if contract_id is not None:
        query = query.where(Contract.id == contract_id)
    today, found = clock.local_day(now), []
    for key, signed_at, firm_id, code, register in db.session.execute(query):
        if register != register_of(code):
            continue
        assert signed_at is not None  # of a contract that runs, by a constraint
        edition = policy.in_force(SanctionsPolicy, lineage(code), today)
        held = ratings.grade_on(firm_id, register, today)
        if held.since is not None and held.grade.value in edition.values.key_supervision_grades:
            found.append(Supervised(key, signed_at, firm_id, code, held.grade, held.since, edition))
    return found


def waiting(codes: Sequence[str], limit: int = 100) -> list[ContractInspection]:
    """The inspections of an area still to be made, the nearest deadline first."""
    return list(
        db.session.scalars(
            select(ContractInspection)
            .where(
                ContractInspection.status == InspectionStatus.DUE,
                ContractInspection.jurisdiction_code.in_(codes),
            )
            .order_by(ContractInspection.due_at, ContractInspection.id)
            .limit(as_written(limit))
            .options(*_SHOWN_WITH)
        )
    )


def made(codes: Sequence[str]) -> Select[ContractInspection]:
    """The inspections of an area that were made, the newest first."""
    return (
        select(ContractInspection)
        .where(
            ContractInspection.status != InspectionStatus.DUE,
            ContractInspection.jurisdiction_code.in_(codes),
        )
        .order_by(ContractInspection.done_at.desc(), ContractInspection.id.desc())
        .options(*_SHOWN_WITH)
    )


def to_make(codes: Sequence[str], now: datetime) -> tuple[int, int]:
    """How many inspections of an area are still to be made, and how many of them are late."""
    late = func.sum(case((ContractInspection.due_at <= now, 1), else_=0))
    row = db.session.execute(
        select(func.count(), late).where(
            ContractInspection.status == InspectionStatus.DUE,
            ContractInspection.jurisdiction_code.in_(codes),
        )
    ).one()
    return row[0], row[1] or 0
