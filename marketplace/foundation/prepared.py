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

from sqlalchemy import ColumnElement, Dialect, Executable, Select, TextClause
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert, Update

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
    # (place, how it is read) of columns that are not as the driver gives them; None: no answer
    read: tuple[tuple[int, Callable[[Any], Any]], ...] | None


class _Known:
    """What is known of a statement: its prepared forms by engine, names and shape of its values;
    its compiled form by engine and names, with the names of the values that stand in its text."""

    __slots__ = ("compiled", "forms")

    def __init__(self) -> None:
        self.forms: dict[Any, _Prepared | None] = {}
        self.compiled: dict[Any, tuple[Any, tuple[str, ...]]] = {}


_kept: WeakKeyDictionary[Executable, _Known] = WeakKeyDictionary()


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
    return None if prepared is None else _ask(connection, prepared, [values])


def sent(
    connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]
) -> Sequence[Any] | None:
    """Write rows by a statement used before; what it returns of them (of one row: of several
    nothing may be asked). None, and nothing is written, at first use and for what has to go the
    usual way."""
    if not isinstance(statement, (Insert, Update, TextClause)):
        return None
    known = _kept.get(statement)
    if known is None:
        _kept[statement] = _Known()
        return None
    dialect = connection.dialect
    place = (dialect.name, *rows[0])
    if place in known.forms:
        prepared = known.forms[place]
    elif len(known.forms) >= _MOST_KEPT:
        return None
    else:
        prepared = known.forms[place] = _prepare_writing(statement, dialect, rows[0])
    if prepared is None or (len(rows) > 1 and prepared.read is not None):
        return None
    for listener in connection.dispatch.before_execute:
        listener(connection, statement, rows, {}, {})
    return _ask(connection, prepared, rows)


def _compiled(
    statement: Select[Any], dialect: Dialect, values: Mapping[str, Any]
) -> tuple[Any, tuple[str, ...]]:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(values))
    literal = {parameter.key for parameter in compiled.literal_execute_params}
    return compiled, tuple(name for name in values if name in literal)


def _prepare(
    statement: Select[Any], compiled: Any, dialect: Dialect, values: Mapping[str, Any]
) -> _Prepared | None:
    if len(list(statement.selected_columns)) != len(list(statement.inner_columns)):
        return None
    return _written_out(compiled, dialect, values, list(statement.selected_columns))


def _prepare_writing(
    statement: Insert | Update | TextClause, dialect: Dialect, values: Mapping[str, Any]
) -> _Prepared | None:
    compiled: Any
    if isinstance(statement, TextClause):
        compiled = statement.compile(dialect=dialect)
        return _written_out(compiled, dialect, values, [])
    compiled = statement.compile(dialect=dialect, column_keys=list(values))
    # a column's default is worked out by the engine, for each row
    if compiled.insert_prefetch or compiled.update_prefetch:
        return None
    # as it was written: what else tells it may be kept from the statement this one was made of
    returned = list(statement._returning)
    if not all(isinstance(column, ColumnElement) for column in returned):
        return None
    return _written_out(compiled, dialect, values, returned)


def _written_out(
    compiled: Any, dialect: Dialect, values: Mapping[str, Any], columns: Sequence[Any]
) -> _Prepared | None:
    names = [column.key or "" for column in columns]
    if any(not name.isidentifier() or name.startswith("_") for name in names):
        return None
    if len(set(names)) < len(names):
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
        # a list's values come out of the expansion with theirs, all others have their own
        ready = state.processors.get(name) or compiled._bind_processors.get(name)
        if name not in state.parameters:
            continue  # it stands in the text
        if value in values:
            asked.append((name, value, place, ready))
        else:
            fixed = state.parameters[name]
            constant[name] = fixed if ready is None else ready(fixed)
    read = []
    for place, column in enumerate(columns):
        reads = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if reads is not None:
            read.append((place, reads))
    return _Prepared(
        sql=state.statement,
        asked=tuple(asked),
        constant=constant,
        order=None if state.positiontup is None else tuple(state.positiontup),
        make=namedtuple("Row", names)._make,  # type: ignore[attr-defined]
        read=tuple(read) if columns else None,
    )


def _ask(
    connection: Connection, prepared: _Prepared, rows: Sequence[Mapping[str, Any]]
) -> list[Any]:
    made = [_ready(prepared, values) for values in rows]
    many = len(made) > 1
    sent: Any = made if many else made[0]
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    try:
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, prepared.sql, sent, None, many)
        if many:
            cursor.executemany(prepared.sql, sent)
        else:
            cursor.execute(prepared.sql, sent)
        found = [] if prepared.read is None else cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_the_engine_says(connection, prepared.sql, sent, error) from error
    finally:
        cursor.close()
    make, read = prepared.make, prepared.read
    if not read:
        return [make(row) for row in found]
    answer = []
    for row in found:
        cells = list(row)
        for place, reads in read:
            cells[place] = reads(cells[place])
        answer.append(make(cells))
    return answer


def _ready(prepared: _Prepared, values: Mapping[str, Any]) -> Any:
    """The values of one row as the driver takes them."""
    given = dict(prepared.constant)
    for name, value, place, ready in prepared.asked:
        one = values[value] if place is None else values[value][place]
        given[name] = one if ready is None else ready(one)
    return given if prepared.order is None else tuple([given[name] for name in prepared.order])


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
