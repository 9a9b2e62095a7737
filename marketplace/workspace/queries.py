"""Reads of the inbox: an organisation's messages and how many are new."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from marketplace.foundation.db import Page, db, paginate
from marketplace.foundation.titles import Titled
from marketplace.notifications.models import Message


class Box(Titled):
    """Which messages a reader wants to see."""

    ALL = "all", _l("全部")
    UNREAD = "unread", _l("未读")
    READ = "read", _l("已读")


def inbox(organisation_id: int, box: Box, number: int) -> Page[Message]:
    """An organisation's messages, newest first."""
    query = select(Message).where(Message.organisation_id == organisation_id)
    if box is not Box.ALL:
        query = query.where(Message.read_at.is_(None) == (box is Box.UNREAD))
    return paginate(query.order_by(Message.id.desc()), number)


def unread(organisation_id: int, up_to: int) -> list[Message]:
    """The unread messages up to and including one, oldest first."""
    return list(
        db.session.scalars(
            select(Message)
            .where(
                Message.organisation_id == organisation_id,
                Message.read_at.is_(None),
                Message.id <= up_to,
            )
            .order_by(Message.id)
        )
    )


def unread_count(organisation_id: int) -> int:
    """How many messages nobody of the organisation has read."""
    counted = db.session.scalar(
        select(func.count(Message.id)).where(
            Message.organisation_id == organisation_id, Message.read_at.is_(None)
        )
    )
    return counted or 0
