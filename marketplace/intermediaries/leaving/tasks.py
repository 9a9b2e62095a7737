"""The list of firms without any valid certificate, kept by the clock."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import lapsing


def keep_lapses() -> int:
    """Put firms on the list that have come to be without, take those off it that are no more."""
    return tasks.advance_each("lapses.begin", lapsing.to_begin, lapsing.begin) + tasks.advance_each(
        "lapses.finish", lapsing.to_finish, lapsing.finish
    )
