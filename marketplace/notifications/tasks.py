"""Sending what is owed: claim in one transaction, send outside any, note the end in another."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select

from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import unprotect
from marketplace.foundation.db import db
from marketplace.foundation.tasks import in_transaction

from .actions import LETTER
from .delivery import FolderTransport, Opened, Refused, Send, SmtpTransport, Transport, compose
from .models import Delivery, DeliveryState, Letter, Message

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 8
BATCH = 50
Owed = Any  # the class Delivery or Letter: both are owed, tried again and noted alike


def deliver_due() -> int:
    """Send what is owed and due; returns how many were sent.

    One that fails is tried again after a rest that doubles (2, 4, … minutes), up to eight times;
    it holds up none of the others. What the other side will never take is given up at once.
    """
    return _send_due(Delivery)


def deliver_letters_due() -> int:
    """Send the letters to single persons that are owed and due, in the same way."""
    return _send_due(Letter)


def _send_due(owed: Owed) -> int:
    claimed: list[int] = in_transaction(partial(_claim, owed))
    if not claimed:
        return 0
    sent = 0
    with current_transport().open() as send:
        for owed_id in claimed:
            failure = _try(send, owed, owed_id)
            in_transaction(partial(_note, owed, owed_id, failure))
            sent += failure is None
    return sent


def current_transport() -> Transport:
    """SMTP where SMTP_URL is set, else the mail folder."""
    url = current_app.config["SETTINGS"].smtp_url
    return SmtpTransport(url) if url else FolderTransport(Path(current_app.config["MAIL_DIR"]))


def _claim(owed: Owed, _actor: Actor, now: datetime) -> list[int]:
    """Take due deliveries: nobody else tries them before their rest is over."""
    rows = db.session.scalars(
        select(owed)
        .where(owed.next_check_at <= now)
        .order_by(owed.next_check_at, owed.id)
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


def _try(send: Send, owed: Owed, owed_id: int) -> Failure | None:
    """Send one mail outside any transaction; whatever goes wrong concerns this one only."""
    try:
        mail: EmailMessage = in_transaction(partial(_compose, owed, owed_id))
        send(mail)
    except Exception as error:
        expected = isinstance(error, OSError | Refused)
        log.warning(
            "%s %s failed: %s",
            owed.__tablename__,
            owed_id,
            type(error).__name__,
            exc_info=not expected,
        )
        return Failure(f"{type(error).__name__}: {error}"[:300], isinstance(error, Refused))
    return None


def _compose(owed: Owed, owed_id: int, _actor: Actor, _now: datetime) -> EmailMessage:
    row: Any = db.session.get_one(owed, owed_id)
    if isinstance(row, Delivery):
        return compose(db.session.get_one(Message, row.message_id), row.address)
    link, _line, body = unprotect(LETTER, row.sealed or "").partition("\n")
    opened = Opened(row.public_id, row.subject, body, link, row.created_at, row.language)
    return compose(opened, row.address)


def _note(owed: Owed, owed_id: int, failure: Failure | None, _actor: Actor, now: datetime) -> None:
    row: Any = db.session.get_one(owed, owed_id)
    row.last_error = failure.words if failure else None
    if failure is None:
        row.state = DeliveryState.SENT
        row.sent_at = now
    elif failure.final or row.attempts >= MOST_ATTEMPTS:
        row.state = DeliveryState.FAILED
    else:
        return
    row.next_check_at = None
    if isinstance(row, Letter):
        row.sealed = None
