"""Firms side by side: what each promises and what its record says, and nothing that ranks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from marketplace.evaluations import queries as evaluations
from marketplace.evaluations.models import PART_TITLES
from marketplace.evaluations.rules import Direction
from marketplace.foundation import clock
from marketplace.ratings import queries as ratings

from . import firms
from .firms import FirmRow


@dataclass(frozen=True)
class Compared:
    """A firm in a comparison: its row, the grade in force with its score, and the mean marks of
    its owners by part."""

    row: FirmRow
    grade: ratings.GradeOn
    averages: Mapping[str, evaluations.Average]


@dataclass(frozen=True)
class Comparison:
    """Firms side by side, in the order they were chosen; ``items`` are what any of them offers."""

    firms: Sequence[Compared]
    items: Sequence[str]

    part_titles = PART_TITLES
    parts = Direction.OWNER_TO_FIRM.parts


def of(public_ids: Sequence[str], register: str, item_code: str, now: datetime) -> Comparison:
    """The listed ones of these firms; with an item only what they promise for it."""
    found = firms.compared(public_ids, register, now)
    rows = firms.rows_of(found)
    items = sorted({each.item_code for row in rows for each in row.offerings})
    if item_code:
        rows = [row.only(item_code) for row in rows]
    day = clock.local_day(now)
    return Comparison([_compared(row, register, day) for row in rows], items)


def _compared(row: FirmRow, register: str, day: date) -> Compared:
    averages, _latest = evaluations.marks_about(row.firm.id, Direction.OWNER_TO_FIRM, 0)
    return Compared(
        row=row,
        grade=ratings.grade_on(row.firm.id, register, day),
        averages={each.part: each for each in averages},
    )
