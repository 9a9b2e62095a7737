"""New objects stored at once, for what is written in crowds.

The unit of work looks at everything that might depend on a new object, in steps that each look at
everything that might be there. Of a row that stands by itself none of it is needed: it goes by the
statement of its kind, and its object is told to the session as a flush tells it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Insert, insert, inspect
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import set_committed_value

from .db import Model, db, put


class _Kind(NamedTuple):
    """What is known of a class whose objects can be stored so."""

    statement: Insert
    # (name of the attribute, column's key, what it is where nobody has said)
    columns: tuple[tuple[str, str, Any], ...]
    relations: frozenset[str]
    # what the database would say where nobody has: then it has to be asked
    served: frozenset[str]


@cache
def _kind(model: type[Model]) -> _Kind | None:
    mapper: Mapper[Any] = inspect(model)
    heard = mapper.dispatch
    if heard.before_insert or heard.after_insert or mapper.version_id_col is not None:
        return None
    if mapper.inherits is not None or len(mapper.tables) > 1:
        return None
    columns, served = [], set()
    for attribute in mapper.column_attrs:
        column: Any = attribute.columns[0]
        if column.primary_key:
            continue
        default = column.default
        if column.server_default is not None or (default is not None and default.is_sequence):
            served.add(attribute.key)
        columns.append((attribute.key, column.key, default))
    statement = insert(mapper.local_table).returning(mapper.local_table.c.id)  # type: ignore[arg-type]
    relations = frozenset(mapper.relationships.keys())
    return _Kind(statement, tuple(columns), relations, frozenset(served))


def _stands_alone(kind: _Kind, given: dict[str, Any]) -> bool:
    return "id" not in given and not kind.relations & given.keys() and kind.served <= given.keys()


def store(instance: Model) -> None:
    """Add a new object to the session and to the database, as ``add`` and ``flush`` do.

    An object with a related one set, a chosen key, a value left to the database, or of a class
    that somebody listens to goes by them.
    """
    session = db.session()
    kind = _kind(type(instance))
    given = instance.__dict__
    state: Any = inspect(instance)
    if kind is None or not state.transient or not _stands_alone(kind, given):
        session.add(instance)
        session.flush()
        return
    row: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for name, column, default in kind.columns:
        if name in given:
            row[column] = given[name]
        elif default is None:
            made[name] = None
        else:
            row[column] = made[name] = default.arg(None) if default.is_callable else default.arg
    (stored,) = put(kind.statement, row)
    made["id"] = stored.id
    for name, value in made.items():
        set_committed_value(instance, name, value)
    # new to the session before it is known as stored, so that a rollback makes it forget both
    session.add(instance)
    session._register_persistent({state})
