"""What waits for officers of the bureau, of departments and of the superior bureau."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from marketplace.foundation.actor import Actor
from marketplace.supervision.waiting.gathering import of_officer

from .line import Line


def matters(actor: Actor, now: datetime) -> Iterator[Line]:
    """The officer's part of the one list that the overview of the area shows whole."""
    for each in of_officer(actor, now):
        page, key = each.done_at
        yield Line(
            what=each.what,
            about=each.about,
            page=page,
            key=key,
            where=each.where,
            since=each.since,
            due=each.due,
        )
