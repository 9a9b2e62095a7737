"""Sending what is owed: claim in one transaction, send outside any, note the end in another."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.tasks import in_transaction

from .delivery import FolderTransport, SmtpTransport, Transport, compose
from .models import Delivery, DeliveryState, Message

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 8
BATCH = 50


@dataclass(frozen=True)
class Claimed:
    """A delivery taken for sending: nobody else tries it before its back-off is over."""

    delivery_id: int
    address: str
    subject: str
    body: str
    link: str
    message_id: str


def deliver_due() -> int:
    """Send what is owed and due; returns how many were sent."""
    transport = current_transport()
    sent = 0
    for mail in in_transaction(_claim):
        error = _try(transport, mail)
        in_transaction(partial(_note, mail.delivery_id, error))
        sent += error is None
    return sent


def current_transport() -> Transport:
    """SMTP where SMTP_URL is set, else the mail folder."""
    url = current_app.config["SETTINGS"].smtp_url
    return SmtpTransport(url) if url else FolderTransport(Path(current_app.config["MAIL_DIR"]))


def _claim(_actor: Actor, now: datetime) -> list[Claimed]:
    rows = db.session.execute(
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.next_check_at <= now)
        .order_by(Delivery.next_check_at, Delivery.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True, of=Delivery)
    ).all()
    claimed = []
    for delivery, message in rows:
        delivery.attempts += 1
        delivery.next_check_at = now + timedelta(minutes=2**delivery.attempts)
        claimed.append(
            Claimed(
                delivery_id=delivery.id,
                address=delivery.address,
                subject=message.subject,
                body=message.body,
                link=message.link,
                message_id=message.public_id,
            )
        )
    return claimed


def _try(transport: Transport, mail: Claimed) -> str | None:
    try:
        transport.send(compose(mail.address, mail.subject, mail.body, mail.link, mail.message_id))
    except (OSError, ValueError) as error:
        log.warning("delivery %s failed: %s", mail.delivery_id, type(error).__name__)
        return f"{type(error).__name__}: {error}"[:300]
    return None


def _note(delivery_id: int, error: str | None, _actor: Actor, now: datetime) -> None:
    delivery = db.session.get_one(Delivery, delivery_id)
    delivery.last_error = error
    if error is None:
        delivery.state = DeliveryState.SENT
        delivery.sent_at = now
        delivery.next_check_at = None
    elif delivery.attempts >= MOST_ATTEMPTS:
        delivery.state = DeliveryState.FAILED
        delivery.next_check_at = None
