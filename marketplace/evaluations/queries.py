"""Reads about evaluations; what is not revealed is only ever read for its own side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from marketplace.accounts.queries import lineage
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.policy import Edition

from .models import Evaluation, EvaluationVersion, EvaluationWindow, WindowStatus
from .rules import Direction, EvaluationPolicy

OVER = (ContractStatus.COMPLETED, ContractStatus.TERMINATED)


@dataclass(frozen=True)
class Average:
    """Mean marks by part over revealed evaluations, in hundredths of a mark."""

    part: str
    hundredths: int
    count: int


def edition_for(contract: Contract, now: datetime) -> Edition[EvaluationPolicy]:
    """The evaluation edition in force for a contract."""
    return policy.in_force(
        EvaluationPolicy, lineage(contract.jurisdiction_code), clock.local_day(now)
    )


def window_of(contract: Contract) -> EvaluationWindow | None:
    """The window of a contract, None before it is opened."""
    return db.session.scalar(
        select(EvaluationWindow).where(EvaluationWindow.contract_id == contract.id)
    )


def can_be_evaluated(contract: Contract) -> bool:
    """Completed, or terminated after it had been signed."""
    return contract.status in OVER and contract.signed_at is not None


def unopened(left_alone: Select[int] | None = None, limit: int = 200) -> list[int]:
    """Contracts that are over and have no window yet, the oldest first.

    Those of ``left_alone`` are passed over: their window could not be opened lately.
    """
    skipped = Contract.id.not_in(left_alone) if left_alone is not None else true()
    return list(
        db.session.scalars(
            select(Contract.id)
            .outerjoin(EvaluationWindow, EvaluationWindow.contract_id == Contract.id)
            .where(
                Contract.status.in_(OVER),
                Contract.signed_at.is_not(None),
                EvaluationWindow.id.is_(None),
                skipped,
            )
            .order_by(Contract.id)
            .limit(limit)
        )
    )


def direction_of(contract: Contract, organisation_id: int | None) -> Direction | None:
    """In which direction an organisation marks on a contract; None for a stranger to it."""
    if organisation_id is None:
        return None
    if organisation_id == contract.owner_id:
        return Direction.OWNER_TO_FIRM
    return Direction.FIRM_TO_OWNER if organisation_id == contract.firm_id else None


def evaluation(window: EvaluationWindow, direction: Direction) -> Evaluation | None:
    """One side's evaluation; callers show it to that side only until the reveal."""
    return db.session.scalar(
        select(Evaluation).where(
            Evaluation.window_id == window.id, Evaluation.direction == direction
        )
    )


def evaluations_in(window: EvaluationWindow) -> list[Evaluation]:
    """Both sides' evaluations."""
    return list(
        db.session.scalars(
            select(Evaluation)
            .where(Evaluation.window_id == window.id)
            .order_by(Evaluation.direction.desc())
        )
    )


def revealed_in(window: EvaluationWindow) -> list[Evaluation]:
    """Both sides' evaluations once they are revealed, nothing before."""
    return evaluations_in(window) if window.status is WindowStatus.REVEALED else []


def revealed_for(
    organisation_id: int, limit: int = 50, direction: Direction | None = None
) -> list[Evaluation]:
    """Revealed evaluations about an organisation, the latest first, with all a page shows."""
    query = (
        select(Evaluation)
        .join(Evaluation.window)
        .where(
            Evaluation.about_organisation_id == organisation_id,
            EvaluationWindow.status == WindowStatus.REVEALED,
        )
        .order_by(EvaluationWindow.revealed_at.desc(), Evaluation.id.desc())
        .options(
            contains_eager(Evaluation.window)
            .joinedload(EvaluationWindow.contract)
            .joinedload(Contract.need),
            joinedload(Evaluation.rater),
            selectinload(Evaluation.versions),
        )
        .limit(limit)
    )
    if direction is not None:
        query = query.where(Evaluation.direction == direction)
    return list(db.session.scalars(query))


def averages_for(organisation_id: int, direction: Direction, limit: int = 500) -> list[Average]:
    """Mean marks by part about an organisation over its latest ``limit`` evaluations, half-up to
    a hundredth."""
    rows = db.session.execute(
        select(EvaluationVersion.evaluation_id, EvaluationVersion.marks)
        .join(Evaluation, Evaluation.id == EvaluationVersion.evaluation_id)
        .join(Evaluation.window)
        .where(
            Evaluation.about_organisation_id == organisation_id,
            Evaluation.direction == direction,
            EvaluationWindow.status == WindowStatus.REVEALED,
        )
        .order_by(
            EvaluationWindow.revealed_at.desc(), Evaluation.id.desc(), EvaluationVersion.number
        )
        .limit(limit * 2)
    )
    # the last version of each evaluation is the one that counts
    found = list(dict(rows.all()).values())[:limit]
    if not found:
        return []
    count = len(found)
    return [
        Average(part, (sum(marks[part] for marks in found) * 200 + count) // (count * 2), count)
        for part in direction.parts
    ]


def waiting_for(organisation_id: int, limit: int = 100) -> list[EvaluationWindow]:
    """Open windows in which an organisation has not marked yet, by their end."""
    given = select(Evaluation.window_id).where(Evaluation.rater_organisation_id == organisation_id)
    return list(
        db.session.scalars(
            select(EvaluationWindow)
            .join(EvaluationWindow.contract)
            .where(
                EvaluationWindow.status == WindowStatus.OPEN,
                (Contract.owner_id == organisation_id) | (Contract.firm_id == organisation_id),
                EvaluationWindow.id.not_in(given),
            )
            .order_by(EvaluationWindow.ends_at, EvaluationWindow.id)
            .limit(limit)
        )
    )
