"""Messages: read once, by their own organisation only."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.actions import send
from marketplace.notifications.models import Message
from marketplace.notifications.tasks import deliver_due
from tests.factories import accounts

SignIn = Callable[..., FlaskClient]


def two_parties(app: Flask) -> tuple[accounts.Party, accounts.Party, str]:
    """A firm with one message, another firm, and the message's public id."""
    with app.app_context(), transaction():
        mine, other = accounts.firm(), accounts.firm()
        message = send(
            mine.organisation.id,
            "中选通知",
            "请在期限内确认<b>接受</b>中选",
            "/data",
            "test:1",
            clock.now(),
        )
        assert message is not None
        return mine, other, message.public_id


def test_a_message_is_shown_to_its_organisation_and_read_once(
    app: Flask, sign_in_as: SignIn
) -> None:
    mine, _other, public_id = two_parties(app)
    browser = sign_in_as(mine.user)
    page = browser.get("/workspace/messages").get_data(as_text=True)
    assert "中选通知" in page
    assert "未读" in page
    assert "<b>接受</b>" not in page
    for _time in range(2):
        answer = browser.post(f"/workspace/messages/{public_id}")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/data")
    assert "没有未读消息" in browser.get("/workspace/messages").get_data(as_text=True)
    with app.app_context():
        rows = db.session.scalars(select(AuditRow).where(AuditRow.action == "messages.read")).all()
        assert len(rows) == 1


def test_another_partys_message_answers_404_and_stays_unread(
    app: Flask, sign_in_as: SignIn
) -> None:
    _mine, other, public_id = two_parties(app)
    browser = sign_in_as(other.user)
    assert browser.post(f"/workspace/messages/{public_id}").status_code == 404
    assert "中选通知" not in browser.get("/workspace/messages").get_data(as_text=True)
    with app.app_context():
        assert db.session.scalar(select(Message.read_at)) is None


def test_a_link_that_leads_off_the_site_is_not_followed(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        mine = accounts.firm()
        for key, link in (("a", "//example.invalid/x"), ("b", "https://example.invalid/")):
            send(mine.organisation.id, "x", "y", link, key, clock.now())
    with app.app_context():
        ids = db.session.scalars(select(Message.public_id)).all()
    browser = sign_in_as(mine.user)
    for public_id in ids:
        answer = browser.post(f"/workspace/messages/{public_id}")
        assert answer.headers["Location"] == "/workspace/messages"


def test_the_inbox_is_filtered_and_marked_read_up_to_what_was_seen(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        mine, other = accounts.firm(), accounts.firm()
        oldest = send(mine.organisation.id, "第一条", "内容", "/data", "test:1", clock.now())
        seen = send(mine.organisation.id, "第二条", "内容", "/data", "test:2", clock.now())
        send(mine.organisation.id, "第三条", "内容", "/data", "test:3", clock.now())
        theirs = send(other.organisation.id, "他人的", "内容", "/data", "test:4", clock.now())
        assert oldest is not None
        assert seen is not None
        assert theirs is not None
        first, newest_seen, foreign = oldest.public_id, seen.public_id, theirs.public_id
    browser = sign_in_as(mine.user)
    stayed = browser.post(f"/workspace/messages/{first}", data={"then": "stay"})
    assert stayed.headers["Location"] == "/workspace/messages"
    assert "第二条" not in browser.get("/workspace/messages?box=read").text
    assert browser.post(f"/workspace/messages/{foreign}/read-up-to").status_code == 404
    assert browser.post(f"/workspace/messages/{newest_seen}/read-up-to").status_code == 303
    unread = browser.get("/workspace/messages?box=unread").text
    assert "第三条" in unread
    assert "第二条" not in unread
    assert "未读 1 条" in unread
    with app.app_context():
        assert db.session.scalars(
            select(Message.subject).where(Message.read_at.is_(None))
        ).all() == [
            "第三条",
            "他人的",
        ]


def test_mails_of_a_demo_can_be_read_and_nowhere_else(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        mine = accounts.firm(email="firm@example.cn")
        message = send(
            mine.organisation.id,
            "中选通知",
            "请确认",
            "/data",
            "t:1",
            clock.now(),
            "firm@example.cn",
        )
        assert message is not None
        name = message.public_id
    with app.app_context():
        deliver_due()
    browser = sign_in_as(mine.user)
    assert browser.get("/workspace/demo-mail").status_code == 404
    app.config["IS_DEMO"] = True
    assert "firm@example.cn" in browser.get("/workspace/demo-mail").text
    page = browser.get(f"/workspace/demo-mail/{name}")
    assert "http://127.0.0.1:8000/data" in page.text
    for other in ("nobody0000000", "..%2fmaster", name.upper() + "x"):
        assert browser.get(f"/workspace/demo-mail/{other}").status_code == 404
