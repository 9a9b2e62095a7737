"""The audit ledger: gapless, chained, append-only, and tampering is named."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction


def write(count: int) -> None:
    with transaction():
        now = clock.now()
        for number in range(count):
            audit.record("trial.event", CLOCK, ("trial", number), now, amount=number)


def fail_half_way() -> None:
    with transaction():
        audit.record("trial.event", CLOCK, ("trial", 1), clock.now())
        _ = 1 // 0


def unlock(table: str) -> None:
    """Take the guards off, as somebody with full rights over a copy of the file could."""
    if db.session.get_bind().dialect.name == "sqlite":
        db.session.execute(text(f"DROP TRIGGER {table}_no_update"))
        db.session.execute(text(f"DROP TRIGGER {table}_no_delete"))
    else:
        db.session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        db.session.execute(text(f"GRANT UPDATE, DELETE ON {table} TO CURRENT_USER"))


def test_rows_follow_each_other_without_a_gap(app: Flask) -> None:
    with app.app_context():
        before = audit.head()[0]
        write(3)
        write(2)
        assert audit.head()[0] == before + 5
        assert list(audit.verify()) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_ledger SET action='x'", "DELETE FROM audit_ledger"]
)
def test_rows_can_neither_be_changed_nor_removed(app: Flask, statement: str) -> None:
    with app.app_context():
        write(1)
        head = audit.head()
        with pytest.raises(DBAPIError), transaction():
            db.session.execute(text(statement))
        assert audit.head() == head


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit_ledger SET organisation_id = 99 WHERE seq = :seq", "content"),
        ("UPDATE audit_ledger SET hash = :zeros WHERE seq = :seq", "hash"),
        ("DELETE FROM audit_ledger WHERE seq = :seq", "missing"),
    ],
)
def test_tampering_is_found_and_named(app: Flask, statement: str, problem: str) -> None:
    with app.app_context():
        write(5)
        seq = audit.head()[0] - 2
        with transaction():
            unlock("audit_ledger")
            values = {"seq": seq} | ({"zeros": "0" * 64} if ":zeros" in statement else {})
            db.session.execute(text(statement), values)
        findings = list(audit.verify())
        assert findings
        assert findings[0].seq == seq
        assert problem in findings[0].problem


def test_a_rolled_back_transaction_leaves_no_event(app: Flask) -> None:
    with app.app_context():
        head = audit.head()
        with pytest.raises(ZeroDivisionError):
            fail_half_way()
        write(0)
        assert audit.head() == head


def test_six_writers_make_one_chain(app: Flask) -> None:
    with app.app_context():
        before = audit.head()[0]

    def work(_: int) -> None:
        with app.app_context():
            for _ in range(5):
                write(2)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    with app.app_context():
        assert audit.head()[0] == before + 60
        assert list(audit.verify()) == []


def test_a_range_must_reach_to_its_end(app: Flask) -> None:
    with app.app_context():
        write(6)
        last = audit.head()[0]
        with transaction():
            unlock("audit_ledger")
            db.session.execute(text("DELETE FROM audit_ledger WHERE seq > :s"), {"s": last - 3})
        found = [(each.seq, each.problem) for each in audit.verify(last - 4, last)]
        assert found == [(last - 2, f"rows {last - 2} to {last} are missing")]
        assert list(audit.verify(last - 4, last - 3)) == []
