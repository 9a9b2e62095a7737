"""Compare what is stored with what the ledger and the rules say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db

from . import queries
from .models import GradeRecord, RatingEntry, RatingSubject
from .rules.entries import Entry
from .rules.grades import GradeState
from .rules.grading import grade_in_force
from .rules.policy import DatedPolicy


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


def differences(organisation_id: int | None = None) -> Iterator[Difference]:
    """Every difference between stored grades and the replay, and every altered ledger row."""
    query = select(RatingSubject).order_by(RatingSubject.id)
    if organisation_id is not None:
        query = query.where(RatingSubject.organisation_id == organisation_id)
    timelines: dict[str, list[DatedPolicy]] = {}
    for subject in db.session.scalars(query).all():
        if subject.register not in timelines:
            timelines[subject.register] = queries.policies_of(subject.register)
        rows = queries.rows_of(subject)
        yield from _altered(subject, rows)
        try:
            entries = [queries.as_entry(row) for row in rows]
        except (TypeError, ValueError) as error:
            yield Difference(
                subject.organisation_id, subject.register, None, "unreadable", "-", str(error)
            )
            continue
        yield from _changed(subject, rows, entries, timelines[subject.register])


def _altered(subject: RatingSubject, rows: Sequence[RatingEntry]) -> Iterator[Difference]:
    """Rows that differ from their digest or from the audit ledger, and rows that are gone."""
    audited = _audited_digests(row.id for row in rows)
    for row in rows:
        now = row.content_digest()
        if now != row.digest:
            yield _entry_difference(subject, row.id, "altered", row.digest, now)
        if audited.get(row.id) != row.digest:
            said = audited.get(row.id, "nothing")
            yield _entry_difference(subject, row.id, "not as audited", row.digest, said)


def _entry_difference(
    subject: RatingSubject, number: int, problem: str, stored: str, replayed: str
) -> Difference:
    return Difference(
        subject.organisation_id,
        subject.register,
        None,
        f"rating_ledger {number} {problem}",
        stored[:16],
        replayed[:16],
    )


def _audited_digests(numbers: Iterable[int]) -> dict[int, str]:
    """Digest of ledger rows by the audit ledger."""
    wanted = [str(number) for number in numbers]
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        rows = db.session.execute(
            select(AuditRow.subject_id, AuditRow.facts).where(
                AuditRow.subject_type == RatingEntry.__tablename__,
                AuditRow.action == "rating.posted",
                AuditRow.subject_id.in_(wanted[start : start + 500]),
            )
        )
        found.update({int(row.subject_id): row.facts["digest"] for row in rows})
    return found


def missing_entries() -> Iterator[Difference]:
    """Rows that the audit ledger knows and the rating ledger has lost."""
    kept = {str(number) for number in db.session.scalars(select(RatingEntry.id))}
    posted = db.session.scalars(
        select(AuditRow.subject_id)
        .where(
            AuditRow.subject_type == RatingEntry.__tablename__,
            AuditRow.action == "rating.posted",
        )
        .order_by(AuditRow.seq)
    )
    for number in posted:
        if number not in kept:
            yield Difference(0, "-", None, f"rating_ledger {number} is gone", "nothing", "audited")


def _changed(
    subject: RatingSubject,
    rows: Sequence[RatingEntry],
    entries: list[Entry],
    policies: list[DatedPolicy],
) -> Iterator[Difference]:
    """Stored records and the subject's present grade against the fold."""
    records = queries.records_of(subject)
    if subject.settled_on is None:
        if records:
            yield _difference(subject, records[0], GradeState(records[0].from_day))
        return
    corrected = any(row.takes_effect_on <= clock.local_day(row.recorded_at) for row in rows)
    if corrected:
        for record in records:
            known = [entry for entry in entries if entry.id <= record.cursor]
            result = grade_in_force(known, policies, record.from_day, record.known_at)
            state = result.state_on(record.from_day)
            if not _agrees(record, state):
                yield _difference(subject, record, state)
    else:
        yield from _against_one_fold(subject, records, entries, policies)
    last = records[-1] if records else None
    stored = (subject.grade, subject.hundredths)
    if last is not None and stored != (last.grade, last.hundredths):
        yield Difference(
            subject.organisation_id,
            subject.register,
            subject.settled_on,
            "rating_subjects",
            _words(*stored),
            _words(last.grade, last.hundredths),
        )


def _against_one_fold(
    subject: RatingSubject,
    records: list[GradeRecord],
    entries: list[Entry],
    policies: list[DatedPolicy],
) -> Iterator[Difference]:
    """Without corrections of past days, one fold gives every record that must be there."""
    assert subject.settled_on is not None
    known_at = queries.start_of(subject.settled_on + timedelta(days=1))
    states = grade_in_force(entries, policies, subject.settled_on, known_at).states()
    by_day = {record.from_day: record for record in records}
    for state in states:
        record = by_day.pop(state.from_day, None)
        if record is None:
            yield Difference(
                subject.organisation_id,
                subject.register,
                state.from_day,
                "grade_records",
                "nothing",
                _words(state.grade, state.hundredths),
            )
        elif not _agrees(record, state):
            yield _difference(subject, record, state)
    for record in by_day.values():
        held = [state for state in states if state.from_day <= record.from_day]
        state = held[-1] if held else GradeState(record.from_day)
        yield _difference(subject, record, state)


def _agrees(record: GradeRecord, state: GradeState) -> bool:
    return replace(state, from_day=record.from_day) == queries.state_of(record)


def _difference(subject: RatingSubject, record: GradeRecord, state: GradeState) -> Difference:
    return Difference(
        subject.organisation_id,
        subject.register,
        record.from_day,
        f"grade_records {record.id}",
        _words(record.grade, record.hundredths, record.since),
        _words(state.grade, state.hundredths, state.since),
    )


def _words(grade: object, hundredths: int | None, since: date | None = None) -> str:
    score = "-" if hundredths is None else str(queries.hundredths(hundredths))
    return f"{grade} {score}" + (f" since {since}" if since else "")
