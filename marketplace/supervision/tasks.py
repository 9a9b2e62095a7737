"""Jobs of the clock: follow the deadlines of every package, remind of them."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import clocks
from .models import RunningClock


def advance_due() -> int:
    """Follow the clocks that run and tell of the stages that have begun."""
    changed: int = tasks.in_transaction(clocks.follow_clocks)
    return changed + tasks.sweep(RunningClock, clocks.advance_running_clock)
