"""Reads of the inbox: the messages somebody may read (``access.messages_of``), how many are new."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func

from marketplace.foundation.db import Page, db, paginate
from marketplace.foundation.titles import Titled
from marketplace.notifications.models import Message


class Box(Titled):
    """Which messages a reader wants to see."""

    ALL = "all", _l("全部")
    UNREAD = "unread", _l("未读")
    READ = "read", _l("已读")


def inbox(readable: Select[Message], box: Box, number: int) -> Page[Message]:
    """A page of the messages somebody may read, newest first."""
    query = readable
    if box is not Box.ALL:
        query = query.where(Message.read_at.is_(None) == (box is Box.UNREAD))
    return paginate(query.order_by(Message.id.desc()), number)


def unread(readable: Select[Message], up_to: int) -> list[Message]:
    """The unread ones of them up to and including one, oldest first."""
    query = readable.where(Message.read_at.is_(None), Message.id <= up_to)
    return list(db.session.scalars(query.order_by(Message.id)))


def unread_count(readable: Select[Message]) -> int:
    """How many of them nobody has read."""
    counted = readable.where(Message.read_at.is_(None)).with_only_columns(func.count(Message.id))
    return db.session.scalar(counted) or 0
