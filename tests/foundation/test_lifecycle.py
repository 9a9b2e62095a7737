"""Moves: only those of the table, each with history and audit."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.foundation import audit, clock, lifecycle, tasks
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.transactions import transaction
from marketplace.notices.models import NoticeStatus, PublicNotice

ACTOR = Actor(user_id=None, name="测试")


def notice(check_in_days: int | None = None) -> PublicNotice:
    now = clock.now()
    row = PublicNotice(
        kind="trial",
        subject_type="trial",
        subject_id=1,
        title="试",
        body="试",
        jurisdiction_code="379900",
        published_at=now,
        ends_at=now + timedelta(days=1),
        objectable=False,
        lasting=False,
    )
    due = None if check_in_days is None else now + timedelta(days=check_in_days)
    lifecycle.begin(row, NoticeStatus.OPEN, ACTOR, now, check_at=due)
    return row


def test_a_move_writes_history_and_audit(app: Flask) -> None:
    with app.app_context():
        with transaction():
            row_id = notice().id
        with transaction():
            row = db.session.get_one(PublicNotice, row_id)
            lifecycle.move(row, NoticeStatus.ENDED, ACTOR, clock.now(), reason="到期")
        changes = db.session.scalars(
            select(StatusChange)
            .where(StatusChange.subject_type == "public_notices", StatusChange.subject_id == row_id)
            .order_by(StatusChange.id)
        ).all()
        assert [(c.from_status, c.to_status) for c in changes] == [
            (None, "open"),
            ("open", "ended"),
        ]
        assert changes[-1].reason == "到期"
        actions = db.session.scalars(
            select(audit.AuditRow.action).order_by(audit.AuditRow.seq.desc()).limit(2)
        ).all()
        assert actions == ["public_notices.ended", "public_notices.open"]


def test_a_move_that_is_not_in_the_table_is_refused(app: Flask) -> None:
    with app.app_context():
        with transaction():
            row = notice()
            lifecycle.move(row, NoticeStatus.ENDED, ACTOR, clock.now())
            row_id = row.id
        with pytest.raises(Conflict), transaction():
            lifecycle.move(
                db.session.get_one(PublicNotice, row_id), NoticeStatus.OPEN, ACTOR, clock.now()
            )
        assert db.session.get_one(PublicNotice, row_id).status is NoticeStatus.ENDED


def test_a_sweep_advances_what_is_due_once(app: Flask) -> None:
    seen: list[int] = []

    def advance(row: PublicNotice, actor: Actor, now: object) -> None:
        assert actor is CLOCK
        seen.append(row.id)
        row.next_check_at = None

    with app.app_context():
        with transaction():
            due = notice(check_in_days=0).id
            notice(check_in_days=2)
        assert tasks.sweep(PublicNotice, advance) == 1
        assert tasks.sweep(PublicNotice, advance) == 0
        assert seen == [due]


def test_a_row_that_fails_does_not_stop_the_others(app: Flask) -> None:
    def advance(row: PublicNotice, actor: Actor, now: object) -> None:
        if row.id == bad:
            raise RuntimeError("broken on purpose")
        row.next_check_at = None

    with app.app_context():
        with transaction():
            bad, good = notice(0).id, notice(0).id
        assert tasks.sweep(PublicNotice, advance) == 1
        db.session.rollback()
        assert db.session.get_one(PublicNotice, good).next_check_at is None
        assert db.session.get_one(PublicNotice, bad).next_check_at is not None


def test_rows_that_fail_rest_and_do_not_starve_the_others(app: Flask) -> None:
    """With room for two rows a scan, two broken ones must not keep the third from its turn."""
    tried: list[int] = []

    def advance(row: PublicNotice, actor: Actor, now: object) -> None:
        tried.append(row.id)
        if row.id in bad:
            raise RuntimeError("broken on purpose")
        row.next_check_at = None

    with app.app_context():
        with transaction():
            bad = [notice(0).id, notice(0).id]
            good = notice(0).id
        assert tasks.sweep(PublicNotice, advance, limit=2) == 0
        assert tasks.sweep(PublicNotice, advance, limit=2) == 1
        assert tried == [*bad, good]
        failing = tasks.failures(clock.now())
        assert [(row.work, row.subject_id, row.attempts) for row in failing] == [
            ("public_notices", row_id, 1) for row_id in bad
        ]
        assert "broken on purpose" in failing[0].error
        for minutes, attempts in ((1, 2), (1, 2), (1, 3)):  # rests of one, then two minutes
            with transaction():
                clock.advance(timedelta(minutes=minutes, seconds=1))
            tasks.sweep(PublicNotice, advance)
            assert tasks.failures(clock.now())[0].attempts == attempts
        bad.clear()
        with transaction():
            clock.advance(timedelta(minutes=5))
        assert tasks.sweep(PublicNotice, advance) == 2
        assert tasks.failures(clock.now()) == []
