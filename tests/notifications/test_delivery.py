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

from marketplace.accounts.models import Organisation
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications import actions, tasks
from marketplace.notifications.models import Delivery, DeliveryState, Message


class Box:
    """A real SMTP server's memory; ``refuse`` makes it answer 451."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refuse = False

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


def owe(key: str = "award:1", subject: str = "中选通知") -> None:
    with transaction():
        organisation_id = db.session.scalars(select(Organisation.id).limit(1)).one()
        actions.send(
            organisation_id, subject, "贵单位已中选。", "/entries/x", key, clock.now(), "a@x.cn"
        )


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
    assert "贵单位已中选" in mail.get_content()


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
