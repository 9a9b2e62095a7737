"""Public notices: their clock, what an objection does to it, who may see and answer what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions, queries
from marketplace.notices.models import NoticeStatus, Objection, ObjectionStatus, PublicNotice
from marketplace.notices.rules import NoticeState
from marketplace.notifications.models import Message
from tests.factories import accounts, notices

REASON = "中选机构的资质证书在报名截止前已经过期，请核实。"


class World:
    """A running notice, a firm that may object, an officer who answers, by their keys."""

    def __init__(self, **options: Any) -> None:
        with transaction():
            self.notice = notices.notice(**options)
            self.firm = notices.Somebody.of(accounts.firm())
            self.other = notices.Somebody.of(accounts.firm())
            self.officer = notices.Somebody.of(accounts.officer(Role.BUREAU_OPERATOR))
            self.notice_id = self.notice.id
            self.public_id = self.notice.public_id


def test_a_notice_without_objection_ends_by_the_clock(
    app: Flask, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context():
        world = World()
        assert queries.state(world.notice, clock.now()) is NoticeState.RUNNING
        assert queries.state(world.notice, world.notice.ends_at) is NoticeState.CLEAR
        assert queries.latest("award", world.notice) is None
    advance(timedelta(days=1, seconds=1))
    with app.app_context():
        notice = db.session.get_one(PublicNotice, world.notice_id)
        assert notice.status is NoticeStatus.ENDED
        assert notice.status_since - notice.ends_at < timedelta(minutes=1)
        assert queries.state(notice, clock.now()) is NoticeState.CLEAR


def test_latest_is_the_newest_of_its_kind_about_the_subject(app: Flask) -> None:
    with app.app_context(), transaction():
        subject = accounts.firm().organisation
        notices.notice(subject)
        second = notices.notice(subject)
        notices.notice(subject, kind="grade")
        assert queries.latest("award", subject) is second


def test_an_unanswered_objection_holds_the_notice_beyond_its_end(
    app: Flask, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context():
        world = World()
        with transaction():
            objection = actions.file_objection(world.notice, REASON, world.firm.actor, clock.now())
            # filed on a Monday: three working days end on Thursday at 17:00
            assert objection.due_at.astimezone(clock.SHANGHAI).strftime("%a %H:%M") == "Thu 17:00"
            objection_id = objection.id
    advance(timedelta(days=2))
    with app.app_context():
        notice = db.session.get_one(PublicNotice, world.notice_id)
        assert notice.status is NoticeStatus.OPEN
        assert queries.state(notice, clock.now()) is NoticeState.OBJECTED
        with transaction():
            actions.answer_objection(
                db.session.get_one(Objection, objection_id),
                False,
                "经核实，证书有效期至 2027 年。",
                world.officer.actor,
                clock.now(),
            )
        assert notice.status is NoticeStatus.ENDED
        assert queries.state(notice, clock.now()) is NoticeState.CLEAR
        told = db.session.query(Message).filter_by(key=f"objection:{objection_id}:answered").one()
        assert told.organisation_id == world.firm.organisation_id


def test_an_upheld_objection_ends_the_notice_as_upheld(app: Flask) -> None:
    with app.app_context():
        world = World()
        with transaction():
            first = actions.file_objection(world.notice, REASON, world.firm.actor, clock.now())
            second = actions.file_objection(world.notice, REASON, world.other.actor, clock.now())
        with transaction():
            actions.answer_objection(
                first, True, "证书确已过期。", world.officer.actor, clock.now()
            )
        assert world.notice.status is NoticeStatus.UPHELD
        with transaction():
            actions.answer_objection(
                second, False, "已并案答复。", world.officer.actor, clock.now()
            )
        assert queries.state(world.notice, clock.now()) is NoticeState.UPHELD
        with pytest.raises(Conflict), transaction():
            actions.answer_objection(first, False, "改变答复。", world.officer.actor, clock.now())
        db.session.expire_all()
        assert first.answer == "证书确已过期。"


def test_a_late_answer_is_marked_and_the_notice_goes_on_waiting(
    app: Flask, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context():
        world = World()
        with transaction():
            objection = actions.file_objection(world.notice, REASON, world.firm.actor, clock.now())
            objection_id = objection.id
    advance(timedelta(days=5))
    with app.app_context():
        objection = db.session.get_one(Objection, objection_id)
        assert objection.status is ObjectionStatus.OVERDUE
        notice = db.session.get_one(PublicNotice, world.notice_id)
        assert queries.state(notice, clock.now()) is NoticeState.OBJECTED
        told = db.session.query(Message).filter_by(key=f"objection:{objection_id}:overdue").one()
        assert told.organisation_id == world.officer.organisation_id


def test_what_is_refused(app: Flask, advance: Callable[[timedelta], None]) -> None:
    with app.app_context():
        world = World()
        with transaction():
            closed = notices.notice(objectable=False)
            actions.file_objection(world.notice, REASON, world.firm.actor, clock.now())
        with pytest.raises(Refused), transaction():
            actions.file_objection(closed, REASON, world.firm.actor, clock.now())
        with pytest.raises(Invalid) as short, transaction():
            actions.file_objection(world.notice, " 不服 ", world.other.actor, clock.now())
        assert short.value.field == "text"
        with pytest.raises(Conflict) as twice, transaction():
            actions.file_objection(world.notice, REASON, world.firm.actor, clock.now())
        assert twice.value.rule == "objection.one_at_a_time"
        with pytest.raises(Invalid), transaction():
            notices.notice(ends_at=clock.now())
    advance(timedelta(days=1))
    with app.app_context():
        notice = db.session.get_one(PublicNotice, world.notice_id)
        with pytest.raises(Conflict) as late, transaction():
            actions.file_objection(notice, REASON, world.other.actor, clock.now())
        assert late.value.rule == "objection.period"
        assert db.session.query(Objection).count() == 1


def test_only_the_offices_over_the_jurisdiction_answer(app: Flask) -> None:
    with app.app_context():
        world = World()
        with transaction():
            objection = actions.file_objection(world.notice, REASON, world.firm.actor, clock.now())
        for stranger in (world.firm.actor, world.other.actor):
            with pytest.raises(Missing), transaction():
                actions.answer_objection(objection, True, "本单位自行认定。", stranger, clock.now())
        assert objection.status is ObjectionStatus.PENDING


def test_a_notice_that_is_not_lasting_leaves_the_public_pages_with_its_end(
    app: Flask, client: FlaskClient, advance: Callable[[timedelta], None]
) -> None:
    with app.app_context():
        world = World(lasting=False, kind="sanction")
    assert client.get(f"/notices/{world.public_id}").status_code == 200
    advance(timedelta(days=1))
    assert client.get(f"/notices/{world.public_id}").status_code == 404
    assert world.public_id not in client.get("/notices").text
