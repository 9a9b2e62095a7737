"""The ledger and the stored grades as columns in order, block by block: what a replay reads.

Nothing here needs an application context: a replay reads from several processes at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)

from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import DecimalText, EnumText

from .models import HASHED, GradeRecord, RatingEntry, RatingSubject

BLOCK = 250
_ROWS_AT_ONCE = 5000


def _plain(column: Any) -> Any:
    """A column of an enumeration or a decimal as the text it holds; any other as it is."""
    if isinstance(column.type, EnumText | DecimalText):
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
        _plain(RatingSubject.grade),
        RatingSubject.hundredths,
        RatingSubject.settled_on,
        RatingSubject.next_check_at,
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
    replay gives anew. Enumerations and decimals are the texts that are stored. `unreadable` says
    what could not be read; then nothing else is given.
    """

    subject: Any
    entries: Sequence[Row[Any]] = field(default_factory=list)
    records: Sequence[Row[Any]] = field(default_factory=list)
    unreadable: str = ""


def subjects_between(connection: Connection, first: int, last: int) -> Iterator[Stored]:
    """The subjects numbered `first` to `last`, in order, with all that is stored of them.

    One with a value that is none of its column's comes with `unreadable`.
    """
    between = RatingSubject.id.between(first, last)
    for start, end in _blocks(connection, RatingSubject.id, BLOCK, between):
        yield from _subjects(connection, start, end)


def _subjects(connection: Connection, first: int, last: int) -> list[Stored]:
    block = {"first": first, "last": last}
    try:
        entries = _by_subject(connection, _ENTRIES, block, "subject_id")
        records = _by_subject(connection, _RECORDS, block, "subject_id")
        found = connection.execute(_SUBJECTS, block).all()
    except (ArithmeticError, TypeError, ValueError) as error:
        if first == last:
            named = select(RatingSubject.id, RatingSubject.organisation_id, RatingSubject.register)
            subject = connection.execute(named.where(RatingSubject.id == first)).one()
            return [Stored(subject, unreadable=str(error))]
        numbers = select(RatingSubject.id).where(RatingSubject.id.between(first, last))
        each = connection.scalars(numbers.order_by(RatingSubject.id)).all()
        return [stored for number in each for stored in _subjects(connection, number, number)]
    return [
        Stored(subject, entries.get(subject.id, []), records.get(subject.id, []))
        for subject in found
    ]


def _blocks(
    connection: Connection, key: Any, size: int, *conditions: Any
) -> Iterator[tuple[int, int]]:
    """The lowest and the highest of every so many numbers there are, however far apart."""
    asked = select(key).where(*conditions).order_by(key).limit(literal_column(str(size)))
    numbers = asked
    while found := connection.scalars(numbers).all():
        yield found[0], found[-1]
        numbers = asked.where(key > found[-1])


def _by_subject(
    connection: Connection, statement: Any, block: dict[str, int], column: str
) -> dict[int, list[Row[Any]]]:
    place = [each.name for each in statement.selected_columns].index(column)
    rows = connection.execute(statement, block).all()
    return {number: list(group) for number, group in groupby(rows, key=itemgetter(place))}


def pieces(connection: Connection, size: int) -> list[tuple[int, int]]:
    """The lowest and the highest number of every so many subjects."""
    return list(_blocks(connection, RatingSubject.id, size))


def count(connection: Connection) -> int:
    """How many subjects there are."""
    return connection.scalar(select(func.count()).select_from(RatingSubject)) or 0


def registers(connection: Connection) -> list[str]:
    """The registers that anybody is rated on."""
    return list(connection.scalars(select(RatingSubject.register).distinct()))


def rows(connection: Connection) -> Iterator[tuple[int, Any]]:
    """The whole ledger in order by number, each row with `audited`; once more for each further
    audit row. None for a row with a value that is none of its column's."""
    for first, last in _blocks(connection, RatingEntry.id, _ROWS_AT_ONCE):
        yield from _rows(connection, first, last)


def _rows(connection: Connection, first: int, last: int) -> list[tuple[int, Any]]:
    try:
        found = connection.execute(_ROWS, {"first": first, "last": last}).all()
    except (ArithmeticError, TypeError, ValueError):
        if first == last:
            return [(first, None)]
        numbers = select(RatingEntry.id).where(RatingEntry.id.between(first, last))
        each = connection.scalars(numbers.order_by(RatingEntry.id)).all()
        return [row for number in each for row in _rows(connection, number, number)]
    return [(row.id, row) for row in found]


def posted_numbers(connection: Connection) -> Iterator[int]:
    """The numbers of all entries that the audit ledger says were posted, in order.

    What is no number there is an altered audit row, which the chain names.
    """
    numbers = select(AuditRow.subject_id).where(*_POSTED).order_by(AuditRow.seq)
    for number in connection.scalars(numbers.execution_options(yield_per=10_000)):
        if number.isdecimal():
            yield int(number)


def held_numbers(connection: Connection) -> set[int]:
    """The numbers of all entries that the ledger holds."""
    return set(connection.scalars(select(RatingEntry.id)))
