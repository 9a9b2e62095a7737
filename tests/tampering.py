"""Rows changed behind the application's back, as somebody with the database could."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Connection, text

from marketplace.foundation.db import db


def unguard(connection: Connection, table: str) -> None:
    """Take away what keeps a table append-only."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        return
    for name in connection.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"),
        {"t": table},
    ).all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def alter(app: Flask, table: str, statement: str, rows: int = 1) -> None:
    """Run a statement on an unguarded table; it must touch exactly so many rows."""
    with app.app_context(), db.engine.connect() as connection:
        unguard(connection, table)
        changed = connection.execute(text(statement))
        assert changed.rowcount == rows
        connection.commit()
