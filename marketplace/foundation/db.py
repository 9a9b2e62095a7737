"""The database: session, column types, SQLite's pragmas, pages of a list."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache, partial
from time import monotonic
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
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    registry,
)
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from . import prepared
from .recent import kept_for

T = TypeVar("T")

# where a writing request holds what it read of the clock; gone once it may have waited for a lock
READING = "marketplace.reading"
_IMMEDIATE = "marketplace.immediate"

# counts of more rows than this may be so many seconds old
COUNTED_EXACTLY = 1000
COUNTED_SECONDS = 20

# a connection given back more lately than this is taken to be alive
_TRUSTED_SECONDS = 5
_GIVEN_BACK = "marketplace.given_back"

# whether what runs may write; None where nobody has said so: a transaction, yet without its lock
_write_mode: ContextVar[bool | None] = ContextVar("write_mode", default=None)


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


def new_public_id() -> str:
    """A random name for an address: 13 characters of base 32, 65 bits, no vowel traps."""
    alphabet = "0123456789bcdfghjkmnpqrstvwxyz"
    return "".join(secrets.choice(alphabet) for _ in range(13))


class PublicIdMixin:
    """For what appears in an address: random, so that ids can be neither guessed nor counted."""

    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)


db = SQLAlchemy(model_class=Base)


@contextmanager
def write_mode() -> Iterator[None]:
    """Transactions begun inside take the write lock at once on SQLite (BEGIN IMMEDIATE)."""
    token = _write_mode.set(True)
    try:
        yield
    finally:
        _write_mode.reset(token)


def set_write_mode(on: bool | None) -> None:
    """Set by the web layer at the start of each request, by its method; None at its end."""
    _write_mode.set(on)


def in_write_mode() -> bool:
    """Whether what runs now may write: an unsafe request, a task, a command."""
    return bool(_write_mode.get())


def prepare_engine(engine: Engine) -> None:
    """Give an engine of ours what its transactions need.

    SQLite: its pragmas and an explicit BEGIN. PostgreSQL: a request that only reads asks each
    statement by itself, as READ COMMITTED sees it anyway, without the two messages around them;
    a connection that has rested is tried before it is used.
    """
    event.listen(engine, "before_execute", _refuse_to_write)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        event.listen(engine, "connect", _postgresql_connect)
        event.listen(engine, "begin", _postgresql_begin)
        event.listen(engine, "checkin", _given_back)
        event.listen(engine, "checkout", partial(_try_rested, engine.dialect))


def _sqlite_connect(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=8000",
        # pages are read where the system holds them instead of being copied; half the reading
        "mmap_size=1073741824",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    connection.info[_IMMEDIATE] = in_write_mode()
    if in_write_mode():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")  # which neither reads nor waits


def _postgresql_connect(dbapi_connection: Any, record: Any) -> None:
    # to compile a statement costs more than any of ours takes
    dbapi_connection.autocommit = True
    dbapi_connection.execute("SET jit = off")
    dbapi_connection.autocommit = False
    record.info[_GIVEN_BACK] = monotonic()


def _postgresql_begin(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level"):
        return  # whoever asked for a way of their own has it
    driver: Any = connection.connection.driver_connection
    alone = _write_mode.get() is False
    if driver.autocommit is not alone:
        driver.autocommit = alone


def _given_back(_dbapi_connection: Any, record: Any) -> None:
    record.info[_GIVEN_BACK] = monotonic()


def _try_rested(dialect: Dialect, dbapi_connection: Any, record: Any, _proxy: Any) -> None:
    if monotonic() - record.info[_GIVEN_BACK] < _TRUSTED_SECONDS:
        return
    try:
        dialect.do_ping(dbapi_connection)
    except dialect.loaded_dbapi.Error as error:
        # the server was restarted: every connection made before is dropped with this one
        raise InvalidatePoolError from error


@event.listens_for(db.session, "before_flush")
def _refuse_to_flush(session: Session, _context: Any, _objects: Any) -> None:
    if _write_mode.get() is False and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a request that only reads was about to write")


def _refuse_to_write(_connection: Any, statement: Any, *_values: Any) -> None:
    if _write_mode.get() is False and isinstance(statement, UpdateBase):
        raise RuntimeError("a request that only reads was about to write")


def fetch(statement: Executable, **values: Any) -> Sequence[Any]:
    """Rows of columns by a statement built once, with named parameters, for pages many open.

    A fraction of the cost of building the same query and loading objects for each request. What
    this transaction has changed is sent first, as for every query.
    """
    session = db.session()
    session.flush()
    connection = session.connection()
    rows = prepared.rows_of(connection, statement, values)
    return connection.execute(statement, values).all() if rows is None else rows


def lock(instance: T) -> T:
    """Lock a row for the rest of the transaction and have it as it is now.

    PostgreSQL: ``FOR UPDATE``, and read afresh. SQLite: nobody else has written since BEGIN
    IMMEDIATE, with which this transaction began to read: what it has loaded is what there is.
    Read the clock after this, never before. What this transaction has changed and not sent yet
    is sent first: re-reading would drop it.
    """
    db.session.flush()
    if db.session.connection().info.get(_IMMEDIATE):
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
