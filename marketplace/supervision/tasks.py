"""Jobs of the clock: follow the deadlines of every package, remind of them."""

from __future__ import annotations

from marketplace.foundation import heads, tasks

from . import clocks
from .models import RunningClock


def publish_head() -> int:
    """Publish the head of the audit ledger of each day that has ended, once."""
    published: int = tasks.in_transaction(lambda _clock, now: heads.publish_due(now))
    return published


def follow_clocks() -> int:
    """Begin, end and move the copies of the deadlines; returns how many changed."""
    changed: int = tasks.in_transaction(clocks.follow_clocks)
    return changed


def advance_due() -> int:
    """Tell of the stages that have begun."""
    return tasks.sweep(RunningClock, clocks.advance_running_clock)
