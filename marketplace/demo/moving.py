"""Moving demo and test time, with everything that becomes due on the way."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import func, select

from marketplace import schedule
from marketplace.foundation import calendar, clock
from marketplace.foundation.db import Base, db
from marketplace.foundation.transactions import transaction

_PATIENCE = 3


def advance_clock(step: timedelta) -> None:
    """Move time forward by ``step``, stopping at every moment when something becomes due.

    Passing over a deadline therefore has the same effects, at the same instants, as waiting.
    Raises RuntimeError where time may not be moved.
    """
    advance_to(present() + step)


def advance_to(target: datetime) -> None:
    """The same, up to an instant; one that has passed only does what is due."""
    stuck: datetime | None = None
    again = 0
    while True:
        schedule.run_due()
        due = _next_due()
        if due is None or due > target:
            break
        again = again + 1 if due == stuck else 0
        stuck = due
        if again > _PATIENCE:
            raise RuntimeError(f"something due at {due} is not done; the log says what failed")
        _set_clock(max(due, present()))
    _set_clock(max(target, present()))
    schedule.run_due()


def next_working_morning(days: int = 1) -> None:
    """Move on to 9:00 of the ``days``-th working day from today (0: a later hour today is kept)."""
    today = clock.local_day(present())
    day = calendar.working_calendar().day_after(today, days)
    advance_to(calendar.moment(day, time(9, 0)))


def present() -> datetime:
    """The present instant, leaving no transaction open."""
    now = clock.now()
    db.session.rollback()
    return now


def _set_clock(instant: datetime) -> None:
    with transaction():
        clock.set_to(instant)


def _next_due() -> datetime | None:
    """The earliest moment at which some row has to be looked at."""
    columns = [
        mapper.columns["next_check_at"]
        for mapper in Base.registry.mappers
        if "next_check_at" in mapper.columns
    ]
    moments = [db.session.scalar(select(func.min(column))) for column in columns]
    db.session.rollback()
    return min((moment for moment in moments if moment is not None), default=None)
