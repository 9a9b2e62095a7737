"""The look through the selections of every register, at night, as often as its edition says."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.foundation import clock, tasks
from marketplace.foundation.actor import Actor

from . import actions, queries
from .rules.policy import CollusionPolicy

AFTER_MIDNIGHT = timedelta(hours=2)
SHORTEST = 1  # no edition looks more often than daily


def look_due() -> int:
    """Look through the registers that are due; returns how many."""
    looked: int = tasks.in_transaction(_look)
    return looked


def _look(actor: Actor, now: datetime) -> int:
    day = clock.local_day(now - AFTER_MIDNIGHT)
    if day != clock.local_day(now):
        return 0
    done = 0
    for register in queries.due_registers(day, SHORTEST):
        values: CollusionPolicy = actions.edition_of(register, now).values
        if register in queries.due_registers(day, values.every_days):
            actions.screen(register, actor, now)
            done += 1
    return done
