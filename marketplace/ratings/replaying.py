"""Compare what is stored with what the ledger and the rules say.

The ledger is read as columns, subject by subject, and every subject is folded once; several
processes share the subjects of a large ledger, each reading through a connection of its own.
"""

from __future__ import annotations

import gc
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing import get_context
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Engine, Row, create_engine, select
from sqlalchemy.pool import NullPool

from marketplace.foundation import clock
from marketplace.foundation.connections import prepare_engine
from marketplace.foundation.db import db

from . import queries, streaming
from .models import RatingSubject, content_digest
from .rules.entries import Entry, Grade
from .rules.evaluation_days import next_day
from .rules.grades import GradeInForce, GradeState
from .rules.grading import grade_in_force
from .rules.policy import DatedPolicy
from .streaming import Stored

# a process of its own is worth its start only for so many subjects
WORTH_A_PROCESS = 2000
_AT_ONCE = 1000
_STORED_STATE = 3  # where a record's columns begin that a state has as well

Timelines = Mapping[str, Sequence[DatedPolicy]]


@dataclass(frozen=True)
class Difference:
    """Something stored that the replay does not give. `day` is None for a row of the ledger."""

    organisation_id: int
    register: str
    day: date | None
    problem: str
    stored: str
    replayed: str

    def __str__(self) -> str:
        """One line for a terminal."""
        day = f" {self.day}" if self.day else ""
        return (
            f"organisation {self.organisation_id} {self.register}{day}: {self.problem}: "
            f"stored {self.stored}, replayed {self.replayed}"
        )


def differences(organisation_id: int | None = None, processes: int = 1) -> Iterator[Difference]:
    """Every difference between stored grades and the replay, and every altered ledger row.

    Of one organisation or of all; these are shared by so many processes where that is worth it.
    What this transaction has not committed is seen by one process only.
    """
    connection = _connection()
    timelines = {
        register: queries.policies_of(register) for register in streaming.registers(connection)
    }
    if organisation_id is not None:
        numbers = select(RatingSubject.id).where(RatingSubject.organisation_id == organisation_id)
        for number in db.session.scalars(numbers.order_by(RatingSubject.id)).all():
            yield from between(connection, timelines, number, number)
        return
    pieces = streaming.pieces(connection, _AT_ONCE)
    if processes < 2 or streaming.count(connection) < WORTH_A_PROCESS:
        for first, last in pieces:
            yield from between(connection, timelines, first, last)
        return
    with ProcessPoolExecutor(
        processes,
        get_context("spawn"),
        _begin_process,
        (current_app.config["SQLALCHEMY_DATABASE_URI"], timelines),
    ) as pool:
        for found in pool.map(_in_process, pieces):
            yield from found


def _connection() -> Connection:
    db.session.flush()
    return db.session.connection()


# in a process of its own

_of_process: dict[str, Any] = {}


def _begin_process(url: str, timelines: Timelines) -> None:
    # rows and entries hold no cycles; looking for them costs a quarter of the time
    gc.disable()
    engine = create_engine(url, poolclass=NullPool)
    prepare_engine(engine)
    _of_process.update(engine=engine, timelines=timelines)


def _in_process(piece: tuple[int, int]) -> list[Difference]:
    engine: Engine = _of_process["engine"]
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # what is settled meanwhile is seen whole or not at all, as on SQLite
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        return list(between(connection, _of_process["timelines"], *piece))


# one subject after the other


def between(
    connection: Connection, timelines: Timelines, first: int, last: int
) -> Iterator[Difference]:
    """The differences of the subjects numbered `first` to `last`."""
    for stored in streaming.subjects_between(connection, first, last):
        if stored.unreadable:
            yield _of_subject(stored, None, "unreadable", "-", stored.unreadable)
            continue
        try:
            yield from _altered(stored)
            yield from _changed(stored, timelines)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            yield _of_subject(stored, None, "unreadable", "-", f"{type(error).__name__}: {error}")


