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
    looked: int = tasks.in_transaction(_screen)
    return looked


def _screen(actor: Actor, now: datetime) -> int:
    day = clock.local_day(now - AFTER_MIDNIGHT)
    if day != clock.local_day(now):
        return 0
    due = queries.due_registers(day)
    for register in due:
        actions.screen(register, actor, now)
    return len(due)
