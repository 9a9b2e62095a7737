"""Reads about an organisation's messages and the needs it has to do with."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from marketplace.foundation.db import Page, db, paginate
from marketplace.notifications.models import Message
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection.models import Entry

OVER = (
    NeedStatus.COMPLETED,
    NeedStatus.TERMINATED,
    NeedStatus.FAILED,
    NeedStatus.WITHDRAWN,
)


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


def matters(organisation_id: int, limit: int = 10) -> tuple[list[Need], list[Need]]:
    """Needs an organisation owns or entered: those that run and those that ended, latest first."""
    entered = select(Entry.need_id).where(Entry.organisation_id == organisation_id)
    mine = select(Need).where(or_(Need.owner_id == organisation_id, Need.id.in_(entered)))
    newest = mine.order_by(Need.status_since.desc(), Need.id.desc()).limit(limit)
    return (
        list(db.session.scalars(newest.where(Need.status.not_in(OVER)))),
        list(db.session.scalars(newest.where(Need.status.in_(OVER)))),
    )
