"""Reads: grades on a day, the ledger as the rules see it, proposals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select
from sqlalchemy.orm import aliased

from marketplace.accounts.queries import lineage
from marketplace.foundation import calendar, clock, policy
from marketplace.foundation.db import db, fetch
from marketplace.foundation.policy import Edition, PolicyEdition

from .models import (
    Capacity,
    EntryKind,
    GradeProposal,
    GradeRecord,
    Inspection,
    ProposalStatus,
    RatingEntry,
    RatingSubject,
)
from .rules.entries import (
    ConductEntry,
    ConductKind,
    DecisionEntry,
    DecisionStep,
    Entry,
    Grade,
    InspectionEntry,
    MarkEntry,
    RaterSide,
    ReversingEntry,
    VetoEntry,
    VetoKind,
)
from .rules.grades import GradeInForce, GradeState
from .rules.grading import grade_in_force
from .rules.policy import DatedPolicy, RatingPolicy
from .rules.scoring import Score, score

OPEN_PROPOSALS = (
    ProposalStatus.PROPOSED,
    ProposalStatus.PUBLISHED,
    ProposalStatus.OBJECTED,
)


@dataclass(frozen=True)
class GradeOn:
    """A grade on a day. `score` has two decimals; `record_id` is the stored record behind it."""

    grade: Grade
    score: Decimal | None = None
    evaluated: int = 0
    since: date | None = None
    record_id: int | None = None
    edition_id: int | None = None


def start_of(day: date) -> datetime:
    """Midnight in Shanghai, with which a day begins."""
    return calendar.moment(day, time(0))


def subject_of(
    organisation_id: int, register: str, capacity: Capacity = Capacity.INTERMEDIARY
) -> RatingSubject | None:
    """The subject of an organisation on a register, None before its first entry."""
    return db.session.scalar(
        select(RatingSubject).where(
            RatingSubject.organisation_id == organisation_id,
            RatingSubject.register == register,
            RatingSubject.capacity == capacity,
        )
    )


def registers_of(organisation_id: int, capacity: Capacity = Capacity.INTERMEDIARY) -> list[str]:
    """The registers on which an organisation has entries, by code."""
    return list(
        db.session.scalars(
            select(RatingSubject.register)
            .where(
                RatingSubject.organisation_id == organisation_id,
                RatingSubject.capacity == capacity,
            )
            .order_by(RatingSubject.register)
        )
    )


def _record_of(record: type[GradeRecord], day: str) -> ColumnElement[bool]:
    """That ``record`` is the one of a subject's that holds on the day of this parameter."""
    newest = aliased(GradeRecord)
    held = (
        select(newest.id)
        .where(newest.subject_id == RatingSubject.id, newest.from_day <= bindparam(day))
        .order_by(newest.from_day.desc(), newest.id.desc())
        .limit(literal_column("1"))
    )
    return record.id == held.scalar_subquery()


def _columns_of(record: type[GradeRecord]) -> tuple[Any, ...]:
    return (
        record.id,
        record.grade,
        record.hundredths,
        record.evaluated,
        record.since,
        record.edition_id,
    )


_ON_REGISTER = (
    RatingSubject.register == bindparam("register"),
    RatingSubject.capacity == bindparam("capacity"),
)
_GRADE_ON = (
    select(RatingSubject.next_check_at, *_columns_of(GradeRecord))
    .select_from(RatingSubject)
    .outerjoin(GradeRecord, _record_of(GradeRecord, "day"))
    .where(RatingSubject.organisation_id == bindparam("organisation_id"), *_ON_REGISTER)
)
_LATER = aliased(GradeRecord)
_GRADES_ON_BOTH = (
    select(
        RatingSubject.organisation_id,
        RatingSubject.next_check_at,
        *_columns_of(GradeRecord),
        *_columns_of(_LATER),
    )
    .select_from(RatingSubject)
    .outerjoin(GradeRecord, _record_of(GradeRecord, "day"))
    .outerjoin(_LATER, _record_of(_LATER, "later"))
    .where(
        RatingSubject.organisation_id.in_(bindparam("organisation_ids", expanding=True)),
        *_ON_REGISTER,
    )
)


def grade_on(
    organisation_id: int,
    register: str,
    day: date,
    capacity: Capacity = Capacity.INTERMEDIARY,
) -> GradeOn:
    """The grade of a day, ungraded by default.

    From the stored records, which equal the replay. Where the clock has not yet settled the day
    (the minute after midnight) the fold itself is asked.
    """
    rows = fetch(
        _GRADE_ON, organisation_id=organisation_id, register=register, capacity=capacity, day=day
    )
    if not rows:
        return GradeOn(Grade.UNGRADED)
    due, *record = rows[0]
    return _grade(organisation_id, register, capacity, day, due, record)


