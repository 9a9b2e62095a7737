"""The database: session, column types, statements of many uses, pages of a list."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Generic, TypeVar

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
    DateTime,
    Dialect,
    Executable,
    Integer,
    MetaData,
    Select,
    String,
    bindparam,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    registry,
)
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from . import prepared
from .connections import IMMEDIATE, only_reads
from .recent import kept_for

T = TypeVar("T")

# where a writing request holds what it read of the clock; gone once it may have waited for a lock
READING = "marketplace.reading"

# counts of more rows than this may be so many seconds old
COUNTED_EXACTLY = 1000
COUNTED_SECONDS = 20

_CONNECTION = "marketplace.connection"


class UTCDateTime(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Fen(TypeDecorator[Decimal]):
    """An amount paid: ``Decimal`` yuan in Python, whole fen (BIGINT) in the database.

    A fraction of a fen is refused, never rounded silently.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError("money is Decimal")
        fen = value * 100
        if fen != fen.to_integral_value():
            raise ValueError(f"{value} yuan is not a whole number of fen")
        return int(fen)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class DecimalText(TypeDecorator[Decimal]):
    """An exact decimal (fee, rate, step) kept as text in both engines."""

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored as its value; an unknown stored value raises instead of passing through."""

    impl = String(40)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.enum(value)


BigId: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Base of every model. Columns never default to now(): time is read from ``clock``."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UTCDateTime, int: BigId, dict: JSON, list: JSON},
    )

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no column {name}")
            setattr(self, name, value)


class Model(Base):
    """A table with an integer key."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)


_ALPHABET = "0123456789bcdfghjkmnpqrstvwxyz"
_LENGTH = 13


def new_public_id() -> str:
    """A random name for an address: 13 characters of 30, 63 bits, no vowel traps."""
    number = secrets.randbelow(len(_ALPHABET) ** _LENGTH)
    made = []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        made.append(_ALPHABET[place])
    return "".join(made)


class PublicIdMixin:
    """For what appears in an address: random, so that ids can be neither guessed nor counted."""

    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)


db = SQLAlchemy(model_class=Base)


@event.listens_for(db.session, "before_flush")
def _refuse_to_flush(session: Session, _context: Any, _objects: Any) -> None:
    if only_reads() and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a request that only reads was about to write")


@event.listens_for(db.session, "after_begin")
def _hold(session: Session, _transaction: Any, connection: Connection) -> None:
    session.info[_CONNECTION] = connection


