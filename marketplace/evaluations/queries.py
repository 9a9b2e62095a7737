"""Reads about evaluations; what is not revealed is only ever read for its own side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, func, literal_column, select
from sqlalchemy.orm import aliased, contains_eager

from marketplace.accounts.models import Organisation, public_name
from marketplace.accounts.queries import lineage
from marketplace.contracts.models import Contract, ContractStatus
from marketplace.foundation import clock, policy, tasks
from marketplace.foundation.db import db, fetch
from marketplace.foundation.policy import Edition
from marketplace.projects.models import Need

from .assessors.models import AssessorAppointment
from .departments.models import DepartmentWindow, PairStatus
from .models import Evaluation, EvaluationVersion, EvaluationWindow, WindowStatus
from .reviews.models import EvaluationReply, EvaluationReview, ReviewStatus
from .rules import DEPARTMENTS, PARTIES, REVEALED_TOGETHER, Direction, EvaluationPolicy

UNOPENED = "evaluation_windows.open"
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


def unopened(now: datetime) -> list[int]:
    """Contracts that are over and have no window yet, the oldest first.

    Those whose window could not be opened lately are passed over.
    """
    return [row[0] for row in fetch(_unopened_statement(), now=now)]


@cache
def _unopened_statement() -> Select[int]:
    return (
        select(Contract.id)
        .outerjoin(EvaluationWindow, EvaluationWindow.contract_id == Contract.id)
        .where(
            Contract.status.in_(OVER),
            Contract.signed_at.is_not(None),
            EvaluationWindow.id.is_(None),
            Contract.id.not_in(tasks.resting_at(UNOPENED)),
        )
        .order_by(Contract.id)
        .limit(literal_column(str(tasks.BATCH)))
    )


def direction_of(contract: Contract, organisation_id: int | None) -> Direction | None:
    """In which direction an organisation marks on a contract; None for a stranger to it."""
    if organisation_id is None:
        return None
    if organisation_id == contract.owner_id:
        return Direction.OWNER_TO_FIRM
    return Direction.FIRM_TO_OWNER if organisation_id == contract.firm_id else None


def evaluation(
    window: EvaluationWindow, direction: Direction, rater_id: int | None = None
) -> Evaluation | None:
    """One side's evaluation, of assessors that of ``rater_id``; callers show it to whoever gave it
    only until the reveal."""
    asked = select(Evaluation).where(
        Evaluation.window_id == window.id, Evaluation.direction == direction
    )
    if direction is Direction.ASSESSOR_TO_FIRM:
        asked = asked.where(Evaluation.rater_organisation_id == rater_id)
    return db.session.scalar(asked)


def evaluations_in(window: EvaluationWindow) -> list[Evaluation]:
    """What is revealed with a window: the evaluations of the two parties of the contract, the
    owner's first, then those of assessors."""
    found = db.session.scalars(
        select(Evaluation).where(
            Evaluation.window_id == window.id, Evaluation.direction.in_(REVEALED_TOGETHER)
        )
    )
    order = list(Direction)
    return sorted(found, key=lambda each: (order.index(each.direction), each.id))


def sides_in(window: EvaluationWindow) -> set[Direction]:
    """Which of the two parties have marked."""
    return set(
        db.session.scalars(
            select(Evaluation.direction).where(
                Evaluation.window_id == window.id, Evaluation.direction.in_(PARTIES)
            )
        )
    )


def revealed_at(given: Evaluation) -> datetime | None:
    """When an evaluation was revealed to the other side; None while it is not.

    Firms' marks on departments never are: they are published as yearly aggregates alone.
    """
    if given.direction in REVEALED_TOGETHER:
        return given.window.revealed_at
    if given.direction is Direction.FIRM_TO_DEPARTMENT:
        return None
    return db.session.scalar(
        select(DepartmentWindow.revealed_at).where(
            DepartmentWindow.contract_id == given.window.contract_id
        )
    )


def address_of(given: Evaluation, reader_id: int | None) -> str:
    """The page on which an organisation reads an evaluation it gave or that is about it."""
    contract = f"/contracts/{given.window.contract.public_id}"
    if given.direction in DEPARTMENTS:
        return f"{contract}/department-evaluation"
    of_an_assessor = given.direction is Direction.ASSESSOR_TO_FIRM
    its_own = reader_id == given.rater_organisation_id
    return f"{contract}/{'assessment' if of_an_assessor and its_own else 'evaluation'}"


def revealed_in(window: EvaluationWindow) -> list[Evaluation]:
    """What is revealed with a window once it is, nothing before."""
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
_OF_ASSESSORS = _OF_PARTIES.add_columns(AssessorAppointment.kind.label("rater_kind")).join(
    AssessorAppointment, AssessorAppointment.id == Evaluation.appointment_id
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

    ``excluded`` is the reason why it no longer counts, None where it does; ``rater_kind`` says
    what an assessor is.
    """

    rater: str
    item_name: str
    marks: dict[str, int]
    reason: str | None
    revealed_at: datetime
    reply: str | None = None
    excluded: str | None = None
    rater_kind: Any = None


_DIRECTIONS = (
    select(Evaluation.direction)
    .where(Evaluation.about_organisation_id == bindparam("organisation_id"))
    .distinct()
)


def directions_about(organisation_id: int) -> frozenset[Direction]:
    """From which sides an organisation was ever marked, revealed or not: of all others there is
    nothing to look for."""
    return frozenset(row.direction for row in fetch(_DIRECTIONS, organisation_id=organisation_id))


def marks_about(
    organisation_id: int, direction: Direction, shown: int
) -> tuple[list[Average], list[Mark]]:
    """Mean marks by part about an organisation over its latest 500 revealed evaluations, half-up
    to a hundredth, excluded ones left out; and the latest ``shown`` of them, excluded ones too."""
    statement = _OF_DEPARTMENTS if direction in DEPARTMENTS else _OF_PARTIES
    by_assessors = direction is Direction.ASSESSOR_TO_FIRM
    if by_assessors:
        statement = _OF_ASSESSORS
    latest = fetch(statement, organisation_id=organisation_id, direction=direction)
    if not latest:
        return [], []
    counted = [each for each in latest if each.excluded is None]
    # an edition may name other parts for assessors than the one before it
    given = {
        part: [each.marks[part] for each in counted if part in each.marks]
        for part in direction.parts
    }
    averages = [
        Average(part, (sum(marks) * 200 + len(marks)) // (len(marks) * 2), len(marks))
        for part, marks in given.items()
        if marks
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
            rater_kind=each.rater_kind.title if by_assessors else None,
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
            .join(Contract.need)
            .options(contains_eager(EvaluationWindow.contract).contains_eager(Contract.need))
            .where(
                EvaluationWindow.status == WindowStatus.OPEN,
                EvaluationWindow.contract_id.in_(bought.union_all(sold)),
                ~given,
            )
            .order_by(EvaluationWindow.ends_at, EvaluationWindow.id)
            .limit(limit)
        )
    )
