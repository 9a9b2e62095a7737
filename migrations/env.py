"""Runs migrations on SQLite and PostgreSQL, one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.types import TypeEngine

from marketplace.foundation.connections import write_mode
from marketplace.foundation.db import DecimalText, EnumText, Fen, UTCDateTime, db

LOCK_KEY = 7_462_002
PLAIN = {
    UTCDateTime: "sa.DateTime(timezone=True)",
    Fen: "sa.BigInteger()",
    DecimalText: "sa.String(length=64)",
    EnumText: "sa.String(length=40)",
}


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our column types as plain ones: a migration must not change when code does."""
    if kind != "type" or not isinstance(item, TypeEngine):
        return False
    for ours, plain in PLAIN.items():
        if isinstance(item, ours):
            return plain
    return False


@contextmanager
def one_at_a_time(connection: Connection) -> Iterator[None]:
    """Only one process migrates; the others wait and then find nothing to do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.commit()
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
            connection.commit()
        return
    database = connection.engine.url.database or "memory"
    with Path(f"{database}.migrate.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def references_at_rest(connection: Connection) -> Iterator[None]:
    """Let SQLite build a table anew that others refer to; a migration that does checks it itself.

    Whether references are kept cannot be changed inside a transaction.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def run() -> None:
    """Migrate over the application's engine."""
    with (
        write_mode(),
        db.engine.connect() as connection,
        one_at_a_time(connection),
        references_at_rest(connection),
    ):
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            render_as_batch=True,
            compare_type=True,
            transaction_per_migration=True,
            transactional_ddl=True,
            **{
                key: value
                for key, value in current_app.extensions["migrate"].configure_args.items()
                if key not in ("render_as_batch", "compare_type")
            },
        )
        with context.begin_transaction():
            context.run_migrations()


run()
