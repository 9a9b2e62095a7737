"""New objects stored at once, for what is written in crowds.

The unit of work looks at everything that might depend on a new object, in steps that each look at
everything that might be there. Of a row that stands by itself none of it is needed: it goes by the
statement of its kind, and its object is as one that was read.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Insert, insert, inspect
from sqlalchemy.orm import Mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from .db import Model, db, put


class _Kind(NamedTuple):
    """What is known of a class whose objects can be stored so."""

    statement: Insert
    # (name of the attribute, column's key, what it is where nobody has said)
    columns: tuple[tuple[str, str, Any], ...]
    relations: frozenset[str]


@cache
def _kind(model: type[Model]) -> _Kind | None:
    mapper: Mapper[Any] = inspect(model)
    heard = mapper.dispatch
    if heard.before_insert or heard.after_insert or mapper.version_id_col is not None:
        return None
    if mapper.inherits is not None or len(mapper.tables) > 1:
        return None
    columns = []
    for attribute in mapper.column_attrs:
        column: Any = attribute.columns[0]
        if column.primary_key:
            continue
        default = column.default
        if column.server_default is not None or (default is not None and default.is_sequence):
            return None
        columns.append((attribute.key, column.key, default))
    statement = insert(mapper.local_table).returning(mapper.local_table.c.id)  # type: ignore[arg-type]
    return _Kind(statement, tuple(columns), frozenset(mapper.relationships.keys()))


def store(instance: Model) -> None:
    """Add a new object to the session and to the database.

    As ``add`` and ``flush`` do, without what hangs on it: an object with a related one set, a
    chosen key, or of a class that somebody listens to goes the usual way. After a rollback to a
    savepoint before it, it is not to be used any more.
    """
    kind = _kind(type(instance))
    given = instance.__dict__
    pending = instance in db.session
    if kind is None or pending or "id" in given or not kind.relations.isdisjoint(given):
        db.session.add(instance)
        db.session.flush()
        return
    row, unsaid = {}, []
    for name, column, default in kind.columns:
        if name in given:
            row[column] = given[name]
        elif default is None:
            unsaid.append(name)
        else:
            row[column] = value = default.arg(None) if default.is_callable else default.arg
            set_committed_value(instance, name, value)
    (stored,) = put(kind.statement, row)
    set_committed_value(instance, "id", stored.id)
    for name in unsaid:
        set_committed_value(instance, name, None)
    make_transient_to_detached(instance)
    db.session.add(instance)
