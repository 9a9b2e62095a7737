"""Reads about evaluations; what is not revealed is only ever read for its own side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, bindparam, exists, func, literal_column, select, true
from sqlalchemy.orm import aliased

from marketplace.accounts.models import Organisation, public_name
from marketplace.accounts.queries import lineage
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation import clock, policy
from marketplace.foundation.db import db, fetch
from marketplace.foundation.policy import Edition
from marketplace.projects.models import Need

from .departments.models import DepartmentWindow, PairStatus
from .models import Evaluation, EvaluationVersion, EvaluationWindow, WindowStatus
from .reviews.models import EvaluationReply, EvaluationReview, ReviewStatus
from .rules import DEPARTMENTS, PARTIES, Direction, EvaluationPolicy

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


def edition_of(jurisdiction_code: str, day: date) -> Edition[EvaluationPolicy]:
    """The evaluation edition in force in an area on a day."""
    return policy.in_force(EvaluationPolicy, lineage(jurisdiction_code), day)


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
    """The evaluations of the two parties of the contract."""
    return list(
        db.session.scalars(
            select(Evaluation)
            .where(Evaluation.window_id == window.id, Evaluation.direction.in_(PARTIES))
            .order_by(Evaluation.direction.desc())
        )
    )


def revealed_at(given: Evaluation) -> datetime | None:
    """When an evaluation was revealed to the other side; None while it is not.

    Firms' marks on departments never are: they are published as yearly aggregates alone.
    """
    if given.direction in PARTIES:
        return given.window.revealed_at
    if given.direction is Direction.FIRM_TO_DEPARTMENT:
        return None
    return db.session.scalar(
        select(DepartmentWindow.revealed_at).where(
            DepartmentWindow.contract_id == given.window.contract_id
        )
    )


def address_of(given: Evaluation) -> str:
    """The page on which both sides of an evaluation read it."""
    contract = f"/contracts/{given.window.contract.public_id}"
    return f"{contract}/{'' if given.direction in PARTIES else 'department-'}evaluation"


def revealed_in(window: EvaluationWindow) -> list[Evaluation]:
    """Both sides' evaluations once they are revealed, nothing before."""
    return evaluations_in(window) if window.status is WindowStatus.REVEALED else []


AVERAGED = 500
_LATER = aliased(EvaluationVersion)
# the last version of each evaluation is the one that counts
_NEWEST = (
    select(func.max(_LATER.number)).where(_LATER.evaluation_id == Evaluation.id).scalar_subquery()
)
_SHOWN = (
    select(
        EvaluationVersion.marks,
        EvaluationVersion.reason,
        Organisation.name,
        Organisation.kind,
        Need.item_name,
        EvaluationReply.text.label("reply"),
        EvaluationReview.decision_reason.label("excluded"),
    )
    .select_from(Evaluation)
    .join(
        EvaluationVersion,
        and_(
            EvaluationVersion.evaluation_id == Evaluation.id,
            EvaluationVersion.number == _NEWEST,
        ),
    )
    .join(EvaluationWindow, EvaluationWindow.id == Evaluation.window_id)
    .join(Organisation, Organisation.id == Evaluation.rater_organisation_id)
    .join(Contract, Contract.id == EvaluationWindow.contract_id)
    .join(Need, Need.id == Contract.need_id)
    .outerjoin(EvaluationReply, EvaluationReply.evaluation_id == Evaluation.id)
    .outerjoin(
        EvaluationReview,
        and_(
            EvaluationReview.evaluation_id == Evaluation.id,
            EvaluationReview.status == ReviewStatus.EXCLUDED,
        ),
    )
    .where(
        Evaluation.about_organisation_id == bindparam("organisation_id"),
        Evaluation.direction == bindparam("direction"),
    )
    .limit(literal_column(str(AVERAGED)))
)
_OF_PARTIES = (
    _SHOWN.add_columns(EvaluationWindow.revealed_at)
    .where(EvaluationWindow.status == WindowStatus.REVEALED)
    .order_by(EvaluationWindow.revealed_at.desc(), Evaluation.id.desc())
)
_OF_DEPARTMENTS = (
    _SHOWN.add_columns(DepartmentWindow.revealed_at)
    .join(DepartmentWindow, DepartmentWindow.contract_id == EvaluationWindow.contract_id)
    .where(DepartmentWindow.status == PairStatus.REVEALED)
    .order_by(DepartmentWindow.revealed_at.desc(), Evaluation.id.desc())
)


@dataclass(frozen=True)
class Mark:
    """One revealed evaluation as a page shows it; ``rater`` as the public may name it.

    ``excluded`` is the reason why it no longer counts, None where it does.
    """

    rater: str
    item_name: str
    marks: dict[str, int]
    reason: str | None
    revealed_at: datetime
    reply: str | None = None
    excluded: str | None = None


def marks_about(
    organisation_id: int, direction: Direction, shown: int
) -> tuple[list[Average], list[Mark]]:
    """Mean marks by part about an organisation over its latest 500 revealed evaluations, half-up
    to a hundredth, excluded ones left out; and the latest ``shown`` of them, excluded ones too."""
    statement = _OF_DEPARTMENTS if direction in DEPARTMENTS else _OF_PARTIES
    latest = fetch(statement, organisation_id=organisation_id, direction=direction)
    if not latest:
        return [], []
    counted = [each for each in latest if each.excluded is None]
    count = len(counted)
    averages = [
        Average(
            part, (sum(each.marks[part] for each in counted) * 200 + count) // (count * 2), count
        )
        for part in direction.parts
        if count
    ]
    return averages, [
        Mark(
            rater=public_name(each.kind, each.name),
            item_name=each.item_name,
            marks=each.marks,
            reason=each.reason,
            revealed_at=each.revealed_at,
            reply=each.reply,
            excluded=each.excluded,
        )
        for each in latest[:shown]
    ]


def waiting_for(organisation_id: int, limit: int = 100) -> list[EvaluationWindow]:
    """Open windows in which an organisation has not marked yet, by their end."""
    given = exists().where(
        Evaluation.window_id == EvaluationWindow.id,
        Evaluation.rater_organisation_id == organisation_id,
        Evaluation.direction.in_(PARTIES),
    )
    # each side from its own index: one condition over both would read every window
    bought = select(Contract.id).where(Contract.owner_id == organisation_id)
    sold = select(Contract.id).where(Contract.firm_id == organisation_id)
    return list(
        db.session.scalars(
            select(EvaluationWindow)
            .join(EvaluationWindow.contract)
            .where(
                EvaluationWindow.status == WindowStatus.OPEN,
                EvaluationWindow.contract_id.in_(bought.union_all(sold)),
                ~given,
            )
            .order_by(EvaluationWindow.ends_at, EvaluationWindow.id)
            .limit(limit)
        )
    )
