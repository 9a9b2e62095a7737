"""Reads about public notices and objections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager

from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing

from .models import UNANSWERED, NoticeStatus, Objection, PublicNotice
from .rules import NoticeState, state_of


def latest(kind: str, subject: Any) -> PublicNotice | None:
    """The newest notice of ``kind`` about ``subject`` (a model instance)."""
    return db.session.scalar(
        select(PublicNotice)
        .where(
            PublicNotice.kind == kind,
            PublicNotice.subject_type == subject.__tablename__,
            PublicNotice.subject_id == subject.id,
        )
        .order_by(PublicNotice.id.desc())
        .limit(1)
    )


def pointing_to(kind: str, link: str) -> list[PublicNotice]:
    """Lasting notices of a kind that lead to a page, oldest first."""
    return list(
        db.session.scalars(
            select(PublicNotice)
            .where(PublicNotice.kind == kind, PublicNotice.link == link, PublicNotice.lasting)
            .order_by(PublicNotice.id)
        )
    )


def unanswered(notice: PublicNotice) -> int:
    """How many objections to the notice wait for an answer, overdue ones included."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Objection)
            .where(Objection.notice_id == notice.id, Objection.status.in_(UNANSWERED))
        )
        or 0
    )


def state(notice: PublicNotice, now: datetime) -> NoticeState:
    """What the notice means now for whoever waits for it."""
    return state_of(
        upheld=notice.status is NoticeStatus.UPHELD,
        withdrawn=notice.status is NoticeStatus.WITHDRAWN,
        pending=unanswered(notice),
        ends_at=notice.ends_at,
        now=now,
    )


def takes_objections(notice: PublicNotice, now: datetime) -> bool:
    """Whether an objection filed now would be in time."""
    return notice.objectable and notice.status is NoticeStatus.OPEN and now < notice.ends_at


def published(
    now: datetime, kind: str | None = None, running_only: bool = False
) -> Select[PublicNotice]:
    """Notices the public may read, newest first; those not lasting only until their end."""
    query = select(PublicNotice).where(
        or_(
            PublicNotice.lasting,
            (PublicNotice.ends_at > now) & (PublicNotice.status == NoticeStatus.OPEN),
        )
    )
    if kind is not None:
        query = query.where(PublicNotice.kind == kind)
    if running_only:
        query = query.where(PublicNotice.status == NoticeStatus.OPEN)
    return query.order_by(PublicNotice.published_at.desc(), PublicNotice.id.desc())


def public_notice(public_id: str, now: datetime) -> PublicNotice:
    """A notice the public may read now; raises Missing."""
    found = db.session.scalar(published(now).where(PublicNotice.public_id == public_id))
    if found is None:
        raise Missing(f"notice {public_id}")
    return found


def has_objected(link: str, organisation_id: int) -> bool:
    """Whether an organisation objected to a notice that leads to a page."""
    query = (
        select(Objection.id)
        .join(Objection.notice)
        .where(Objection.organisation_id == organisation_id, PublicNotice.link == link)
    )
    return db.session.scalar(query.limit(as_written(1))) is not None


def waiting_objections(jurisdictions: list[str], limit: int = 50) -> list[Objection]:
    """Objections waiting for an answer in these jurisdictions, by deadline."""
    return list(
        db.session.scalars(
            select(Objection)
            .join(Objection.notice)
            .where(
                Objection.status.in_(UNANSWERED),
                PublicNotice.jurisdiction_code.in_(jurisdictions),
            )
            .order_by(Objection.due_at, Objection.id)
            .limit(limit)
            .options(contains_eager(Objection.notice))
        )
    )


def objections_of(organisation_id: int, limit: int = 50) -> list[Objection]:
    """An organisation's own objections, newest first."""
    return list(
        db.session.scalars(
            select(Objection)
            .where(Objection.organisation_id == organisation_id)
            .order_by(Objection.id.desc())
            .limit(limit)
        )
    )
