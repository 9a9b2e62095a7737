"""The counts of the home and data pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import Select, func, select

from marketplace.foundation import calendar, clock
from marketplace.foundation.db import db
from marketplace.foundation.lifecycle import StatusChange
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import Need, NeedStatus


@dataclass(frozen=True)
class Figures:
    """Firms listed now; needs published, selections decided and contracts ended this month."""

    listed: int
    published: int
    decided: int
    completed: int


def figures(register: str, now: datetime) -> Figures:
    """The month in four figures, from midnight of its first day in Shanghai."""
    start = calendar.moment(clock.local_day(now).replace(day=1), time())
    return Figures(
        listed=_count(intermediaries.listed(register, now).with_only_columns(Firm.id)),
        published=_count(select(Need.id).where(Need.published_at >= start)),
        decided=_count(_reached(NeedStatus.AWARDED, start)),
        completed=_count(_reached(NeedStatus.COMPLETED, start)),
    )


def _reached(status: NeedStatus, since: datetime) -> Select[int]:
    return (
        select(StatusChange.subject_id)
        .where(
            StatusChange.subject_type == Need.__tablename__,
            StatusChange.to_status == status.value,
            StatusChange.at >= since,
        )
        .distinct()
    )


def _count(query: Select[int]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