def missing_entries() -> Iterator[Difference]:
    """Rows that the audit ledger knows and the rating ledger has lost."""
    connection = _connection()
    kept = streaming.held_numbers(connection)
    for number in streaming.posted_numbers(connection):
        if number not in kept:
            yield Difference(0, "-", None, f"rating_ledger {number} is gone", "nothing", "audited")


def _altered(stored: Stored) -> Iterator[Difference]:
    """Rows that differ from their digest or from the audit ledger, or were audited twice."""
    last = 0
    for row in stored.entries:
        number, kept, audited = row.id, row.digest, row.audited
        now = content_digest(row)
        if now != kept:
            yield _of_entry(stored, number, "altered", kept, now)
        if audited != kept:
            yield _of_entry(stored, number, "not as audited", kept, audited or "nothing")
        if number == last:
            yield _of_entry(stored, number, "audited twice", kept, audited)
        last = number


def _changed(stored: Stored, timelines: Timelines) -> Iterator[Difference]:
    """Stored records and the subject's present grade against the fold."""
    subject, records = stored.subject, stored.records
    policies = timelines.get(subject.register, ())
    entries = [queries.as_entry(row) for row in stored.entries]
    given = (Grade.UNGRADED, None)
    if records:
        given = (records[-1].grade, records[-1].hundredths)
    if (subject.grade, subject.hundredths) != given:
        kept = _words(subject.grade, subject.hundredths)
        yield _of_subject(stored, subject.settled_on, "rating_subjects", kept, _words(*given))
    if subject.settled_on is None:
        if records:
            yield _of_record(stored, records[0], GradeState(records[0].from_day))
        due = min((_counted_from(row) for row in stored.entries), default=None)
        yield from _overlooked(stored, due)
        return
    known_at = queries.start_of(subject.settled_on + timedelta(days=1))
    fold = grade_in_force(entries, policies, subject.settled_on, known_at)
    corrections = [row for row in stored.entries if row.takes_effect_on <= _recorded_on(row)]
    if corrections:
        yield from _between_corrections(stored, entries, policies, corrections)
    else:
        yield from _against_one_fold(stored, fold.states())
    yield from _overlooked(stored, _next_day(entries, policies, fold))


def _recorded_on(row: Any) -> date:
    return clock.local_day(row.recorded_at)


def _counted_from(row: Any) -> date:
    """The day on which an entry of a subject never settled is to be settled."""
    day: date = row.takes_effect_on
    return max(day, _recorded_on(row) + timedelta(days=1))


def _next_day(
    entries: Sequence[Entry], policies: Sequence[DatedPolicy], fold: GradeInForce
) -> date | None:
    """The day on which a subject is to be settled again after the day of this fold.

    It was asked for with the editions known then: one that has not begun may have come since.
    """
    begun = [dated for dated in policies if dated.effective_from <= fold.day]
    timelines = [policies] if len(begun) == len(policies) else [begun, policies]
    days = [next_day(entries, known, fold.day) for known in timelines]
    later = max((day for day in days if day is not None), default=None)
    coming = [fold.upcoming.since] if fold.upcoming is not None else []
    return min([*coming, *([later] if later is not None else [])], default=None)


def _overlooked(stored: Stored, due: date | None) -> Iterator[Difference]:
    """A subject that would not be settled again on the day it must be.

    Whoever sets the settled day back and takes away what was stored since must also keep the
    clock from storing it again.
    """
    kept = stored.subject.next_check_at
    if due is not None and (kept is None or kept > queries.start_of(due)):
        yield _of_subject(stored, due, "next_check_at", str(kept), str(queries.start_of(due)))


