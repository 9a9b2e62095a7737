"""Soft measures: each with its letter, receipt and clock, from the bureau's page to the firm's."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.showing import show_date
from marketplace.foundation.transactions import transaction
from marketplace.ratings.models import RatingEntry
from marketplace.sanctions.measures.models import Measure, MeasureStatus
from tests.factories import accounts
from tests.factories.notices import Somebody
from tests.factories.sanctions import PDF
from tests.pages import faults

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
FACTS = "三份成果超过承诺时限提交，未说明理由。"
DEMAND = "说明原因，修订进度安排，提交书面报告。"
NEW = "/supervision/measures/new"


def test_every_kind_from_its_letter_to_its_end(
    app: Flask, client: FlaskClient, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context():
        with transaction():
            roles = (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
            parties = (accounts.firm(), accounts.firm(), *map(accounts.officer, roles))
            code, name = parties[0].organisation.credit_code, parties[0].organisation.name
            people = [Somebody.of(each) for each in parties]
        users = [each.user for each in people]
    firm, other, operator, approver = (sign_in_as(user) for user in users)
    base = {"credit_code": code, "facts": FACTS, "demand": DEMAND}

    def send(kind: str, **more: str) -> str:
        sent = operator.post(NEW, data={**base, "kind": kind, **more})
        assert sent.status_code == 303, (kind, sent.text)
        return sent.headers["Location"]

    assert firm.get(NEW).status_code == 403
    assert faults(operator.get(NEW).text) == []
    for wrong, field in (
        ({"kind": "scold"}, "kind"),
        ({"kind": "talk", "place": "三楼会议室"}, "meeting_at"),
        ({"kind": "talk", "meeting_at": "2026-05-01T09:30"}, "place"),
        ({"kind": "talk", "meeting_at": "明天", "place": "三楼"}, "meeting_at"),
        ({"kind": "transfer"}, "authority"),
        ({"kind": "hotline"}, "reference"),
        ({"kind": "reminder", "facts": "短"}, "facts"),
    ):
        answer = operator.post(NEW, data={**base, **wrong})
        assert answer.status_code == 422, wrong
        assert f'id="{field}-error"' in answer.text, wrong

    # a reminder: the firm reads the letter, signs, done
    page = send("reminder")
    assert "不计入信用记录" in firm.get(page).text
    assert "签收提醒函" in firm.get("/workspace").text
    assert [other.get(page).status_code, client.get(page).status_code] == [404, 302]
    assert other.post(f"{page}/receipt").status_code == 404
    assert firm.post(f"{page}/receipt").status_code == 303
    assert firm.post(f"{page}/receipt").status_code == 409
    assert "已办结" in firm.get(page).text

    # one that nobody signs for is closed with how it was delivered, and cannot be sent back
    unsigned = send("reminder")
    delivered = {"conclusion": "return", "reason": "已当面送达负责人。"}
    assert operator.post(f"{unsigned}/closing", data=delivered).status_code == 422
    assert "退回" not in operator.get(f"{unsigned}/closing").text
    delivered["conclusion"] = "close"
    assert operator.post(f"{unsigned}/closing", data=delivered).status_code == 303
    assert "已当面送达" in firm.get(unsigned).text

    # a talk: not closed before it took place
    with app.app_context():
        at = (clock.now() + timedelta(days=2)).astimezone(clock.SHANGHAI)
    talk = send("talk", meeting_at=f"{at:%Y-%m-%dT09:30}", place="三楼会议室")
    assert "三楼会议室" in firm.get(talk).text
    record = {"conclusion": "close", "reason": "负责人到场，承诺增派人员。"}
    assert operator.post(f"{talk}/closing", data=record).status_code == 409

    # an order: answered, sent back with a new time, overdue, answered late, closed
    order = send("rectification")
    assert "逾期未整改" in firm.get(order).text
    reply = {"reply": "已调整排期并补交三份成果。"}
    assert other.post(f"{order}/reply", data=reply).status_code == 404
    assert operator.post(f"{order}/reply", data=reply).status_code == 404
    assert firm.get(f"{order}/reply").status_code == 200
    assert firm.post(f"{order}/reply", data={"reply": ""}).status_code == 422
    assert firm.post(f"{order}/reply", data=reply).status_code == 303
    assert "核查答复" in operator.get("/workspace").text
    back = {"conclusion": "return", "reason": "未附业主签收记录。"}
    assert operator.post(f"{order}/closing", data=back).status_code == 303
    # transfers are the bureau's and the authority's business only; hotline orders have a number
    transfer = send("transfer", authority="青河市市场监督管理局")
    assert firm.get(transfer).status_code == 404
    assert "青河市市场监督管理局" in operator.get("/supervision/measures?kind=transfer").text
    hotline = send("hotline", reference="QH20260302-0871")
    assert "QH20260302-0871" in firm.get(hotline).text

    # criticism is public only once another officer agrees, and leaves with its time
    criticism = send("criticism")
    assert firm.get(criticism).status_code == 404
    assert operator.post(f"{criticism}/decision", data={"conclusion": "publish"}).status_code == 403
    assert approver.post(f"{criticism}/decision", data={"conclusion": "reject"}).status_code == 422
    assert "通报批评" not in client.get("/notices").text
    assert approver.post(f"{criticism}/decision", data={"conclusion": "publish"}).status_code == 303
    assert f"关于对{name}的通报批评" in client.get("/notices").text

    advance(timedelta(days=35))
    firm, operator = sign_in_as(users[0]), sign_in_as(users[2])
    assert "登记约谈情况" in operator.get("/workspace").text
    assert operator.post(f"{talk}/closing", data=record).status_code == 303
    assert "登记约谈情况" not in operator.get("/workspace").text
    for page in (order, transfer, hotline):
        assert "逾期未答复" in operator.get(page).text
    assert firm.post(f"{order}/reply", data=reply).status_code == 303
    assert operator.post(f"{transfer}/reply", data={"reply": "已立案查处。"}).status_code == 303
    for page in (order, transfer, hotline):
        assert operator.get(f"{page}/closing").status_code == 200
        assert operator.post(f"{page}/closing", data=record).status_code == 303
    assert "负责人到场" in firm.get(talk).text
    with app.app_context():
        left = db.session.query(Measure).filter(Measure.status != MeasureStatus.CLOSED)
        assert [each.kind.value for each in left] == ["criticism"]
        # nothing soft touches the rating
        assert db.session.query(RatingEntry).count() == 0
    advance(timedelta(days=70))
    assert f"关于对{name}的通报批评" not in client.get("/notices").text


def test_an_order_with_a_day_of_its_own_and_what_follows_when_nobody_obeys(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm, officer = accounts.firm(), accounts.officer(Role.BUREAU_OPERATOR)
        code = firm.organisation.credit_code or ""
        people, today = [firm.user, officer.user], clock.today()
        user_id = officer.user.id
    one, operator = map(sign_in_as, people)
    day = today + timedelta(days=10)
    sent = {
        "credit_code": code,
        "facts": FACTS,
        "demand": DEMAND,
        "kind": "hotline",
        "reference": "QH-1",
        "due_on": day.isoformat(),
    }
    for wrong, field in (
        ({"due_on": today.replace(year=2025).isoformat()}, "due_on"),
        ({"due_on": "下周"}, "due_on"),
        ({"kind": "reminder"}, "due_on"),
    ):
        answer = operator.post(NEW, data={**sent, **wrong})
        assert answer.status_code == 422, wrong
        assert f'id="{field}-error"' in answer.text, wrong
    scan = {"evidence": (io.BytesIO(PDF), "工单扫描件.pdf")}
    page = operator.post(NEW, data={**sent, **scan}).headers["Location"]
    assert show_date(day) in one.get(page).text
    # the order names who called: the firm reads the facts in the letter alone
    assert "工单扫描件.pdf" in operator.get(page).text
    assert operator.get(f"{page}/files/evidence").status_code == 200
    assert "工单扫描件.pdf" not in one.get(page).text
    assert one.get(f"{page}/files/evidence").status_code == 404
    # the same order of the hotline is taken in once
    twice = operator.post(NEW, data=sent)
    assert twice.status_code == 422
    assert 'id="reference-error"' in twice.text
    order = operator.post(NEW, data={**sent, "kind": "rectification"}).headers["Location"]
    assert "/supervision/cards/new" not in operator.get(order).text
    advance(timedelta(days=11))
    with app.app_context():
        user = db.session.get_one(User, user_id)
    operator = sign_in_as(user)
    assert "逾期未答复" in operator.get(page).text
    # what was not put right in time leads to the yellow card its letter threatened with
    card = f"/supervision/cards/new?credit_code={code}"
    assert card in operator.get(order).text
    assert f'value="{code}"' in operator.get(card).text
