"""Setting up: the schema, the shipped editions, a demo in an empty database; answering pages."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import flask_migrate
import waitress
from flask import current_app
from sqlalchemy import event, inspect, select, text

from config import ROOT, Settings
from marketplace.accounts import actions as accounts
from marketplace.finding.warming import keep_warm
from marketplace.foundation import audit, clock, heads, heap
from marketplace.foundation.db import Base, db
from marketplace.foundation.transactions import transaction

from .editions import INSTALLER, load_shipped_editions
from .saying import progress

DEMO_LOADED = "demo.loaded"

_SETUP_LOCK = 7_462_003


@click.command("setup")
def setup() -> None:
    """Bring the database to the newest schema and load the shipped editions, once."""
    with setup_lock():
        progress("checking the database")
        migrate_database()
        load_shipped_editions()


@contextmanager
def setup_lock() -> Iterator[None]:
    """Let one process at a time set up: a file lock here, an advisory lock on PostgreSQL."""
    settings: Settings = current_app.config["SETTINGS"]
    with (settings.data_dir / "setup.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if db.engine.dialect.name != "postgresql":
            yield
            return
        with db.engine.connect() as connection:
            key = {"key": _SETUP_LOCK}
            connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
            connection.commit()
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


def migrate_database() -> None:
    """Run the migrations that are missing."""
    if any((ROOT / "migrations" / "versions").glob("*.py")):
        flask_migrate.upgrade(directory=str(ROOT / "migrations"))
    else:
        db.create_all()
    if is_new():
        heads.forget_kept()


def is_new() -> bool:
    """Whether nothing was ever recorded in this database."""
    if not inspect(db.engine).has_table("audit_ledger"):
        return True
    new = audit.head()[0] == 0
    db.session.rollback()
    return new


@click.command("serve")
def serve() -> None:
    """Set up, load the demo where it is wanted and the database is new, and answer pages.

    ``scripts/serve`` runs this beside the worker.
    """
    settings: Settings = current_app.config["SETTINGS"]
    _set_up_for(settings)
    if settings.mode == "demo" and not holds_demo():
        # real data: the demo's liberties end here
        os.execve(
            sys.executable,
            [sys.executable, *sys.orig_argv[1:]],
            {**os.environ, "MARKETPLACE_MODE": "production"},
        )
    if settings.mode == "production":
        with transaction():
            token = accounts.issue_setup_token()
        if token:
            click.echo(f"no accounts yet; open /setup within 30 minutes with the token {token}")
    application = current_app._get_current_object()  # type: ignore[attr-defined]
    keep_warm(application)
    answer(
        application,
        settings,
        current_app.config["MAX_CONTENT_LENGTH"],
    )


def answer(application: Any, settings: Settings, largest_request: int) -> None:
    """Answer pages with the web server until the process is told to stop; sizes in bytes.

    Raises ClickException when another process holds the address.
    """
    try:
        server = waitress.create_server(
            application,
            host=settings.host,
            port=settings.port,
            threads=8,
            connection_limit=1000,
            ident=None,
            channel_timeout=60,
            max_request_body_size=largest_request,
        )
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror}"
        ) from error
    server.run()


def _set_up_for(settings: Settings) -> None:
    heap.settle()
    with setup_lock():
        if settings.mode == "demo" and demo_was_interrupted():
            _remove_half_a_demo()
        migrate_database()
        if settings.mode == "demo" and is_new():
            fill_with_demo(settings.small_demo)
        else:
            load_shipped_editions()


def holds_demo() -> bool:
    """Whether this is a demo's database: some firm or owner in it is marked as demo."""
    organisations = Base.metadata.tables["organisations"]
    found = db.session.execute(
        select(organisations.c.id)
        .where(organisations.c.is_demo, organisations.c.function == "party")
        .limit(1)
    ).first()
    db.session.rollback()
    return found is not None


def demo_was_interrupted() -> bool:
    """Whether a demo was begun in this database and never finished."""
    if is_new() or not holds_demo():
        return False
    finished = db.session.scalar(
        select(audit.AuditRow.seq).where(audit.AuditRow.action == DEMO_LOADED).limit(1)
    )
    db.session.rollback()
    return finished is None


def _remove_half_a_demo() -> None:
    if db.engine.dialect.name != "sqlite":
        raise click.ClickException(
            "the demo in this database was interrupted; make the database anew and start again"
        )
    progress("the demo was interrupted; beginning it anew")
    database = db.engine.url.database or ""
    db.engine.dispose()
    for ending in ("", "-wal", "-shm"):
        Path(database + ending).unlink(missing_ok=True)


def fill_with_demo(small: bool = False) -> None:
    """Make the demo in an empty database: a year that ends now, or (``small``) its last weeks."""
    from marketplace.demo import story, year

    made = story if small else year
    with _without_syncing():
        made.begin()
        load_shipped_editions()
        made.load(progress)
        code = current_app.config["JURISDICTION"]
        with transaction():
            audit.record(DEMO_LOADED, INSTALLER, ("demo", code), clock.now())


@contextmanager
def _without_syncing() -> Iterator[None]:
    """SQLite need not wait for the disk here: a demo cut short is made anew."""
    engine = db.engine
    if engine.dialect.name != "sqlite":
        yield
        return

    def relax(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    engine.dispose()
    event.listen(engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(engine, "connect", relax)
        db.session.remove()
        engine.dispose()
