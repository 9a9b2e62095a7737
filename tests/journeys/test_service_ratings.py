"""好差评 end to end at the pages: an objection that was answered and a credit repair that was decided
are rated by whom they concerned, a bad rating gets its lamp and its answer by another officer."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.evaluations.served.models import MatterKind, ServiceFollowUp, ServiceRating
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices.models import Objection
from marketplace.sanctions.models import Cause
from marketplace.supervision.models import ClockKind, RunningClock
from tests.factories import accounts, notices, sanctions
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
PDF = b"%PDF-1.7\nevidence"
BAD = {"grade": "bad", "reason": "答复没有回应所提的两点事实"}


def _lamps() -> list[bool]:
    """Whether each clock of a call-back still runs."""
    rows = db.session.scalars(select(RunningClock).where(RunningClock.kind == ClockKind.SERVICE))
    return [row.ended_at is None for row in rows]


def test_an_answered_objection_is_rated_and_the_bad_rating_has_a_lamp(
    app: Flask, sign_in_as: SignIn, advance: Advance, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        notice = notices.notice().public_id
        roles = (Role.BUREAU_OPERATOR, Role.BUREAU_OPERATOR)
        people = [Somebody.of(each) for each in (accounts.firm(), *map(accounts.officer, roles))]
    with app.app_context():
        firm, answers, other = (sign_in_as(each.user) for each in people)
    said = {"text": "中选机构的资质证书在公示前已经过期"}
    assert firm.post(f"/notices/{notice}/objection", data=said).status_code == 303
    with app.app_context():
        objection = db.session.scalars(select(Objection)).one().public_id
    # nothing is rated before it is decided
    page = f"/services/objection/{objection}"
    assert firm.get(page).status_code == 404
    reply = {"conclusion": "rejected", "answer": "经核对发证机关记录，证书在公示时有效。"}
    done = answers.post(f"/objections/{objection}/answer", data=reply)
    assert done.status_code == 303, done.text
    assert "公示异议答复" in firm.get("/workspace").text
    assert page in firm.get("/services").text
    assert firm.post(page, data=BAD).status_code == 303
    assert page not in firm.get("/services").text
    advance(timedelta(minutes=2))
    with app.app_context():
        follow = db.session.scalars(select(ServiceFollowUp)).one()
        desk = f"/supervision/services/{follow.public_id}"
        lamp = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.SERVICE)
        ).one()
        assert (lamp.due_at, lamp.organisation_id) == (follow.due_at, people[1].organisation_id)
    assert "回访对管理机构的不满意评价" in other.get("/supervision/lamps").text
    told = {"outcome": "explained", "answer": "已电话说明核对的经过和结果。"}
    assert answers.post(f"{desk}/answer", data=told).status_code == 403
    assert other.post(f"{desk}/answer", data=told).status_code == 303
    assert "已电话说明核对的经过和结果" in firm.get("/services").text
    advance(timedelta(minutes=2))
    with app.app_context():
        assert _lamps() == [False]
    assert client.get("/data/services").status_code == 200


def test_a_credit_repair_that_was_decided_is_rated(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        case = sanctions.blacklisted(firm, Cause.FALSE_MATERIALS).case.public_id
        roles = (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
        people = [Somebody.of(each) for each in (firm, *map(accounts.officer, roles))]
    advance(timedelta(days=93))
    with app.app_context():
        one, operator, approver = (sign_in_as(each.user) for each in people)
    filed = one.post(
        f"/cases/{case}/repair",
        data={
            "correction": "已退回费用并更换项目负责人，附业主证明。",
            "evidence": (io.BytesIO(PDF), "整改.pdf"),
        },
    )
    assert filed.status_code == 303
    repair = filed.headers["Location"]
    page = f"/services/repair/{repair.rsplit('/', 1)[1]}"
    assert one.get(page).status_code == 404
    verified = {"conclusion": "yes", "verification": "已电话核实业主，费用退回属实。"}
    assert operator.post(f"{repair}/verification", data=verified).status_code == 303
    granted = {"conclusion": "grant", "reason": "整改属实，准予修复。"}
    assert approver.post(f"{repair}/decision", data=granted).status_code == 303
    assert "信用修复申请" in one.get("/workspace").text
    assert operator.get(page).status_code == 403
    assert one.post(page, data={"grade": "very_good"}).status_code == 303
    assert one.post(page, data={"grade": "good"}).status_code == 409
    with app.app_context():
        rated = db.session.scalars(select(ServiceRating)).one()
        assert rated.kind is MatterKind.REPAIR
        assert {rated.handled_by, rated.decided_by} == {each.user_id for each in people[1:]}
        assert clock.now() >= rated.given_at
        assert _lamps() == []
