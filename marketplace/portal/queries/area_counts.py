"""What goes on in each area, for the page on which a reader chooses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func

from marketplace.accounts.areas import Area, served
from marketplace.foundation.db import db
from marketplace.projects import queries as projects
from marketplace.projects.models import Need

from .firms import listed_count


@dataclass(frozen=True)
class AreaLine:
    """A register's area with those below it. ``open_needs`` counts here and below."""

    area: Area
    listed: int
    open_needs: int
    inner: Sequence[AreaLine] = ()


def tree(now: datetime) -> list[AreaLine]:
    """Every area with a register of its own, with the areas it serves."""
    query = projects.open_needs(now).order_by(None)
    columns = query.with_only_columns(Need.jurisdiction_code, func.count(Need.id))
    rows = db.session.execute(columns.group_by(Need.jurisdiction_code))
    counts: dict[str, int] = dict(rows.all())

    def line(area: Area, listed: int) -> AreaLine:
        needs = sum(counts.get(code, 0) for code in area.below)
        inner = [line(child, listed) for child in area.children if not child.is_register]
        return AreaLine(area, listed, needs, inner)

    return [line(area, listed_count(area.code, now)) for area in served() if area.is_register]
