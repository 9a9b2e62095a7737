"""What connections and transactions are given: SQLite's pragmas, who may write, what has rested."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Dialect, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.sql.dml import UpdateBase

# in a connection's info: it began with the write lock
IMMEDIATE = "marketplace.immediate"

# a connection given back more lately than this is taken to be alive
_TRUSTED_SECONDS = 5
_GIVEN_BACK = "marketplace.given_back"

# whether what runs may write; None where nobody has said so: a transaction, yet without its lock
_write_mode: ContextVar[bool | None] = ContextVar("write_mode", default=None)


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


def only_reads() -> bool:
    """Whether what runs now has said that it will not write: a safe request."""
    return _write_mode.get() is False


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
    connection.info[IMMEDIATE] = in_write_mode()
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
    alone = only_reads()
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


def _refuse_to_write(_connection: Any, statement: Any, *_values: Any) -> None:
    if only_reads() and isinstance(statement, UpdateBase):
        raise RuntimeError("a request that only reads was about to write")