@event.listens_for(db.session, "after_transaction_end")
def _let_go(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(_CONNECTION, None)


def _connection() -> Connection:
    """The connection of this transaction, all that was changed sent over it.

    Held, since the session looks for the engine, and asks where it stands, at each question.
    """
    session = db.session()
    session.flush()
    held: Connection | None = session.info.get(_CONNECTION)
    if held is None or session.in_nested_transaction() or not session.is_active:
        # a savepoint is not set before the session is asked for its connection
        return session.connection()
    return held


def fetch(statement: Executable, **values: Any) -> Sequence[Any]:
    """Rows of columns by a statement built once, with named parameters, for pages many open.

    A fraction of the cost of building the same query and loading objects for each request. What
    this transaction has changed is sent first, as for every query.
    """
    connection = _connection()
    rows = prepared.rows_of(connection, statement, values)
    return connection.execute(statement, values).all() if rows is None else rows


def put(statement: Executable, *rows: Mapping[str, Any]) -> Sequence[Any]:
    """Write rows by a statement built once, for what is written in crowds; what it returns of
    one row. What this transaction has changed is sent first."""
    connection = _connection()
    answer = prepared.sent(connection, statement, rows)
    if answer is not None:
        return answer
    result = connection.execute(statement, rows if len(rows) > 1 else rows[0])
    return result.all() if result.returns_rows else []


def lock(instance: T) -> T:
    """Lock a row for the rest of the transaction and have it as it is now.

    PostgreSQL: ``FOR UPDATE``, and read afresh. SQLite: nobody else has written since BEGIN
    IMMEDIATE, with which this transaction began to read: what it has loaded is what there is.
    Read the clock after this, never before. What this transaction has changed and not sent yet
    is sent first: re-reading would drop it.
    """
    db.session.flush()
    if db.session.connection().info.get(IMMEDIATE):
        return instance
    # its own table alone: what was loaded along with it may be missing, which cannot be locked
    db.session.refresh(instance, with_for_update={"of": type(instance)})
    db.session.info.pop(READING, None)
    return instance


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list in a stable order."""

    items: Sequence[T]
    number: int
    per_page: int
    total: int

    @property
    def last(self) -> int:
        """Number of the last page, at least 1."""
        return max(1, -(-self.total // self.per_page))

    @property
    def has_next(self) -> bool:
        return self.number < self.last

    @property
    def has_previous(self) -> bool:
        return self.number > 1


def _total(query: Select[Any]) -> int:
    """How many rows there are: exactly, or, of a thousand and more, as counted lately."""

    def count() -> int:
        return db.session.scalar(_counting(query)) or 0

    found = query._generate_cache_key()
    if found is None or not current_app.config["SHARE_PAGES_SECONDS"]:
        return count()
    values = tuple(str(parameter.effective_value) for parameter in found.bindparams)
    key = (current_app.config["SQLALCHEMY_DATABASE_URI"], found.key, values)
    return kept_for(COUNTED_SECONDS, key, count, least=COUNTED_EXACTLY)


def _counting(query: Select[Any]) -> Select[int]:
    """The count of a query's rows, without the columns and joined objects of its pages."""
    plain = query.order_by(None)
    if plain._group_by_clauses or plain._distinct:
        return select(func.count()).select_from(plain.subquery())
    return plain.with_only_columns(func.count(), maintain_column_froms=True)


def as_written(number: int) -> BindParameter[int]:
    """A number that stands in the statement itself, for LIMIT and OFFSET.

    For a limit it does not know PostgreSQL prepares to read a tenth of the table, and sorts it.
    """
    return literal(number, literal_execute=True)


class unindexed(GenericFunction[str]):
    """A text column to be compared without its index: the list is walked in its own order.

    SQLite, which knows nothing of how common a value is, would read all rows of an area and sort
    them. PostgreSQL knows, and is given the column itself.
    """

    type = String()
    inherit_cache = True


@compiles(unindexed)
def _as_it_is(element: unindexed, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(unindexed, "sqlite")
def _out_of_the_index(element: unindexed, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def paginate(query: Select[T], number: int, per_page: int = 20) -> Page[T]:
    """A page of ``query`` (which must carry a total ORDER BY), counted exactly."""
    total, number, page = _page_of(query, number, per_page)
    return Page(db.session.scalars(page).all(), number, per_page, total)


def paginate_rows(
    query: Select[Any], columns: Sequence[Any], number: int, per_page: int = 20
) -> Page[Any]:
    """The same with rows of some columns instead of objects, for lists many open."""
    total = _total(query)
    number, after = _place(total, number, per_page)
    rows = fetch(_paged(query, tuple(columns)), page_size=per_page, page_start=after)
    return Page(rows, number, per_page, total)


@lru_cache(maxsize=256)
def _paged(query: Select[Any], columns: tuple[Any, ...]) -> Select[Any]:
    """The page of a query as one statement for all its pages, as long as the query is the same."""
    size, start = (
        bindparam(name, type_=Integer, literal_execute=True) for name in ("page_size", "page_start")
    )
    chosen = query.with_only_columns(*columns, maintain_column_froms=True)
    return chosen.limit(size).offset(start)


def _place(total: int, number: int, per_page: int) -> tuple[int, int]:
    """The page there is nearest to the one asked for, and how many rows stand before it."""
    number = min(max(1, number), max(1, -(-total // per_page)))
    return number, (number - 1) * per_page


def _page_of(query: Select[T], number: int, per_page: int) -> tuple[int, int, Select[T]]:
    total = _total(query)
    number, after = _place(total, number, per_page)
    return total, number, query.limit(as_written(per_page)).offset(as_written(after))
