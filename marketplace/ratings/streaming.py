"""The ledger and the stored grades as columns in order, block by block: what a replay reads.

Nothing here needs an application context: a replay reads from several processes at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, String, bindparam, cast, func, select, type_coerce

from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import EnumText

from .models import HASHED, GradeRecord, RatingEntry, RatingSubject

BLOCK = 250
_ROWS_AT_ONCE = 5000


def _plain(column: Any) -> Any:
    """A column of an enumeration as the text it holds; any other as it is."""
    if isinstance(column.type, EnumText):
        return type_coerce(column, String).label(column.key)
    return column


_POSTED = (
    AuditRow.subject_type == RatingEntry.__tablename__,
    AuditRow.action == "rating.posted",
)
_RANGE: tuple[Any, Any] = (bindparam("first"), bindparam("last"))
_SUBJECTS = (
    select(
        RatingSubject.id,
        RatingSubject.organisation_id,
        RatingSubject.register,
        RatingSubject.grade,
        RatingSubject.hundredths,
        RatingSubject.settled_on,
    )
    .where(RatingSubject.id.between(*_RANGE))
    .order_by(RatingSubject.id)
)
_LEDGER = RatingEntry.__table__.c
COLUMNS = (*(_plain(_LEDGER[name]) for name in HASHED), _LEDGER.id, _LEDGER.digest)
_AUDITED = select(*COLUMNS, AuditRow.facts["digest"].as_string().label("audited")).outerjoin(
    AuditRow,
    (AuditRow.subject_id == cast(RatingEntry.id, String)) & _POSTED[0] & _POSTED[1],
)
_ENTRIES = _AUDITED.where(RatingEntry.subject_id.between(*_RANGE)).order_by(
    RatingEntry.subject_id, RatingEntry.id, AuditRow.seq
)
_ROWS = _AUDITED.where(RatingEntry.id.between(*_RANGE)).order_by(RatingEntry.id, AuditRow.seq)
_RECORDS = (
    select(
        GradeRecord.subject_id,
        GradeRecord.id,
        GradeRecord.cursor,
        GradeRecord.from_day,
        _plain(GradeRecord.grade),
        GradeRecord.since,
        GradeRecord.hundredths,
        GradeRecord.evaluated,
        GradeRecord.edition_id,
    )
    .where(GradeRecord.subject_id.between(*_RANGE))
    .order_by(GradeRecord.subject_id, GradeRecord.from_day, GradeRecord.id)
)


@dataclass(slots=True)
class Stored:
    """All that is stored of one subject: its row, its ledger, its records from the oldest on.

    An entry's row begins with the columns that its digest is taken of and ends with `audited`, the
    digest that the audit ledger holds for it; a record's has the columns of ``GradeRecord`` that a
    replay gives anew. Enumerations are the texts that are stored.
    """

    subject: Any
    entries: Sequence[Row[Any]] = field(default_factory=list)
    records: Sequence[Row[Any]] = field(default_factory=list)


def subjects_between(connection: Connection, first: int, last: int) -> Iterator[Stored]:
    """The subjects numbered `first` to `last`, in order, with all that is stored of them."""
    for start in range(first, last + 1, BLOCK):
        block = {"first": start, "last": min(last, start + BLOCK - 1)}
        entries = _by_subject(connection, _ENTRIES, block, "subject_id")
        records = _by_subject(connection, _RECORDS, block, "subject_id")
        for subject in connection.execute(_SUBJECTS, block):
            yield Stored(subject, entries.get(subject.id, []), records.get(subject.id, []))


def _by_subject(
    connection: Connection, statement: Any, block: dict[str, int], column: str
) -> dict[int, list[Row[Any]]]:
    place = [each.name for each in statement.selected_columns].index(column)
    rows = connection.execute(statement, block).all()
    return {number: list(group) for number, group in groupby(rows, key=itemgetter(place))}


def extent(connection: Connection) -> tuple[int, int]:
    """The lowest and the highest number of a subject; (0, -1) where there is none."""
    found = connection.execute(select(func.min(RatingSubject.id), func.max(RatingSubject.id))).one()
    return (0, -1) if found[0] is None else (found[0], found[1])


def registers(connection: Connection) -> list[str]:
    """The registers that anybody is rated on."""
    return list(connection.scalars(select(RatingSubject.register).distinct()))


def rows(connection: Connection) -> Iterator[Any]:
    """The whole ledger in order, each row with `audited`; once more for each further audit row."""
    last = connection.scalar(select(func.max(RatingEntry.id))) or 0
    first = connection.scalar(select(func.min(RatingEntry.id))) or 0
    for start in range(first, last + 1, _ROWS_AT_ONCE):
        yield from connection.execute(
            _ROWS, {"first": start, "last": min(last, start + _ROWS_AT_ONCE - 1)}
        ).all()


def posted_numbers(connection: Connection) -> Iterator[int]:
    """The numbers of all entries that the audit ledger says were posted, in order."""
    numbers = select(AuditRow.subject_id).where(*_POSTED).order_by(AuditRow.seq)
    for number in connection.scalars(numbers.execution_options(yield_per=10_000)):
        yield int(number)


def held_numbers(connection: Connection) -> set[int]:
    """The numbers of all entries that the ledger holds."""
    return set(connection.scalars(select(RatingEntry.id)))