def grades_then_and_now(
    days: Mapping[int, date], register: str, today: date
) -> dict[int, tuple[GradeOn, GradeOn]]:
    """The grades of many organisations, by organisation: each on its day (``days``), and all on
    this one; one statement a day."""
    capacity, none = Capacity.INTERMEDIARY, GradeOn(Grade.UNGRADED)
    found = dict.fromkeys(days, (none, none))
    for day, asked in _by_day(days).items():
        rows = fetch(
            _GRADES_ON_BOTH,
            organisation_ids=asked,
            register=register,
            capacity=capacity,
            day=day,
            later=today,
        )
        for organisation_id, due, *both in rows:
            half = len(both) // 2
            found[organisation_id] = (
                _grade(organisation_id, register, capacity, day, due, both[:half]),
                _grade(organisation_id, register, capacity, today, due, both[half:]),
            )
    return found


def _by_day(days: Mapping[int, date]) -> dict[date, list[int]]:
    of_day: dict[date, list[int]] = {}
    for organisation_id, day in days.items():
        of_day.setdefault(day, []).append(organisation_id)
    return of_day


def _grade(
    organisation_id: int,
    register: str,
    capacity: Capacity,
    day: date,
    due: datetime | None,
    record: Sequence[Any],
) -> GradeOn:
    if due is not None and due <= start_of(day) and day <= clock.today():
        subject = subject_of(organisation_id, register, capacity)
        assert subject is not None
        return _live_grade(subject, day)
    record_id, grade, points, evaluated, since, edition = record
    if record_id is None:
        return GradeOn(Grade.UNGRADED)
    return GradeOn(grade, hundredths(points), evaluated, since, record_id, edition)


def d_in_force(organisation_id: int, register: str, now: datetime) -> bool:
    """Whether a D is in force at this moment."""
    return grade_on(organisation_id, register, clock.local_day(now)).grade is Grade.D


def record_on(subject: RatingSubject, day: date) -> GradeRecord | None:
    """The record that holds on a day."""
    return db.session.scalar(
        select(GradeRecord)
        .where(GradeRecord.subject_id == subject.id, GradeRecord.from_day <= day)
        .order_by(GradeRecord.from_day.desc(), GradeRecord.id.desc())
        .limit(1)
    )


def records_of(subject: RatingSubject) -> list[GradeRecord]:
    """All records, oldest first."""
    return list(
        db.session.scalars(
            select(GradeRecord)
            .where(GradeRecord.subject_id == subject.id)
            .order_by(GradeRecord.from_day, GradeRecord.id)
        )
    )


def state_of(record: GradeRecord) -> GradeState:
    """A stored record in the words of the rules."""
    return GradeState(
        from_day=record.from_day,
        grade=record.grade,
        since=record.since,
        hundredths=record.hundredths,
        evaluated=record.evaluated,
        edition=str(record.edition_id or ""),
    )


def _live_grade(subject: RatingSubject, day: date) -> GradeOn:
    state = fold(subject, rows_of(subject), day, clock.now()).state_on(day)
    record = record_on(subject, day)
    return GradeOn(
        grade=state.grade,
        score=hundredths(state.hundredths),
        evaluated=state.evaluated,
        since=state.since,
        record_id=record.id if record else None,
        edition_id=int(state.edition) if state.edition else None,
    )


# the ledger as the rules see it


def rows_of(subject: RatingSubject, cursor: int | None = None) -> list[RatingEntry]:
    """The ledger of a subject in its order, up to an entry number."""
    query = select(RatingEntry).where(RatingEntry.subject_id == subject.id)
    if cursor is not None:
        query = query.where(RatingEntry.id <= cursor)
    return list(db.session.scalars(query.order_by(RatingEntry.id)))


def as_entry(row: Any) -> Entry:
    """A row of the ledger, or its columns, as a plain entry of the rules.

    Raises ArithmeticError, ValueError, TypeError or KeyError for what no action would have stored.
    """
    # which columns a kind has is kept by the table's CHECKs
    kind = row.kind
    head: dict[str, Any] = {
        "id": row.id,
        "takes_effect_on": row.takes_effect_on,
        "recorded_at": row.recorded_at,
    }
    if kind == EntryKind.MARK:
        return MarkEntry(
            **head,
            side=_SIDES[row.side],
            rater=row.rater_organisation_id,
            breadth=row.breadth,
            value=Decimal(row.hundredths).scaleb(-2),
            contract=row.contract_id,
        )
    if kind == EntryKind.INSPECTION:
        return InspectionEntry(**head, value=Decimal(row.hundredths).scaleb(-2))
    if kind == EntryKind.CONDUCT:
        return ConductEntry(
            **head,
            kind=ConductKind(row.conduct),
            ends_on=row.ends_on,
            contract=row.contract_id,
            points=None if row.points is None else Decimal(row.points),
            working_days=row.working_days or 0,
            yearly_deliveries=row.yearly_deliveries or 0,
        )
    if kind == EntryKind.VETO:
        return VetoEntry(**head, kind=VetoKind(row.veto), ends_on=row.ends_on)
    if kind == EntryKind.REVERSAL:
        return ReversingEntry(**head, reverses=row.reverses_id)
    return DecisionEntry(
        **head,
        step=DecisionStep(row.step),
        grade=Grade(row.grade),
        proposal=row.proposal_entry_id,
        in_force_on=row.in_force_on,
    )


