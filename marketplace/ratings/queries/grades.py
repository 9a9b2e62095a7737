"""Grades: the one in force on a day, one subject's or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, bindparam, literal_column, select
from sqlalchemy.orm import aliased

from marketplace.foundation import clock
from marketplace.foundation.db import db, fetch

from ..models import Capacity, GradeRecord, RatingSubject
from ..rules.entries import Grade
from ..rules.grades import GradeState
from .entries import fold, hundredths, rows_of, start_of
from .subjects import subject_of


@dataclass(frozen=True)
class GradeOn:
    """A grade on a day. `score` has two decimals; `record_id` is the stored record behind it."""

    grade: Grade
    score: Decimal | None = None
    evaluated: int = 0
    since: date | None = None
    record_id: int | None = None
    edition_id: int | None = None


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
