"""Published needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from marketplace.foundation.db import Page, db, paginate
from marketplace.foundation.errors import Missing
from marketplace.projects import queries as projects
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import queries as selection
from marketplace.selection.models import RoundStatus


def closing_soonest(now: datetime, limit: int = 6) -> list[Need]:
    """Needs that can be entered now, the first to close first."""
    return list(db.session.scalars(projects.open_needs(now).limit(limit)))


def needs_page(*, words: str, status: NeedStatus | None, number: int) -> Page[Need]:
    """Published needs, newest first, by words of title, number or item, and by status."""
    query = projects.published_needs()
    if words:
        query = query.where(
            Need.title.contains(words, autoescape=True)
            | Need.item_name.contains(words, autoescape=True)
            | (Need.number == words)
        )
    if status is not None:
        query = query.where(Need.status == status)
    return paginate(query, number)


def public_need(public_id: str) -> Need:
    """A need that was ever published; raises Missing for drafts, whoever asks."""
    need = projects.need(public_id)
    if not need.is_public:
        raise Missing(f"need {public_id}")
    return need


def need_counts() -> dict[NeedStatus, int]:
    """How many published needs stand in each status."""
    rows = db.session.execute(
        select(Need.status, func.count(Need.id))
        .where(Need.published_at.is_not(None))
        .group_by(Need.status)
    )
    return dict(rows.all())


def is_closed(need: Need) -> bool:
    """Whether the list of entrants of some round is frozen and public."""
    return any(
        each.closed_at is not None and each.status is not RoundStatus.OPEN
        for each in selection.rounds_of(need)
    )
