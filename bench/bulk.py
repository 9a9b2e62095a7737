"""Many rows at once into a table, as plain tuples, on either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table

Row = dict[str, Any]
_BATCH = 5000


def insert(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    """Insert rows (column name → Python value) and return how many there were.

    Columns left out take their Python default or NULL. Values pass through the column types of
    the models, so that what is stored is what the product would have stored.
    """
    columns = list(table.columns)
    makers = [_maker(column, connection) for column in columns]
    tuples = (tuple(make(row) for make in makers) for row in rows)
    names = ", ".join(f'"{column.name}"' for column in columns)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'
        return _in_batches(tuples, lambda batch: driver.executemany(statement, batch))
    copied = 0
    with driver.cursor().copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for values in tuples:
            copy.write_row(values)
            copied += 1
    return copied


def _in_batches(rows: Iterator[tuple[Any, ...]], write: Callable[[Any], Any]) -> int:
    written = 0
    while batch := list(islice(rows, _BATCH)):
        write(batch)
        written += len(batch)
    return written


def _maker(column: Any, connection: Connection) -> Callable[[Row], Any]:
    """How the stored value of a column comes out of a row."""
    name = column.name
    bind = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    default = column.default
    fallback: Any
    if default is not None and default.is_scalar:
        fallback = default.arg
    elif default is not None and default.is_callable:
        # the same empty value for all: rows that need one each, as public ids, bring their own
        fallback = default.arg(None)
    elif column.nullable:
        fallback = None
    else:

        def required(row: Row) -> Any:
            return row[name] if bind is None else bind(row[name])

        return required

    def optional(row: Row) -> Any:
        value = row.get(name, fallback)
        return value if bind is None else bind(value)

    return optional
