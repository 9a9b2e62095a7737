"""Results of selections, as the public may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.areas import Area
from marketplace.accounts.models import Organisation
from marketplace.foundation.db import Page, as_written, db, paginate
from marketplace.projects.models import Need
from marketplace.selection import queries as selection
from marketplace.selection.models import LIVE_AWARDS, Award


@dataclass(frozen=True)
class Result:
    """A need and the newest published choice for it."""

    need: Need
    award: Award


def results_page(area: Area, words: str, number: int) -> tuple[Page[Need], list[Result]]:
    """Needs of an area with a published choice, the latest first, with that choice; ``words`` are
    part of the title or the item, the whole number, or part of the firm's name."""
    query = _in(area)
    if words:
        firms = (
            select(Award.need_id)
            .join(Organisation, Organisation.id == Award.organisation_id)
            .where(
                Award.decided_at.is_not(None), Organisation.name.contains(words, autoescape=True)
            )
        )
        query = query.where(
            Need.title.contains(words, autoescape=True)
            | Need.item_name.contains(words, autoescape=True)
            | (Need.number == words.upper())
            | Need.id.in_(firms)
        )
    page = paginate(query, number)
    return page, _with_awards(page.items)


def latest_results(area: Area, limit: int = 5) -> list[Result]:
    """The latest published choices of an area."""
    return _with_awards(db.session.scalars(_in(area).limit(as_written(limit))).all())


def _in(area: Area) -> Select[Need]:
    # coalesce keeps the planners to the index of the order: most needs are of the area looked at
    query = selection.results().where(func.coalesce(Need.jurisdiction_code, "").in_(area.below))
    return query.options(joinedload(Need.owner))


def _with_awards(needs: Sequence[Need]) -> list[Result]:
    rows = db.session.scalars(
        select(Award)
        .where(Award.need_id.in_([need.id for need in needs]), Award.decided_at.is_not(None))
        .order_by(Award.status.in_(LIVE_AWARDS), Award.id)
        .options(joinedload(Award.organisation))
    )
    newest = {row.need_id: row for row in rows}
    return [Result(need, newest[need.id]) for need in needs]
