"""The flask commands: setting up, loading editions, moving demo time, checking ledgers.

Findings go to standard output, progress to standard error; the exit status is 0 only when what
a command checks holds.
"""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import os
import pkgutil
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import flask_migrate
import waitress
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import event, inspect, select, text

from config import ROOT, Settings
from marketplace.demo import moving
from marketplace.fees.commands import fees
from marketplace.foundation import audit, clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import Base, db
from marketplace.foundation.transactions import transaction

EDITIONS = ROOT / "marketplace" / "editions"
INSTALLER = Actor(user_id=None, name="安装程序", roles=frozenset({"installer"}))
DEMO_LOADED = "demo.loaded"
_SETUP_LOCK = 7_462_003
_STEP = re.compile(r"(\d+)(d|h|m)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def init_app(app: Flask) -> None:
    """Add the commands to the application."""
    app.cli.add_command(setup)
    app.cli.add_command(serve)
    for group in (_editions, _policy, _ledger, _ratings, _demo, _draws, _clock, fees):
        app.cli.add_command(group)


def progress(message: str) -> None:
    """Say on standard error what is being done."""
    click.echo(message, err=True)


# ---- setting up --------------------------------------------------------------


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
            token = _part("accounts").issue_setup_token()
        if token:
            click.echo(f"no accounts yet; open /setup within 30 minutes with the token {token}")
    answer(
        current_app._get_current_object(),  # type: ignore[attr-defined]
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


# ---- editions ------------------------------------------------------------------

_editions = AppGroup("editions", help="Shipped editions: areas, offices, items, fees, policies.")


@_editions.command("load")
def _load_editions() -> None:
    """Load every shipped edition that is not stored yet."""
    load_shipped_editions()


def load_shipped_editions() -> None:
    """Load areas, offices, service items, fee standards and policies; what is stored stays."""
    for load in (_load_areas, _load_items, _load_standards, _load_policies):
        with transaction():
            load(clock.now())


def _part(package: str, part: str = "actions") -> Any:
    name = f"marketplace.{package}.{part}"
    if importlib.util.find_spec(f"marketplace.{package}") and importlib.util.find_spec(name):
        return importlib.import_module(name)
    return None


def _load_areas(now: datetime) -> None:
    accounts = _part("accounts")
    if accounts is None:
        return
    progress("loading areas and offices")
    accounts.load_jurisdictions(EDITIONS / "jurisdictions.toml", INSTALLER, now)
    for path in sorted((EDITIONS / "offices").glob("*.toml")):
        accounts.load_offices(path, INSTALLER, now)


def _load_items(now: datetime) -> None:
    catalogue = _part("catalogue")
    if catalogue is None:
        return
    progress("loading service items")
    for path in sorted((EDITIONS / "catalogue").glob("*.toml")):
        catalogue.load_edition(path, INSTALLER, now)


def _load_standards(now: datetime) -> None:
    fees = _part("fees")
    if fees is None:
        return
    progress("loading fee standards")
    fees.load_standards(EDITIONS / "standards", INSTALLER, now)


def _load_policies(now: datetime) -> None:
    progress("loading policy editions")
    sections = policy_sections()
    known = {section.SECTION for section in sections}
    for path in policy.edition_files(EDITIONS):
        if path.name.split("-")[0] in known:
            policy.publish(_parse(path, sections), INSTALLER, now)


def _parse(path: Path, sections: list[Any]) -> policy.Draft:
    return policy.parse(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), sections)


def policy_sections() -> list[Any]:
    """Every policy dataclass (it carries ``SECTION``) in the rules of the packages."""
    import marketplace

    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(marketplace.__path__, "marketplace."):
        if ".rules" not in module.name:
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and is_dataclass(value) and hasattr(value, "SECTION"):
                found[value.SECTION] = value
    return list(found.values())


_policy = AppGroup("policy", help="Policy editions.")


@_policy.command("check")
def _check_policies() -> None:
    """Read every shipped edition and compare the stored ones with their hashes."""
    sections = policy_sections()
    problems = 0
    for path in policy.edition_files(EDITIONS):
        try:
            _parse(path, sections)
        except policy.PolicyError as error:
            problems += 1
            click.echo(str(error))
    for row in db.session.scalars(select(policy.PolicyEdition).order_by(policy.PolicyEdition.id)):
        name = f"{row.jurisdiction}/{row.section}-{row.effective_from}"
        try:
            draft = policy.parse(name, row.source, sections)
        except policy.PolicyError as error:
            problems += 1
            click.echo(str(error))
            continue
        if draft.sha256 != row.sha256 or draft.content != row.content:
            problems += 1
            click.echo(f"{name}: the stored edition does not match its hash")
    _conclude("policy editions", problems)


def _conclude(what: str, problems: int) -> None:
    click.echo(f"{what}: {problems} differences")
    if problems:
        sys.exit(1)


# ---- ledgers -------------------------------------------------------------------

_ledger = AppGroup("ledger", help="The audit ledger.")


@_ledger.command("verify")
def _verify_ledger() -> None:
    """Recompute the audit chain; name every row that is missing or altered."""
    progress("recomputing the audit chain")
    problems = 0
    for finding in audit.verify():
        problems += 1
        click.echo(f"audit_ledger {finding.seq}: {finding.problem}")
    seq, head = audit.head()
    click.echo(f"audit_ledger head: {seq} {head}")
    _conclude("audit_ledger", problems)


_ratings = AppGroup("ratings", help="The rating ledger.")


@_ratings.command("replay")
@click.option("--all", "everybody", is_flag=True, help="every organisation and register")
@click.argument("organisation", required=False)
def _replay_ratings(everybody: bool, organisation: str | None) -> None:
    """Replay the rating ledger and compare it with the stored grades.

    ORGANISATION is a unified social credit code; --all replays everybody.
    """
    from marketplace.accounts.queries import organisation_by_credit_code

    if everybody == bool(organisation):
        raise click.UsageError("name one organisation or --all")
    organisation_id = None
    if organisation:
        found = organisation_by_credit_code(organisation)
        if found is None:
            raise click.UsageError(f"no organisation has the credit code {organisation}")
        organisation_id = found.id
    progress("replaying the rating ledger")
    problems = 0
    for difference in _part("ratings").replay(organisation_id):
        problems += 1
        click.echo(str(difference))
    _conclude("rating_ledger", problems)


# ---- demo time -------------------------------------------------------------------

_clock = AppGroup("clock", help="Demo time.")


@_clock.command("advance")
@click.argument("step")
def _advance(step: str) -> None:
    """Move demo time forward by STEP (3d, 12h, 1d6h, 30m) and do what becomes due on the way."""
    if not current_app.config["CLOCK_MOVABLE"]:
        raise click.ClickException("the clock can be moved in demo and tests only")
    moving.advance_clock(parse_step(step))
    click.echo(f"{clock.now().astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S} Asia/Shanghai")


def parse_step(step: str) -> timedelta:
    """``3d``, ``12h``, ``1d6h30m`` as a duration. Raises click.BadParameter."""
    parts = _STEP.findall(step)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != step:
        raise click.BadParameter(f"{step!r} is not a step such as 3d, 12h or 1d6h")
    return timedelta(**{_UNITS[unit]: int(number) for number, unit in parts})


# ---- demo and draws ---------------------------------------------------------------

_demo = AppGroup("demo", help="The demo.")


@_demo.command("load")
def _load_demo() -> None:
    """Fill an empty database with the demo, made through the actions with the moved clock."""
    if not current_app.config["CLOCK_MOVABLE"]:
        raise click.ClickException("the demo is loaded with MARKETPLACE_MODE=demo only")
    with setup_lock():
        migrate_database()
        if not is_new():
            raise click.ClickException("the database has a history; the demo needs an empty one")
        fill_with_demo(current_app.config["SETTINGS"].small_demo)


_draws = AppGroup("draws", help="Draw proofs.")


@_draws.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def _export_draws(folder: Path) -> None:
    """Write every public draw proof to FOLDER, one JSON file each."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, content in _part("selection", "queries").public_proofs():
        (folder / name).write_text(content, encoding="utf-8")
        count += 1
    click.echo(f"{count} proofs written to {folder}")