def _between_corrections(
    stored: Stored,
    entries: list[Entry],
    policies: Sequence[DatedPolicy],
    corrections: Sequence[Any],
) -> Iterator[Difference]:
    """Records made before a correction of past days against what was known without it.

    An entry that corrects nothing counts only after the day it was recorded, so that what held
    between two corrections comes from one fold, whatever was posted meanwhile. Every record must
    be its own fold's, and on every day on which something may change the record that holds must
    be that of what was known: a record taken away leaves an earlier one to hold in its place. A
    day on which a correction was recorded was settled before it or after.
    """
    settled_on = stored.subject.settled_on
    known_at = queries.start_of(settled_on + timedelta(days=1))
    numbers = [row.id for row in corrections]
    recorded = [_recorded_on(row) for row in corrections]
    folds = []
    for end in [*numbers, None]:
        known = [entry for entry in entries if end is None or entry.id < end]
        folds.append(grade_in_force(known, policies, settled_on, known_at).states())
    for record in stored.records:
        state = _held(folds[bisect_right(numbers, record.cursor)], record.from_day)
        if _content(state) != tuple(record[_STORED_STATE + 1 :]):
            yield _of_record(stored, record, state)
    days = {state.from_day for states in folds for state in states}
    days.update(day + timedelta(days=more) for day in recorded for more in (0, 1))
    for day in sorted({*(day for day in days if day <= settled_on), settled_on}):
        place = bisect_right(stored.records, day, key=lambda record: record.from_day)
        kept = tuple(stored.records[place - 1][_STORED_STATE + 1 :]) if place else None
        before, after = bisect_left(recorded, day), bisect_right(recorded, day)
        allowed = [_held(folds[number], day) for number in range(before, after + 1)]
        if not any(_content(state) == (kept or _NOTHING) for state in allowed):
            words = _words(kept[0], kept[2], kept[1]) if kept else "nothing"
            now = allowed[0]
            yield _of_subject(
                stored,
                day,
                "grade_records",
                words,
                _words(now.grade, now.hundredths, now.since),
            )


def _against_one_fold(stored: Stored, states: Sequence[GradeState]) -> Iterator[Difference]:
    """Without corrections of past days, one fold gives every record that must be there."""
    given = [(state.from_day, *_content(state)) for state in states]
    if given == [tuple(record[_STORED_STATE:]) for record in stored.records]:
        return
    by_day = {record.from_day: record for record in stored.records}
    for state in states:
        record = by_day.pop(state.from_day, None)
        if record is None:
            yield _of_subject(
                stored,
                state.from_day,
                "grade_records",
                "nothing",
                _words(state.grade, state.hundredths),
            )
        elif _content(state) != tuple(record[_STORED_STATE + 1 :]):
            yield _of_record(stored, record, state)
    for record in by_day.values():
        yield _of_record(stored, record, _held(states, record.from_day))
    if len({record.from_day for record in stored.records}) < len(stored.records):
        yield _of_subject(stored, None, "grade_records", "two records of one day", "one")


def _content(state: GradeState) -> tuple[Any, ...]:
    """What a record holds beside its day."""
    edition = int(state.edition) if state.edition else None
    return state.grade, state.since, state.hundredths, state.evaluated, edition


_NOTHING = _content(GradeState(date.min))


def _held(states: Sequence[GradeState], day: date) -> GradeState:
    place = bisect_right(states, day, key=lambda state: state.from_day)
    return states[place - 1] if place else GradeState(day)


# in words


def _of_subject(
    stored: Stored, day: date | None, problem: str, kept: str, replayed: str
) -> Difference:
    subject = stored.subject
    return Difference(subject.organisation_id, subject.register, day, problem, kept, replayed)


def _of_entry(stored: Stored, number: int, problem: str, kept: str, replayed: str) -> Difference:
    return _of_subject(stored, None, f"rating_ledger {number} {problem}", kept[:16], replayed[:16])


def _of_record(stored: Stored, record: Row[Any], state: GradeState) -> Difference:
    return _of_subject(
        stored,
        record.from_day,
        f"grade_records {record.id}",
        _words(record.grade, record.hundredths, record.since),
        _words(state.grade, state.hundredths, state.since),
    )


def _words(grade: object, hundredths: int | None, since: date | None = None) -> str:
    score = "-" if hundredths is None else str(queries.hundredths(hundredths))
    return f"{grade} {score}" + (f" since {since}" if since else "")
