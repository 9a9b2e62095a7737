"""The counts of the home and data pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, func, select

from marketplace.accounts.areas import Area
from marketplace.foundation import calendar, clock
from marketplace.foundation.db import db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.recent import recent
from marketplace.projects.models import Need, NeedStatus

from . import firms


@dataclass(frozen=True)
class Figures:
    """Firms listed now; needs published, selections decided and contracts ended this month."""

    listed: int
    published: int
    decided: int
    completed: int


@recent(10, "now")
def figures(area: Area, now: datetime) -> Figures:
    """The month of an area in four figures, from midnight of its first day in Shanghai; the
    firms are those of its register."""
    start = calendar.moment(clock.local_day(now).replace(day=1), time())
    return Figures(
        listed=firms.listed_count(area.register or area.code, now),
        published=_count(
            select(Need.id).where(
                Need.published_at >= start, Need.jurisdiction_code.in_(area.below)
            )
        ),
        decided=_count(_reached(area, NeedStatus.AWARDED, start)),
        completed=_count(_reached(area, NeedStatus.COMPLETED, start)),
    )


@recent(60)
def often_wanted(area: Area, day: date, limit: int = 6) -> list[tuple[str, str]]:
    """(code, name) of the items most often asked for in an area in the last twelve months."""
    since = calendar.moment(day - timedelta(days=365), time())
    counted = func.count(Need.id)
    rows = db.session.execute(
        select(Need.item_code, func.max(Need.item_name))
        .where(Need.published_at >= since, Need.jurisdiction_code.in_(area.below))
        .group_by(Need.item_code)
        .order_by(counted.desc(), Need.item_code)
        .limit(limit)
    )
    return [(code, name) for code, name in rows]


def _reached(area: Area, status: NeedStatus, since: datetime) -> Select[int]:
    return (
        select(StatusChange.subject_id)
        .join(Need, Need.id == StatusChange.subject_id)
        .where(
            Need.jurisdiction_code.in_(area.below),
            StatusChange.subject_type == Need.__tablename__,
            StatusChange.to_status == status.value,
            StatusChange.at >= since,
        )
        .distinct()
    )


def _count(query: Select[int]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
