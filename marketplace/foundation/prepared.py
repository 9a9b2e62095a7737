"""Statements built once, sent without being looked at anew: for what many pages ask.

SQLAlchemy finds the compiled form of a statement, prepares its values and dresses its answer in
steps that each look at everything that might be there. For a statement that stands at module level
all but the values is the same each time: it is worked out at the second use and kept with the
statement. What the engine's listeners, its errors and its column types do remains the same.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable, Select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

# of lists of values as long as pages are; a longer or rarer one goes the usual way
_MOST_KEPT = 60


class _Prepared(NamedTuple):
    """A statement for one engine and one length of each list among its values."""

    sql: str
    # (name in the SQL, name among the values, place in a list or None, how a value is made ready)
    asked: tuple[tuple[str, str, int | None, Callable[[Any], Any] | None], ...]
    constant: dict[str, Any]
    order: tuple[str, ...] | None
    make: Callable[..., Any]
    # (place, how it is read) of columns that are not as the driver gives them
    read: tuple[tuple[int, Callable[[Any], Any]], ...]


class _Known:
    """What is known of a statement: its prepared forms by engine, names and shape of its values;
    its compiled form by engine and names, with the names of the values that stand in its text."""

    __slots__ = ("compiled", "forms")

    def __init__(self) -> None:
        self.forms: dict[Any, _Prepared | None] = {}
        self.compiled: dict[Any, tuple[Any, tuple[str, ...]]] = {}


_kept: WeakKeyDictionary[Select[Any], _Known] = WeakKeyDictionary()


def rows_of(
    connection: Connection, statement: Executable, values: Mapping[str, Any]
) -> Sequence[Any] | None:
    """The rows of a statement used before, as tuples with its columns' names; None at first use
    and for what has to go the usual way."""
    if not isinstance(statement, Select):
        return None
    known = _kept.get(statement)
    if known is None:
        # most statements are built for one use: only who comes back with the same is prepared
        _kept[statement] = _Known()
        return None
    dialect = connection.dialect
    # the names too: a statement may be asked with more or fewer of its values
    place = (dialect.name, *values)
    if place not in known.compiled:
        known.compiled[place] = _compiled(statement, dialect, values)
    compiled, written = known.compiled[place]
    key = (
        *place,
        *[(name, len(value)) for name, value in values.items() if type(value) in (list, tuple)],
        *[values[name] for name in written],
    )
    forms = known.forms
    if key in forms:
        prepared = forms[key]
    elif len(forms) >= _MOST_KEPT:
        return None
    else:
        prepared = forms[key] = _prepare(statement, compiled, dialect, values)
    return None if prepared is None else _ask(connection, prepared, values)


def _compiled(
    statement: Select[Any], dialect: Dialect, values: Mapping[str, Any]
) -> tuple[Any, tuple[str, ...]]:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(values))
    literal = {parameter.key for parameter in compiled.literal_execute_params}
    return compiled, tuple(name for name in values if name in literal)


def _prepare(
    statement: Select[Any], compiled: Any, dialect: Dialect, values: Mapping[str, Any]
) -> _Prepared | None:
    names = [column.key or "" for column in statement.selected_columns]
    plain = len(names) == len(list(statement.inner_columns)) and all(
        name.isidentifier() and not name.startswith("_") for name in names
    )
    if not plain or len(set(names)) < len(names):
        return None
    state = compiled.construct_expanded_state(dict(values))
    places: dict[str, tuple[str, int | None]] = {}
    for name in compiled.params:
        given = state.parameter_expansion.get(name)
        if given is None:
            places[name] = (name, None)
        else:
            places.update({each: (name, place) for place, each in enumerate(given)})
    asked, constant = [], {}
    for name, (value, place) in places.items():
        ready = state.processors.get(name)
        if name not in state.parameters:
            continue  # it stands in the text
        if value in values:
            asked.append((name, value, place, ready))
        else:
            fixed = state.parameters[name]
            constant[name] = fixed if ready is None else ready(fixed)
    read = []
    for place, column in enumerate(statement.selected_columns):
        reads = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if reads is not None:
            read.append((place, reads))
    return _Prepared(
        sql=state.statement,
        asked=tuple(asked),
        constant=constant,
        order=None if state.positiontup is None else tuple(state.positiontup),
        make=namedtuple("Row", names)._make,  # type: ignore[attr-defined]
        read=tuple(read),
    )


def _ask(connection: Connection, prepared: _Prepared, values: Mapping[str, Any]) -> list[Any]:
    given = dict(prepared.constant)
    for name, value, place, ready in prepared.asked:
        one = values[value] if place is None else values[value][place]
        given[name] = one if ready is None else ready(one)
    sent: Any = given if prepared.order is None else tuple([given[name] for name in prepared.order])
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    try:
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, prepared.sql, sent, None, False)
        cursor.execute(prepared.sql, sent)
        found = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_the_engine_says(connection, prepared.sql, sent, error) from error
    finally:
        cursor.close()
    make, read = prepared.make, prepared.read
    if not read:
        return [make(row) for row in found]
    rows = []
    for row in found:
        cells = list(row)
        for place, reads in read:
            cells[place] = reads(cells[place])
        rows.append(make(cells))
    return rows


def _as_the_engine_says(connection: Connection, sql: str, sent: Any, error: Exception) -> Exception:
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
        # what was connected before is taken to be lost with it, as the engine does itself
        connection.engine.dispose(close=False)
    told: Exception = DBAPIError.instance(
        sql, sent, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
    )
    return told
