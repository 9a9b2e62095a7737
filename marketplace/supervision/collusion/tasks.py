"""The look through the selections of every register, at night, as often as its edition says."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.foundation import clock, tasks
from marketplace.foundation.actor import Actor

from . import actions, queries
from .rules.policy import CollusionPolicy

AFTER_MIDNIGHT = timedelta(hours=2)


def look_due() -> int:
    """Look through the registers that are due; returns how many."""
    looked: int = tasks.where_found(_due, _look)
    return looked


def _due(now: datetime) -> list[str]:
    """The registers not looked through for as many days as their editions say."""
    day = clock.local_day(now - AFTER_MIDNIGHT)
    if day != clock.local_day(now):
        return []
    found = []
    for register, last in queries.last_days().items():
        if last is None or last < day:
            values: CollusionPolicy = actions.edition_of(register, now).values
            if last is None or last + timedelta(days=values.every_days) <= day:
                found.append(register)
    return found


def _look(actor: Actor, now: datetime) -> int:
    due = _due(now)
    for register in due:
        actions.screen(register, actor, now)
    return len(due)
