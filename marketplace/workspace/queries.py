"""Reads of the inbox: an organisation's messages and how many are new."""

from __future__ import annotations

from sqlalchemy import func, select

from marketplace.foundation.db import Page, db, paginate
from marketplace.notifications.models import Message


def inbox(organisation_id: int, number: int) -> Page[Message]:
    """An organisation's messages: unread first, then newest first."""
    return paginate(
        select(Message)
        .where(Message.organisation_id == organisation_id)
        .order_by(Message.read_at.is_not(None), Message.id.desc()),
        number,
    )


def unread_count(organisation_id: int) -> int:
    """How many messages nobody of the organisation has read."""
    counted = db.session.scalar(
        select(func.count(Message.id)).where(
            Message.organisation_id == organisation_id, Message.read_at.is_(None)
        )
    )
    return counted or 0
