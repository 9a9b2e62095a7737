"""Owe a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from marketplace.foundation.crypto import protect
from marketplace.foundation.db import db

from .models import Delivery, DeliveryState, Letter, Message

LETTER = "letter"


def send(
    organisation_id: int,
    subject: str,
    body: str,
    link: str,
    key: str,
    now: datetime,
    address: str | None = None,
) -> Message | None:
    """Put a message in an organisation's inbox and, with ``address``, owe it by mail too.

    ``key`` names the occasion (``award:17:winner``): the same key again sends nothing. Texts go
    in already translated to Chinese; ``link`` is a path on the site.
    """
    if db.session.scalar(select(Message.id).where(Message.key == key)) is not None:
        return None
    message = Message(
        organisation_id=organisation_id,
        subject=subject[:200],
        body=body,
        link=link,
        key=key,
        created_at=now,
    )
    db.session.add(message)
    db.session.flush()
    if address:
        db.session.add(
            Delivery(
                message_id=message.id,
                address=address,
                state=DeliveryState.OWED,
                attempts=0,
                next_check_at=now,
            )
        )
    return message


def send_letter(
    address: str,
    subject: str,
    body: str,
    link: str,
    key: str,
    now: datetime,
    language: str | None = None,
) -> Letter | None:
    """Owe a mail to one person that stands in no inbox; its text is enciphered until sent.

    ``link`` is a path on the site; ``language`` the one the person reads, in which the texts are
    (default Chinese). The same ``key`` again sends nothing.
    """
    if db.session.scalar(select(Letter.id).where(Letter.key == key)) is not None:
        return None
    letter = _letter(address, subject, body, link, key, now, language)
    db.session.add(letter)
    db.session.flush()
    return letter


def send_letters(letters: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """``send_letter`` for a crowd, each as its arguments by name; their keys are all new."""
    db.session.add_all([_letter(**each, now=now) for each in letters])
    db.session.flush()


def _letter(
    address: str,
    subject: str,
    body: str,
    link: str,
    key: str,
    now: datetime,
    language: str | None,
) -> Letter:
    return Letter(
        address=address,
        subject=subject[:200],
        sealed=protect(LETTER, f"{link}\n{body}"),
        key=key,
        state=DeliveryState.OWED,
        attempts=0,
        next_check_at=now,
        created_at=now,
        language=language,
    )
