"""The checks of a night, their alarm, and the queue of unusual events."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.ratings import actions as rating_actions
from marketplace.schedule import WATCHES
from marketplace.supervision.checks import slices
from marketplace.supervision.checks.models import CheckPart, CheckRun
from marketplace.supervision.checks.tasks import run_checks, watch
from marketplace.supervision.unusual import actions as unusual
from marketplace.supervision.unusual.models import UnusualEvent, UnusualKind
from marketplace.supervision.unusual.rules import AuditPolicy
from tests.factories import accounts, ratings

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)


def _night() -> None:
    """Everything the jobs of one night do."""
    while run_checks():
        pass


def test_a_night_checks_everything_in_slices_and_sounds_the_alarm(
    app: Flask, sign_in_as: SignIn, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "ROWS", 20)
    monkeypatch.setattr(slices, "SUBJECTS", 2)
    with app.app_context(), transaction():
        for _firm in range(3):
            ratings.evaluated(accounts.firm().organisation, 1)
        operator, auditor = (
            accounts.officer(role) for role in (Role.BUREAU_OPERATOR, Role.AUDITOR)
        )
        office = auditor.organisation.id
    advance(2 * DAY)
    with app.app_context():
        _night()
        runs = {run.part: run for run in db.session.scalars(select(CheckRun))}
        assert set(runs) == set(CheckPart)
        assert all(run.finished_at is not None for run in runs.values())
        assert {run.part: run.findings for run in runs.values() if run.faults} == {}
        assert runs[CheckPart.GRADES].checked == 3
        assert runs[CheckPart.LEDGER].checked > 20
        assert run_checks() == 0  # once a night
        before = db.session.scalar(select(Message.id).order_by(Message.id.desc())) or 0
        with transaction():
            db.session.execute(
                text(
                    "UPDATE rating_subjects SET hundredths = 9999 "
                    "WHERE id = (SELECT MIN(id) FROM rating_subjects)"
                )
            )
    assert "相符" in sign_in_as(operator.user).get("/supervision/checks").text
    advance(DAY)
    with app.app_context():
        _night()
        run = db.session.scalars(
            select(CheckRun).where(CheckRun.part == CheckPart.GRADES).order_by(CheckRun.day.desc())
        ).first()
        assert run is not None
        assert run.faults == 1
        assert "99.99" in run.findings[0]
        told = db.session.scalars(select(Message).where(Message.id > before)).all()
        alarms = [each for each in told if each.link == "/supervision/checks"]
        assert len(alarms) >= 2
        assert {each.organisation_id for each in alarms} >= {office}
        for each in alarms:
            assert "现行等级与最近一次评定不符：保存的是" in each.body
            assert not re.search("[a-z]{4,}", each.body), each.body
        event = db.session.scalar(
            select(UnusualEvent).where(UnusualEvent.kind == UnusualKind.FAULT)
        )
        assert event is not None
        address = f"/supervision/unusual/{event.public_id}"
    shown = sign_in_as(operator.user).get("/supervision/checks").text
    assert "发现不符" in shown
    assert "99.99" in shown
    assert "现行等级与最近一次评定不符" in shown
    english = sign_in_as(operator.user)
    english.set_cookie("lang", "en")
    told_in_english = english.get("/supervision/checks").text
    assert "The present grade is not that of the last evaluation" in told_in_english
    assert "现行等级" not in told_in_english
    desk = sign_in_as(auditor.user)
    assert "待确认 1 件" in desk.get("/supervision/unusual").text
    assert desk.post(address, data={"note": " "}).status_code == 422
    assert desk.post(address, data={"note": "已恢复并登记问题"}).status_code == 303
    assert desk.post(address, data={"note": "再次确认"}).status_code == 409
    after = desk.get("/supervision/unusual").text
    assert "待确认 0 件" in after
    assert "已恢复并登记问题" in after
    assert sign_in_as(operator.user).get("/supervision/unusual").status_code == 403


def test_a_row_nobody_can_read_is_a_fault_and_stops_no_check(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        ratings.inspected(accounts.firm().organisation, 95)
        officer = accounts.officer(Role.BUREAU_APPROVER).user.id
    advance(2 * DAY)
    with app.app_context():
        with transaction():
            proposed = text("UPDATE grade_proposals SET status = 'nothing', confirmed_by = :by")
            db.session.execute(proposed, {"by": officer})
        _night()
        runs = db.session.scalars(select(CheckRun)).all()
        assert all(run.finished_at is not None for run in runs)
        found = [each for run in runs for each in run.findings]
        assert any("cannot be checked" in each for each in found), found


def test_what_is_unusual_is_noted_once_and_not_acknowledged_by_its_doer(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        firm_key = firm.organisation.id
        entry = ratings.evaluated(firm.organisation, 1)[0].id
        supervisor, auditor = (accounts.officer(Role.AUDITOR) for _each in range(2))
        names = (supervisor.user.name, auditor.user.name)
        keys = (supervisor.user.id, auditor.user.id)
        doer = supervisor.actor
    with app.app_context():
        now = clock.now().astimezone(clock.SHANGHAI)
    # 23:30 of the same day
    advance(now.replace(hour=23, minute=30) - now if now.hour < 23 else timedelta(minutes=1))
    with app.app_context():
        with transaction():
            at = clock.now()
            evidence = db.session.get_one(Organisation, firm_key)
            rating_actions.reverse_entry(entry, evidence, doer, at)
            audit.record("firms.refused", doer, ("firms", 1), at)
            audit.record("personal.revealed", doer, ("firm", "x"), at, field="agent")
            audit.record("needs.published", doer, ("needs", 1), at)
        assert watch() >= 3
        assert watch() == 0
        rows = db.session.scalars(
            select(UnusualEvent).where(UnusualEvent.user_id == doer.user_id)
        ).all()
        kinds = sorted(row.kind for row in rows)
        assert kinds == sorted([UnusualKind.LOOK, UnusualKind.NIGHT, UnusualKind.REVERSED])
        address = f"/supervision/unusual/{rows[0].public_id}"
        with transaction():
            pair = f"cards:{doer.organisation_id}:{keys[0]}-{keys[1]}:2026-03"
            unusual.note(
                UnusualKind.PAIR,
                pair,
                clock.now(),
                organisation_id=doer.organisation_id,
                about="黄牌红牌：均由同两人先后办理",
            )
        noted = db.session.scalar(select(UnusualEvent).where(UnusualEvent.reference == pair))
        assert noted is not None
        of_two = f"/supervision/unusual/{noted.public_id}"
    own = sign_in_as(supervisor.user)
    assert own.post(address, data={"note": "是我本人"}).status_code == 403
    assert sign_in_as(auditor.user).post(address, data={"note": "已核"}).status_code == 303
    for person in (supervisor, auditor):
        desk = sign_in_as(person.user)
        shown = desk.get(of_two).text
        assert all(name in shown for name in names)
        assert "本人引起的事件由其他人员确认" in shown
        assert desk.post(of_two, data={"note": "没有问题"}).status_code == 403


def test_the_jobs_of_the_night_are_found_and_the_policy_is_bounded() -> None:
    assert {job.resolve() for job in WATCHES} == {run_checks, watch}
    assert AuditPolicy().night_from_hour > AuditPolicy().night_to_hour
