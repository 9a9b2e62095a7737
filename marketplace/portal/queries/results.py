"""Results of selections, as the public may read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from marketplace.foundation.db import Page, db, paginate
from marketplace.projects.models import Need
from marketplace.selection import queries as selection
from marketplace.selection.models import LIVE_AWARDS, Award


@dataclass(frozen=True)
class Result:
    """A need and the newest published choice for it."""

    need: Need
    award: Award


def results_page(number: int) -> tuple[Page[Need], list[Result]]:
    """Needs with a published choice, the latest first, with that choice."""
    page = paginate(selection.results(), number)
    return page, _with_awards(page.items)


def latest_results(limit: int = 5) -> list[Result]:
    """The latest published choices."""
    return _with_awards(db.session.scalars(selection.results().limit(limit)).all())


def _with_awards(needs: Sequence[Need]) -> list[Result]:
    rows = db.session.scalars(
        select(Award)
        .where(Award.need_id.in_([need.id for need in needs]), Award.decided_at.is_not(None))
        .order_by(Award.status.in_(LIVE_AWARDS), Award.id)
    )
    newest = {row.need_id: row for row in rows}
    return [Result(need, newest[need.id]) for need in needs]
