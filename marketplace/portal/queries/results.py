"""Results of selections, as the public may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import aliased

from marketplace.accounts.areas import Area
from marketplace.accounts.models import Organisation
from marketplace.foundation.db import Page, as_written, fetch, paginate_rows, unindexed
from marketplace.projects.models import Need
from marketplace.selection import queries as selection
from marketplace.selection.models import LIVE_AWARDS, Award

from .needs import SHOWN

_AWARDS = (
    select(
        Award.need_id,
        Award.price,
        Award.decided_at,
        Award.notice_ends_at,
        Award.status,
        Organisation.name.label("firm_name"),
        Organisation.kind.label("firm_kind"),
    )
    .join(Organisation, Organisation.id == Award.organisation_id)
    .where(Award.need_id.in_(bindparam("need_ids", expanding=True)), Award.decided_at.is_not(None))
    .order_by(Award.status.in_(LIVE_AWARDS), Award.id)
)


@dataclass(frozen=True)
class Result:
    """A need and the newest published choice for it, as rows of a list."""

    need: Row[Any]
    award: Row[Any]


def results_page(area: Area, words: str, number: int) -> tuple[Page[Row[Any]], list[Result]]:
    """Needs of an area with a published choice, the latest first, with that choice; ``words`` are
    part of the title or the item, the whole number, or part of the firm's name."""
    query = _in(tuple(area.below))
    if words:
        Firm = aliased(Organisation)
        firms = (
            select(Award.need_id)
            .join(Firm, Firm.id == Award.organisation_id)
            .where(Award.decided_at.is_not(None), Firm.name.contains(words, autoescape=True))
        )
        query = query.where(
            Need.title.contains(words, autoescape=True)
            | Need.item_name.contains(words, autoescape=True)
            | (Need.number == words.upper())
            | Need.id.in_(firms)
        )
    page = paginate_rows(query, SHOWN, number)
    return page, _with_awards(page.items)


def latest_results(area: Area, limit: int = 5) -> list[Result]:
    """The latest published choices of an area."""
    query = _in(tuple(area.below)).limit(as_written(limit))
    return _with_awards(fetch(query.with_only_columns(*SHOWN, maintain_column_froms=True)))


@lru_cache(maxsize=256)
def _in(codes: tuple[str, ...]) -> Select[Need]:
    query = selection.results().where(unindexed(Need.jurisdiction_code).in_(codes))
    return query.join(Organisation, Organisation.id == Need.owner_id)


def _with_awards(needs: Sequence[Row[Any]]) -> list[Result]:
    if not needs:
        return []
    newest = {row.need_id: row for row in fetch(_AWARDS, need_ids=[need.id for need in needs])}
    return [Result(need, newest[need.id]) for need in needs]
