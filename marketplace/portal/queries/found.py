"""What the one search box finds beside firms and needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from marketplace.accounts.areas import Area
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.finding import dated
from marketplace.finding.firms import item_keys, items_called
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.notices.models import PublicNotice

from . import firms

# the boxes of the item lists read words as this search does
catalogue.find_by(item_keys)


def items(words: str, area: Area, now: datetime) -> list[ServiceItem]:
    """The items in force whose name, synonym or code the words are, or are part of."""
    codes = items_called(words, firms.present(area.register or area.code, now))
    if not codes:
        return []
    listed = {item.code: item for item in catalogue.items(clock.local_day(now), area.lineage)}
    return [listed[code] for code in codes if code in listed]


def suggested_items(words: str, area: Area, now: datetime, limit: int = 5) -> list[catalogue.Label]:
    """The labels of the items the words are likeliest to mean."""
    known = firms.present(area.register or area.code, now)
    return [known.items[code] for code in items_called(words, known)[:limit]]


def notices(
    words: str, area: Area, now: datetime, limit: int = 5
) -> tuple[Sequence[PublicNotice], int]:
    """The newest public notices of an area so found, and how many there are."""
    known = dated.notices(words, area.below, now)
    if not known.keys:
        return [], 0
    query = (
        select(PublicNotice)
        .where(PublicNotice.id.in_(known.keys[:limit]))
        .order_by(PublicNotice.published_at.desc(), PublicNotice.id.desc())
    )
    return db.session.scalars(query).all(), known.total
