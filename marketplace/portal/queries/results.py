"""Results of selections, as the public may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, false, select, true
from sqlalchemy.orm import aliased

from marketplace.accounts.areas import Area
from marketplace.accounts.models import Organisation
from marketplace.finding import dated
from marketplace.finding.firms import Wanted
from marketplace.finding.rules import terms
from marketplace.foundation import clock
from marketplace.foundation.db import Page, as_written, fetch, paginate_rows, unindexed
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import Need
from marketplace.selection import queries as selection
from marketplace.selection.models import LIVE_AWARDS, Award

from . import firms
from .needs import SHOWN

MOST_FIRMS = 500
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
    """Needs of an area with a published choice, the latest first, with that choice; ``words`` as
    everywhere: of the title, the item, the number (of more than 1,000 needs so found the newest),
    or the firm chosen. A firm on no list any more is found by the characters of its name."""
    query = _in(tuple(area.below))
    if words:
        now = clock.now()
        register = area.register or area.code
        known = firms.present(register, now)
        Chosen = aliased(Organisation)
        plain = and_(
            true(), *(Chosen.name.contains(term, autoescape=True) for term in terms(words))
        )
        called = firms.search(Wanted(register, words), now).called(MOST_FIRMS)
        listed = select(Firm.organisation_id).where(Firm.id.in_(called))
        chosen = (
            select(Award.need_id)
            .join(Chosen, Chosen.id == Award.organisation_id)
            .where(Award.decided_at.is_not(None), plain | Chosen.id.in_(listed))
        )
        needs = dated.needs(words, area.below, known).keys
        wanted = Need.id.in_(needs) | Need.id.in_(chosen)
        query = query.where(wanted if terms(words) else false())
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
