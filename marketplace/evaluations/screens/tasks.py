"""The nightly look through the marks of every register."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.foundation import clock, tasks
from marketplace.foundation.actor import Actor

from . import actions, queries

# after the grades of the day were settled
AFTER_MIDNIGHT = timedelta(hours=2)


def screen_due() -> int:
    """Look through the registers that are due, each once a night; returns how many."""
    looked: int = tasks.where_found(_due, _screen)
    return looked


def _due(now: datetime) -> list[str]:
    day = clock.local_day(now - AFTER_MIDNIGHT)
    return queries.due_registers(day) if day == clock.local_day(now) else []


def _screen(actor: Actor, now: datetime) -> int:
    due = _due(now)
    for register in due:
        actions.screen(register, actor, now)
    return len(due)
