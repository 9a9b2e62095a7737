"""Sending what is owed: claim in one transaction, send outside any, note the end in another."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.tasks import in_transaction

from .delivery import FolderTransport, Refused, Send, SmtpTransport, Transport, compose
from .models import Delivery, DeliveryState, Message

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 8
BATCH = 50


def deliver_due() -> int:
    """Send what is owed and due; returns how many were sent.

    One that fails is tried again after a rest that doubles (2, 4, … minutes), up to eight times;
    it holds up none of the others. What the other side will never take is given up at once.
    """
    claimed: list[int] = in_transaction(_claim)
    if not claimed:
        return 0
    sent = 0
    with current_transport().open() as send:
        for delivery_id in claimed:
            failure = _try(send, delivery_id)
            in_transaction(partial(_note, delivery_id, failure))
            sent += failure is None
    return sent


def current_transport() -> Transport:
    """SMTP where SMTP_URL is set, else the mail folder."""
    url = current_app.config["SETTINGS"].smtp_url
    return SmtpTransport(url) if url else FolderTransport(Path(current_app.config["MAIL_DIR"]))


def _claim(_actor: Actor, now: datetime) -> list[int]:
    """Take due deliveries: nobody else tries them before their rest is over."""
    rows = db.session.scalars(
        select(Delivery)
        .where(Delivery.next_check_at <= now)
        .order_by(Delivery.next_check_at, Delivery.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for delivery in rows:
        delivery.attempts += 1
        delivery.next_check_at = now + timedelta(minutes=2**delivery.attempts)
    return [delivery.id for delivery in rows]


@dataclass(frozen=True)
class Failure:
    """Why a mail did not go out; ``final``: it never will."""

    words: str
    final: bool


def _try(send: Send, delivery_id: int) -> Failure | None:
    """Send one mail outside any transaction; whatever goes wrong concerns this one only."""
    try:
        mail: EmailMessage = in_transaction(partial(_compose, delivery_id))
        send(mail)
    except Exception as error:
        expected = isinstance(error, OSError | Refused)
        log.warning(
            "delivery %s failed: %s", delivery_id, type(error).__name__, exc_info=not expected
        )
        return Failure(f"{type(error).__name__}: {error}"[:300], isinstance(error, Refused))
    return None


def _compose(delivery_id: int, _actor: Actor, _now: datetime) -> EmailMessage:
    delivery = db.session.get_one(Delivery, delivery_id)
    return compose(db.session.get_one(Message, delivery.message_id), delivery.address)


def _note(delivery_id: int, failure: Failure | None, _actor: Actor, now: datetime) -> None:
    delivery = db.session.get_one(Delivery, delivery_id)
    delivery.last_error = failure.words if failure else None
    if failure is None:
        delivery.state = DeliveryState.SENT
        delivery.sent_at = now
        delivery.next_check_at = None
    elif failure.final or delivery.attempts >= MOST_ATTEMPTS:
        delivery.state = DeliveryState.FAILED
        delivery.next_check_at = None
