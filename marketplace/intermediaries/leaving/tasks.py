"""The list of firms without any valid certificate, kept by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from marketplace.foundation import tasks

from . import lapsing

BEGIN, FINISH = "lapses.begin", "lapses.finish"


def keep_lapses() -> int:
    """Put firms on the list that have come to be without, take those off it that are no more."""
    return tasks.advance_each(BEGIN, _to_begin, lapsing.begin) + tasks.advance_each(
        FINISH, _to_finish, lapsing.finish
    )


def _to_begin(now: datetime) -> Sequence[int]:
    return lapsing.to_begin(now, tasks.resting_at(BEGIN))


def _to_finish(now: datetime) -> Sequence[int]:
    return lapsing.to_finish(now, tasks.resting_at(FINISH))
