"""Transactions end once, at the edge. Only web, tasks and commands import this module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy.orm import scoped_session

from .connections import write_mode
from .db import db


@contextmanager
def transaction() -> Iterator[scoped_session[Session]]:
    """Run a block as one transaction: commit at its end, roll back whole on any error.

    On SQLite it takes the write lock first. An unfinished read before it is ended; unfinished
    writes before it are a programming error.
    """
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("a transaction was begun with unsaved changes outstanding")
    db.session.rollback()
    with write_mode():
        try:
            yield db.session
            commit()
        except BaseException:
            rollback()
            raise


@contextmanager
def looking() -> Iterator[scoped_session[Session]]:
    """Read in a block without keeping anybody from writing. An unfinished read before it is ended,
    and nothing written inside is kept."""
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("a look was begun with unsaved changes outstanding")
    db.session.rollback()
    try:
        yield db.session
    finally:
        rollback()


@contextmanager
def snapshot() -> Iterator[scoped_session[Session]]:
    """Read in a block what there was at one moment, whatever others write meanwhile.

    For checks that compare several statements' answers. SQLite reads so in any transaction;
    PostgreSQL does as REPEATABLE READ. An unfinished read before it is ended, and nothing written
    inside is kept.
    """
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("a snapshot was begun with unsaved changes outstanding")
    db.session.rollback()
    options: dict[str, Any] = {}
    if db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    db.session.connection(execution_options=options)
    try:
        yield db.session
    finally:
        rollback()


def commit() -> None:
    """Make everything of this transaction last."""
    db.session.commit()


def rollback() -> None:
    """Undo everything of this transaction."""
    db.session.rollback()
