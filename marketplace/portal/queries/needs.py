"""Published needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, func, select

from marketplace.accounts.areas import Area
from marketplace.accounts.models import Organisation
from marketplace.finding import dated
from marketplace.foundation import clock
from marketplace.foundation.db import Page, as_written, db, fetch, paginate_rows, unindexed
from marketplace.foundation.errors import Missing
from marketplace.foundation.listing import Sorting, in_order
from marketplace.foundation.recent import recent
from marketplace.projects import queries as projects
from marketplace.projects.models import Need, NeedStatus
from marketplace.selection import queries as selection
from marketplace.selection.models import RoundStatus

from . import firms

# what a row of a list says of a need and its owner
SHOWN = (
    Need.id,
    Need.public_id,
    Need.title,
    Need.number,
    Need.item_name,
    Need.items_count,
    Need.method,
    Need.budget,
    Need.entry_deadline,
    Need.status,
    Need.draw_source,
    Organisation.name.label("owner_name"),
    Organisation.kind.label("owner_kind"),
)


def closing_soonest(area: Area, now: datetime, limit: int = 6) -> Sequence[Row[Any]]:
    """Needs of an area that can be entered now, the first to close first."""
    query = _in(area, projects.open_needs(now)).limit(as_written(limit))
    return fetch(query.with_only_columns(*SHOWN, maintain_column_froms=True))


def open_count(area: Area, now: datetime, item_code: str) -> int:
    """How many needs of an area for an item can be entered now."""
    query = projects.open_needs(now).order_by(None).with_only_columns(Need.id)
    query = query.where(Need.jurisdiction_code.in_(area.below), projects.names_one_of([item_code]))
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def needs_page(
    area: Area,
    *,
    words: str,
    status: NeedStatus | None = None,
    item_code: str = "",
    sorting: Sorting = Sorting(),
    number: int = 1,
    per_page: int = 20,
) -> Page[Row[Any]]:
    """Published needs of an area, newest first or in the reader's order, by words of title,
    number or item (of more than 1,000 so found the newest), by status and item."""
    query = _published(tuple(area.below))
    if words:
        known = firms.present(area.register or area.code, clock.now())
        query = query.where(Need.id.in_(dated.needs(words, area.below, known).keys))
    if status is not None:
        query = query.where(Need.status == status)
    if item_code:
        query = query.where(projects.names_one_of([item_code]))
    if sorting.key:
        columns = {"budget": Need.budget, "deadline": Need.entry_deadline}
        usual = (Need.published_at.desc(), Need.id.desc())
        query = in_order(query.order_by(None), sorting, columns, usual)
    return paginate_rows(query, SHOWN, number, per_page)


@lru_cache(maxsize=256)
def _published(codes: tuple[str, ...]) -> Select[Need]:
    return _within(codes, projects.published_needs())


def _in(area: Area, query: Select[Need]) -> Select[Need]:
    return _within(tuple(area.below), query)


def _within(codes: tuple[str, ...], query: Select[Need]) -> Select[Need]:
    here = unindexed(Need.jurisdiction_code).in_(codes)
    return query.join(Organisation, Organisation.id == Need.owner_id).where(here)


def public_need(public_id: str) -> Need:
    """A need that was ever published; raises Missing for drafts, whoever asks."""
    need = projects.need(public_id)
    if not need.is_public:
        raise Missing(f"need {public_id}")
    return need


@recent(20)
def need_counts(area: Area) -> dict[NeedStatus, int]:
    """How many published needs of an area stand in each status, in the order of a need's life."""
    rows = db.session.execute(
        select(Need.status, func.count(Need.id))
        .where(Need.published_at.is_not(None), Need.jurisdiction_code.in_(area.below))
        .group_by(Need.status)
    )
    found = dict(rows.all())
    return {status: found[status] for status in NeedStatus if status in found}


def is_closed(need: Need) -> bool:
    """Whether the list of entrants of some round is frozen and public."""
    return any(
        each.closed_at is not None and each.status is not RoundStatus.OPEN
        for each in selection.rounds_of(need)
    )
