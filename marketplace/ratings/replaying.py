"""Compare what is stored with what the ledger and the rules say.

The ledger is read as columns, subject by subject, and every subject is folded once; several
processes share the subjects of a large ledger, each reading through a connection of its own.
"""

from __future__ import annotations

import gc
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from multiprocessing import get_context
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Engine, Row, create_engine, select
from sqlalchemy.pool import NullPool

from marketplace.foundation import clock
from marketplace.foundation.db import db, prepare_engine

from . import queries, streaming
from .models import RatingSubject, content_digest
from .rules.entries import Entry
from .rules.grades import GradeState
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
    first, last = streaming.extent(connection)
    if processes < 2 or last - first < WORTH_A_PROCESS:
        yield from between(connection, timelines, first, last)
        return
    with ProcessPoolExecutor(
        processes,
        get_context("spawn"),
        _begin_process,
        (current_app.config["SQLALCHEMY_DATABASE_URI"], timelines),
    ) as pool:
        starts = range(first, last + 1, _AT_ONCE)
        for found in pool.map(partial(_in_process, last), starts):
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


def _in_process(last: int, first: int) -> list[Difference]:
    engine: Engine = _of_process["engine"]
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            # what is settled meanwhile is seen whole or not at all, as on SQLite
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        timelines = _of_process["timelines"]
        return list(between(connection, timelines, first, min(last, first + _AT_ONCE - 1)))


# one subject after the other


def between(
    connection: Connection, timelines: Timelines, first: int, last: int
) -> Iterator[Difference]:
    """The differences of the subjects numbered `first` to `last`."""
    for stored in streaming.subjects_between(connection, first, last):
        yield from _altered(stored)
        try:
            entries = [queries.as_entry(row) for row in stored.entries]
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            yield _of_subject(stored, None, "unreadable", "-", str(error))
            continue
        yield from _changed(stored, entries, timelines.get(stored.subject.register, ()))


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


def _changed(
    stored: Stored, entries: list[Entry], policies: Sequence[DatedPolicy]
) -> Iterator[Difference]:
    """Stored records and the subject's present grade against the fold."""
    subject, records = stored.subject, stored.records
    if subject.settled_on is None:
        if records:
            yield _of_record(stored, records[0], GradeState(records[0].from_day))
        return
    corrections = [
        row.id for row in stored.entries if row.takes_effect_on <= clock.local_day(row.recorded_at)
    ]
    if corrections:
        yield from _between_corrections(stored, entries, policies, corrections)
    else:
        yield from _against_one_fold(stored, entries, policies)
    last = records[-1] if records else None
    present = (subject.grade, subject.hundredths)
    if last is not None and present != (last.grade, last.hundredths):
        yield _of_subject(
            stored,
            subject.settled_on,
            "rating_subjects",
            _words(*present),
            _words(last.grade, last.hundredths),
        )


def _between_corrections(
    stored: Stored,
    entries: list[Entry],
    policies: Sequence[DatedPolicy],
    corrections: Sequence[int],
) -> Iterator[Difference]:
    """Records made before a correction of past days against what was known without it.

    An entry that corrects nothing counts only after the day it was recorded, so that the records
    between two corrections come from one fold, whatever was posted meanwhile.
    """
    folds: dict[int, list[GradeState]] = {}
    known_at = queries.start_of(stored.subject.settled_on + timedelta(days=1))
    for record in stored.records:
        corrected = bisect_right(corrections, record.cursor)
        states = folds.get(corrected)
        if states is None:
            end = corrections[corrected] if corrected < len(corrections) else None
            known = [entry for entry in entries if end is None or entry.id < end]
            fold = grade_in_force(known, policies, stored.subject.settled_on, known_at)
            states = folds[corrected] = fold.states()
        state = _held(states, record.from_day)
        if _content(state) != tuple(record[_STORED_STATE + 1 :]):
            yield _of_record(stored, record, state)


def _against_one_fold(
    stored: Stored, entries: list[Entry], policies: Sequence[DatedPolicy]
) -> Iterator[Difference]:
    """Without corrections of past days, one fold gives every record that must be there."""
    settled_on = stored.subject.settled_on
    known_at = queries.start_of(settled_on + timedelta(days=1))
    states = grade_in_force(entries, policies, settled_on, known_at).states()
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
