"""Any column of any kind of row of either ledger, changed by hand, is named by both verifiers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.audit import AuditRow, AuditTail
from marketplace.foundation.db import db
from marketplace.foundation.heads import LedgerHead
from marketplace.foundation.transactions import transaction
from marketplace.ratings import actions as rating
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.ratings.rules.entries import ConductKind, Grade, VetoKind
from marketplace.supervision import ledger_files
from tests.factories import accounts, ratings, sanctions
from tests.supervision.test_ledger_files import _command, _published, _script
from tests.tampering import unguard

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)


def _every_kind(app: Flask, advance: Advance) -> None:
    """A ledger with rows of every kind, of every step of a decision, with and without an end."""
    with app.app_context(), transaction():
        firm = accounts.firm().organisation
        ratings.inspected(firm, 96)
        entries = ratings.evaluated(firm, 3)
        rating.reverse_entry(entries[0].id, firm, CLOCK, clock.now())
        sanctions.card(firm)
        rating.post_conduct(
            firm.id,
            firm.jurisdiction_code,
            ConductKind.COMMENDATION,
            firm,
            CLOCK,
            clock.now(),
            Decimal("2.5"),
        )
        other = accounts.firm().organisation
        rating.propose_grade(
            other.id,
            "379900",
            Grade.D,
            "受到三次记牌",
            other,
            CLOCK,
            clock.now(),
            VetoKind.THIRD_CARD,
        )
    with app.app_context(), transaction():
        proposal = db.session.scalars(select(rating.GradeProposal)).one()
        officer = accounts.officer(Role.BUREAU_APPROVER).actor
        rating.confirm_grade(proposal, officer, clock.now())
    advance(3 * DAY)
    _published(app)


def _another(value: Any, column: Any) -> Any:
    """A value of the column's kind that is not this one."""
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, date):
        return value + DAY
    if isinstance(value, int | Decimal):
        return value + 1
    if isinstance(value, dict):
        return {**value, "more": 1}
    if value is not None:
        others = [each for each in getattr(column.type, "enum", ()) if each != value]
        return others[0] if others else str(value)[:-1] + ("0" if str(value)[-1] != "0" else "1")
    kind = column.type.python_type
    if kind in (date, datetime):
        return date(2026, 3, 1) if kind is date else datetime.now().astimezone()
    samples = {int: 1, dict: {"more": 1}, Decimal: Decimal(1), str: "x"}
    enum = next(iter(getattr(column.type, "enum", ())), None)
    return enum or samples.get(kind, 1)


def _loosen() -> None:
    """Take away whatever the database itself holds against changes by hand."""
    connection = db.session.connection()
    for name in ("audit_ledger", "rating_ledger", "ledger_heads", "audit_tail"):
        unguard(connection, name)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        return
    for check in connection.scalars(
        text(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' "
            "AND conrelid = CAST('rating_ledger' AS regclass)"
        )
    ).all():
        connection.execute(text(f'ALTER TABLE rating_ledger DROP CONSTRAINT "{check}"'))


def _rows() -> list[tuple[Any, Any, str]]:
    """One row of each kind: its table, its key, how a finding begins."""
    audit_row: Any = AuditRow.__table__
    entry: Any = RatingEntry.__table__
    numbers = db.session.execute(
        select(func.min(entry.c.id), entry.c.kind, entry.c.step).group_by(
            entry.c.kind, entry.c.step
        )
    ).all()
    assert {kind for _number, kind, _step in numbers} == set(EntryKind)
    found = [(entry, entry.c.id == number, f"rating_ledger {number}:") for number, *_ in numbers]
    posted = db.session.scalar(select(func.max(AuditRow.seq)).where(AuditRow.facts.is_not(None)))
    for seq in (1, (posted or 0) // 2, (posted or 0) - 1):
        found.append((audit_row, audit_row.c.seq == seq, f"audit_ledger {seq}:"))
    return found


@pytest.mark.parametrize(
    "engine_name", [pytest.param("sqlite", marks=pytest.mark.long), "postgresql"]
)
def test_every_column_of_every_kind_of_row_is_held(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    _every_kind(app, advance)
    file = tmp_path / "ledger.jsonl"
    blind, differ, asked = [], [], 0
    with app.app_context():
        assert _command() == []
        rows = _rows()
        heads: Any = LedgerHead.__table__
        tail: Any = AuditTail.__table__
        rows.append(
            (heads, heads.c.day == select(func.min(heads.c.day)).scalar_subquery(), "audit_ledger")
        )
        rows.append((tail, tail.c.id == 1, "audit_ledger"))
        for number, (table, which, begins) in enumerate(rows):
            for column in table.columns:
                if (table.name, column.name) == ("ledger_heads", "published_at"):
                    continue  # says when, binds nothing
                value = db.session.execute(select(column).where(which)).scalar_one()
                _loosen()
                try:
                    db.session.execute(
                        update(table).where(which).values({column: _another(value, column)})
                    )
                except IntegrityError:
                    db.session.rollback()
                    continue  # the key is another row's
                told = _command()
                if not any(each.startswith(begins) for each in told):
                    blind.append(f"{begins} {column.name}")
                # the program anybody can run is asked about every third, to be quick
                asked += 1
                if (asked + number) % 3 == 0:
                    file.write_text("".join(ledger_files.whole()), encoding="utf-8")
                    # the standard library checks no Ed25519: signatures are the site's to verify
                    expected = [each for each in told if "is not signed" not in each]
                    if sorted(_script(file)) != sorted(expected):
                        differ.append((begins, column.name, told, _script(file)))
                db.session.rollback()
                db.session.expunge_all()
        assert asked > 150
        assert blind == []
        assert differ == []
        assert audit.head()[0] > 0
        assert _command() == []


@pytest.mark.parametrize("ledger", ["audit_ledger", "rating_ledger"])
def test_every_row_is_missed_and_no_row_can_be_slipped_in(
    app: Flask, advance: Advance, ledger: str
) -> None:
    _every_kind(app, advance)
    with app.app_context():
        table: Any = {"audit_ledger": AuditRow, "rating_ledger": RatingEntry}[ledger].__table__
        key = next(iter(table.primary_key.columns))
        numbers = db.session.scalars(select(key).order_by(key)).all()
        unnoticed = []
        for number in numbers[:: max(1, len(numbers) // 25)]:
            _loosen()
            db.session.execute(table.delete().where(key == number))
            if not any(each.startswith(f"{ledger} {number}:") for each in _command()):
                unnoticed.append(f"{number} deleted")
            db.session.rollback()
            db.session.expunge_all()
            row = dict(db.session.execute(select(table).where(key == number)).mappings().one())
            row[key.name] = numbers[-1] + 1
            row.pop("reverses_id", None)
            _loosen()
            db.session.execute(table.insert().values(row))
            if not any(each.startswith(f"{ledger} {numbers[-1] + 1}:") for each in _command()):
                unnoticed.append(f"{number} slipped in")
            db.session.rollback()
            db.session.expunge_all()
        assert unnoticed == []
