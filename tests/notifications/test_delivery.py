"""What is owed is sent once, retried when refused, and never in the way of the business."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import select

import config
from marketplace.accounts.models import Organisation
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications import actions, tasks
from marketplace.notifications.models import Delivery, DeliveryState, Message
from tests.pages import faults


class Box:
    """A real SMTP server's memory; ``refuse`` makes it answer 451."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refuse = False
        self.connections = 0

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address == "gone@x.cn":
            return "550 no such mailbox"
        if address == "full@x.cn":
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return "451 try later"
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def smtp(app: Flask) -> Iterator[Box]:
    box = Box()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = dataclasses.replace(before, smtp_url=f"smtp://127.0.0.1:{port}")
    yield box
    app.config["SETTINGS"] = before
    server.stop()


def owe(key: str = "award:1", subject: str = "中选通知", to: str = "a@x.cn") -> None:
    with transaction():
        organisation_id = db.session.scalars(select(Organisation.id).limit(1)).one()
        actions.send(organisation_id, subject, "贵单位已中选。", "/entries/x", key, clock.now(), to)


def delivery() -> Delivery:
    return db.session.scalars(select(Delivery).order_by(Delivery.id)).one()


def test_a_mail_goes_out_once_over_smtp(app: Flask, smtp: Box) -> None:
    with app.app_context():
        owe()
        owe()
        assert tasks.deliver_due() == 1
        assert tasks.deliver_due() == 0
        assert delivery().state is DeliveryState.SENT
    assert len(smtp.mails) == 1
    mail = message_from_bytes(smtp.mails[0], policy=policy.default)
    assert mail["Subject"] == "中选通知"
    assert mail["From"] == "noreply@demo.invalid"
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert "贵单位已中选" in part
        assert "http://127.0.0.1:8000/entries/x" in part
    assert faults(html.get_content()) == []


def test_one_mail_that_fails_holds_up_none_of_the_others(app: Flask, smtp: Box) -> None:
    """A mailbox that is gone is given up at once, a full one tried again, one connection for all."""
    with app.app_context():
        for number, to in enumerate(("gone@x.cn", "full@x.cn", "no address", "a@x.cn", "b@x.cn")):
            owe(f"award:{number}", to=to)
        assert tasks.deliver_due() == 2
        rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
        assert [row.state for row in rows] == [
            DeliveryState.FAILED,
            DeliveryState.OWED,
            DeliveryState.FAILED,
            DeliveryState.SENT,
            DeliveryState.SENT,
        ]
        assert "550" in (rows[0].last_error or "")
    assert len(smtp.mails) == 2
    assert smtp.connections == 1


def test_a_server_that_does_not_answer_is_asked_once_for_all(app: Flask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = dataclasses.replace(before, smtp_url=f"smtp://127.0.0.1:{port}")
    with app.app_context():
        for number in range(3):
            owe(f"award:{number}")
        assert tasks.deliver_due() == 0
        errors = db.session.scalars(select(Delivery.last_error)).all()
        assert [error.split(":")[0] for error in errors if error] == ["ConnectionRefusedError"] * 3
        assert tasks.deliver_due() == 0
        assert set(db.session.scalars(select(Delivery.attempts))) == {1}


@pytest.mark.parametrize(
    ("missing", "told"), [("MAIL_FROM", "MAIL_FROM"), ("SITE_URL", "SITE_URL"), (None, None)]
)
def test_production_sends_no_mail_without_a_sender_and_an_address(
    tmp_path: Path, missing: str | None, told: str | None
) -> None:
    environ = {
        "MARKETPLACE_DATA_DIR": str(tmp_path),
        "SMTP_URL": "smtps://user:pass@mail.example.cn",
        "MAIL_FROM": "zjcs@example.cn",
        "SITE_URL": "https://zjcs.example.cn/",
    }
    if missing:
        del environ[missing]
        with pytest.raises(config.SettingsError, match=str(told)):
            config.from_environment(environ)
    else:
        assert config.from_environment(environ).site_url == "https://zjcs.example.cn"


def test_a_refused_mail_is_tried_again_later(app: Flask, smtp: Box) -> None:
    with app.app_context():
        owe()
        smtp.refuse = True
        assert tasks.deliver_due() == 0
        assert delivery().state is DeliveryState.OWED
        assert "451" in (delivery().last_error or "")
        smtp.refuse = False
        assert tasks.deliver_due() == 0  # its back-off is not over
        with transaction():
            clock.advance(timedelta(minutes=5))
        assert tasks.deliver_due() == 1
    assert len(smtp.mails) == 1


def test_it_gives_up_after_eight_attempts_and_says_so(app: Flask, smtp: Box) -> None:
    smtp.refuse = True
    with app.app_context():
        owe()
        for _ in range(tasks.MOST_ATTEMPTS):
            tasks.deliver_due()
            with transaction():
                clock.advance(timedelta(hours=9))
        assert delivery().state is DeliveryState.FAILED
        assert delivery().next_check_at is None


def test_without_smtp_it_is_written_to_the_folder(app: Flask) -> None:
    with app.app_context():
        owe()
        assert tasks.deliver_due() == 1
        message = db.session.scalars(select(Message)).one()
        file = Path(app.config["MAIL_DIR"]) / f"{message.public_id}.eml"
        assert message_from_bytes(file.read_bytes(), policy=policy.default)["To"] == "a@x.cn"


def test_a_line_break_in_a_subject_makes_no_header(app: Flask, smtp: Box) -> None:
    with app.app_context():
        owe(subject="一\r\nBcc: b@x.cn")
        assert tasks.deliver_due() == 1
    mail = message_from_bytes(smtp.mails[0], policy=policy.default)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "一 Bcc: b@x.cn"
