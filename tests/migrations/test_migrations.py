"""Migrations on both engines: up, down and up again on a populated copy; once, however many start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from config import ROOT
from marketplace.accounts.permissions import Role
from marketplace.commands import editions
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.selection.models import LotteryResult
from tests.factories import contracts
from tests.factories.accounts import officer

MIGRATIONS = str(ROOT / "migrations")


def append_only_tables() -> list[str]:
    return sorted(t.name for t in db.metadata.tables.values() if t.info.get("append_only"))


def test_the_models_and_the_migrations_agree(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []


def test_up_down_up_on_a_populated_copy(app: Flask) -> None:
    with app.app_context():
        with transaction():
            audit.record("trial", CLOCK, ("trial", 1), clock.now())
        assert audit.head()[0] > 0
        db.session.remove()
        flask_migrate.downgrade(directory=MIGRATIONS, revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        flask_migrate.upgrade(directory=MIGRATIONS)
        editions.load_shipped_editions()
        assert list(audit.verify()) == []
        assert audit.head()[0] > 0


def test_a_lottery_read_before_stays_with_its_readers_bureau(app: Flask) -> None:
    with app.app_context():
        with transaction():
            one = officer(Role.BUREAU_OPERATOR)
            other = officer(Role.BUREAU_APPROVER)
            bureau, ids = one.organisation.id, [one.user.id, other.user.id]
        db.session.remove()
        flask_migrate.downgrade(directory=MIGRATIONS, revision="0006")
        with db.engine.begin() as connection:
            for user in ids:
                connection.execute(
                    text(
                        "INSERT INTO lottery_readings (game, day, issue, numbers, source, user_id,"
                        " organisation_id, at) VALUES ('kl8', '2026-03-02', '2026051', '[]', '公告',"
                        " :user, :bureau, '2026-03-02 22:00:00+00:00')"
                    ),
                    {"user": user, "bureau": bureau},
                )
            connection.execute(
                text(
                    "INSERT INTO lottery_results (id, game, day, issue, numbers, value, source,"
                    " first_user_id, second_user_id, at) VALUES (7, 'kl8', '2026-03-02', '2026051',"
                    " '[]', 'lottery:kl8:2026051:', '公告', :one, :two,"
                    " '2026-03-02 22:00:00+00:00')"
                ),
                {"one": ids[0], "two": ids[1]},
            )
        flask_migrate.upgrade(directory=MIGRATIONS)
        kept = db.session.scalars(select(LotteryResult)).one()
        assert (kept.id, kept.organisation_id, kept.issue) == (7, bureau, "2026051")
        db.session.remove()
        with pytest.raises(DBAPIError), db.engine.begin() as connection:
            connection.execute(text("UPDATE lottery_results SET issue = '2026052'"))
        with db.engine.begin() as connection:
            # PostgreSQL counts on after the rows brought over
            connection.execute(
                text(
                    "INSERT INTO lottery_results (game, day, issue, numbers, value, source,"
                    " first_user_id, second_user_id, organisation_id, at) VALUES ('kl8',"
                    " '2026-03-03', '2026052', '[]', 'lottery:kl8:2026052:', '公告', :one, :two,"
                    " :bureau, '2026-03-03 22:00:00+00:00')"
                ),
                {"one": ids[0], "two": ids[1], "bureau": bureau},
            )
        assert db.session.scalars(select(LotteryResult.id).order_by(LotteryResult.id)).all() == [
            7,
            8,
        ]


def test_contracts_signed_before_are_compared_with_too(
    app: Flask, advance: Callable[[timedelta], None]
) -> None:
    """What was signed under the schema before is found again: item, register, day, price, basis."""
    contracts.signed(app, advance)
    columns = "contract_id, item_code, register_code, signed_on, price, basic"
    known = text(f"SELECT {columns} FROM concluded_prices")
    with app.app_context():
        before = db.session.execute(known).all()
        assert len(before) == 1
        db.session.remove()
        flask_migrate.downgrade(directory=MIGRATIONS, revision="0009")
        assert "concluded_prices" not in inspect(db.engine).get_table_names()
        flask_migrate.upgrade(directory=MIGRATIONS)
        assert db.session.execute(known).all() == before


def test_append_only_tables_keep_their_guards(app: Flask) -> None:
    tables = append_only_tables()
    assert {"audit_ledger", "rating_ledger", "status_changes"} <= set(tables)
    with app.app_context():
        sqlite = db.engine.dialect.name == "sqlite"
        wanted = ("no_update", "no_delete") if sqlite else ("append_only", "no_truncate")
        question = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            if sqlite
            else "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
        )
        triggers = set(db.session.scalars(text(question)))
        assert {f"{table}_{guard}" for table in tables for guard in wanted} <= triggers
        if not sqlite:
            allowed = db.session.execute(
                text(
                    "SELECT table_name, privilege_type FROM information_schema.table_privileges "
                    "WHERE table_name = ANY(:tables) "
                    "AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')"
                ),
                {"tables": tables},
            ).all()
            assert allowed == []


@pytest.mark.parametrize(
    "verb", ["UPDATE audit_ledger SET action = 'x'", "DELETE FROM audit_ledger"]
)
def test_a_guard_refuses(app: Flask, verb: str) -> None:
    with app.app_context():
        assert audit.head()[0] > 0
        with pytest.raises(DBAPIError), transaction():
            db.session.execute(text(verb))


@pytest.mark.parametrize("engine", [pytest.param("sqlite", marks=pytest.mark.long), "postgresql"])
def test_two_processes_starting_at_once_migrate_once(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environment = os.environ | {
        "MARKETPLACE_MODE": "test",
        "MARKETPLACE_DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("DATABASE_URL", None)
    if engine == "postgresql":
        server = request.getfixturevalue("postgres")
        server.create("boot_race")
        request.addfinalizer(lambda: server.drop("boot_race"))
        environment["DATABASE_URL"] = server.url("boot_race")
    command = [sys.executable, "-m", "flask", "--app", "marketplace.app:create_app", "setup"]
    started = [
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=180)[0].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(outputs)
    verify = subprocess.run(
        [*command[:-1], "ledger", "verify"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert verify.returncode == 0, verify.stdout + verify.stderr