_SIDES = {side.value: side for side in RaterSide}


def hundredths(value: int | None) -> Decimal | None:
    """Stored hundredths as a score with two decimals."""
    return None if value is None else Decimal(value).scaleb(-2)


def policies_of(register: str) -> list[DatedPolicy]:
    """The rating editions of a register in order of date; each is named by its row's number.

    On a day the nearest ancestor with an edition in force gives it, whole.
    """
    codes = lineage(register)
    history: list[Edition[RatingPolicy]] = policy.history(RatingPolicy, codes)
    newest: dict[str, Edition[RatingPolicy]] = {}
    timeline: list[DatedPolicy] = []
    for day in sorted({edition.effective_from for edition in history}):
        for edition in history:
            if edition.effective_from == day:
                newest[edition.jurisdiction] = edition
        chosen = next(newest[code] for code in codes if code in newest)
        if not timeline or timeline[-1].edition != str(chosen.id):
            timeline.append(DatedPolicy(day, chosen.values, str(chosen.id)))
    return timeline


def edition_on(register: str, day: date) -> Edition[RatingPolicy]:
    """The rating edition in force for a register on a day."""
    return policy.in_force(RatingPolicy, lineage(register), day)


def first_edition_day() -> date:
    """The first day for which there is any rating edition."""
    found = db.session.scalar(
        select(func.min(PolicyEdition.effective_from)).where(
            PolicyEdition.section == RatingPolicy.SECTION
        )
    )
    return found or date.max


def fold(
    subject: RatingSubject, rows: Iterable[RatingEntry], day: date, known_at: datetime
) -> GradeInForce:
    """The grade in force on a day by the rules, from rows of the ledger."""
    entries = [as_entry(row) for row in rows]
    return grade_in_force(entries, policies_of(subject.register), day, known_at)


def score_on(
    subject: RatingSubject, rows: Iterable[RatingEntry], day: date, known_at: datetime
) -> Score:
    """The score of a day, line by line, under the edition in force on it."""
    edition = edition_on(subject.register, day)
    return score([as_entry(row) for row in rows], edition.values, day, known_at)


def breadth_of(
    rater_organisation_id: int, side: RaterSide, since: date, about_subject_id: int
) -> int:
    """How many organisations a rater has evaluated since a day, the one it rates now included."""
    reversal = select(RatingEntry.reverses_id).where(RatingEntry.kind == EntryKind.REVERSAL)
    counted = db.session.scalar(
        select(func.count(func.distinct(RatingEntry.subject_id))).where(
            RatingEntry.kind == EntryKind.MARK,
            RatingEntry.side == side,
            RatingEntry.rater_organisation_id == rater_organisation_id,
            RatingEntry.takes_effect_on > since,
            RatingEntry.subject_id != about_subject_id,
            RatingEntry.id.not_in(reversal),
        )
    )
    return 1 + (counted or 0)


# proposals


def open_proposal(subject: RatingSubject) -> GradeProposal | None:
    """The proposal of a subject that is neither in force nor closed."""
    return db.session.scalar(
        select(GradeProposal).where(
            GradeProposal.subject_id == subject.id,
            GradeProposal.status.in_(OPEN_PROPOSALS),
        )
    )


def proposals(registers: Sequence[str], limit: int = 100) -> list[GradeProposal]:
    """Open proposals on these registers, the oldest first."""
    return list(
        db.session.scalars(
            select(GradeProposal)
            .join(RatingSubject, RatingSubject.id == GradeProposal.subject_id)
            .where(GradeProposal.status.in_(OPEN_PROPOSALS), RatingSubject.register.in_(registers))
            .order_by(GradeProposal.status_since, GradeProposal.id)
            .limit(limit)
        )
    )


def decided_proposals(registers: Sequence[str], limit: int = 20) -> list[GradeProposal]:
    """Proposals on these registers no longer open, the latest first."""
    return list(
        db.session.scalars(
            select(GradeProposal)
            .join(RatingSubject, RatingSubject.id == GradeProposal.subject_id)
            .where(
                GradeProposal.status.not_in(OPEN_PROPOSALS),
                RatingSubject.register.in_(registers),
            )
            .order_by(GradeProposal.status_since.desc(), GradeProposal.id.desc())
            .limit(limit)
        )
    )


def proposal_of_entry(entry_id: int) -> GradeProposal | None:
    """The proposal that an entry of the ledger made."""
    return db.session.scalar(select(GradeProposal).where(GradeProposal.entry_id == entry_id))


def recorders(entry_ids: Sequence[int]) -> set[int]:
    """The people who recorded some entries; they may not confirm what follows from them."""
    return set(
        db.session.scalars(
            select(RatingEntry.recorded_by).where(
                RatingEntry.id.in_(list(entry_ids)), RatingEntry.recorded_by.is_not(None)
            )
        )
    )


def inspection_of(organisation_id: int, register: str, document: str) -> Inspection | None:
    """The inspection recorded under a document number."""
    return db.session.scalar(
        select(Inspection).where(
            Inspection.organisation_id == organisation_id,
            Inspection.register == register,
            Inspection.document == document,
        )
    )
