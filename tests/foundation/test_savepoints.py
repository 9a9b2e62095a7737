"""A savepoint takes with it what was gathered inside, and nothing of what was gathered before."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from marketplace.foundation import audit, clock, epoch
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.epoch import PublicEpoch
from marketplace.foundation.transactions import transaction


def note(name: str) -> None:
    audit.record("trial.event", CLOCK, ("trial", name), clock.now())


def names() -> list[str]:
    kept = select(AuditRow.subject_id).where(AuditRow.action == "trial.event")
    return list(db.session.scalars(kept.order_by(AuditRow.seq)))


def numbers() -> tuple[int, int]:
    row = db.session.scalars(select(PublicEpoch)).one_or_none()
    return (row.value, row.editions) if row else (0, 0)


def give_up() -> None:
    with db.session.begin_nested():
        note("inside")
        epoch.raise_editions()
        with db.session.begin_nested():
            note("deeper")
        raise LookupError


def collide() -> None:
    with db.session.begin_nested():
        note("colliding")
        db.session.add(PublicEpoch(id=2, value=0, editions=0))


def test_a_savepoint_rolled_back_takes_only_its_own(app: Flask) -> None:
    with app.app_context():
        public, editions = numbers()
        with transaction():
            note("before")
            epoch.raise_public()
            with pytest.raises(LookupError):
                give_up()
            with pytest.raises(IntegrityError):
                collide()
            note("after")
        assert names() == ["before", "after"]
        assert numbers() == (public + 1, editions)
        assert list(audit.verify()) == []


def test_nothing_is_left_of_a_savepoint_that_gathered_first(app: Flask) -> None:
    with app.app_context():
        before = numbers()
        with transaction(), pytest.raises(LookupError):
            give_up()
        assert (names(), numbers()) == ([], before)


def test_a_released_savepoint_writes_nothing_early(app: Flask) -> None:
    """The chain's lock is the last one taken; what is gathered is written once, in its order."""
    with app.app_context():
        public, editions = numbers()
        seen: list[str] = []
        heard = (db.engine, "before_cursor_execute")

        def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        event.listen(*heard, hear)
        try:
            with transaction():
                note("before")
                with db.session.begin_nested():
                    note("inside")
                    epoch.raise_public()
                early = [each for each in seen if "audit_ledger" in each or "advisory" in each]
                early += [each for each in seen if "INSERT INTO public_epoch" in each]
                note("after")
        finally:
            event.remove(*heard, hear)
        assert early == []
        assert any("INSERT INTO audit_ledger" in each for each in seen)
        assert names() == ["before", "inside", "after"]
        assert numbers() == (public + 1, editions)


def test_what_a_closed_session_gathered_is_not_written_by_the_next_transaction(
    app: Flask,
) -> None:
    with app.app_context():
        db.session.execute(select(AuditRow.seq).limit(1))
        note("abandoned")
        db.session.close()
        with transaction():
            note("kept")
        assert names() == ["kept"]
