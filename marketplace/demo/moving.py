"""Moving demo and test time, with everything that becomes due on the way."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import func, literal, select, union_all

from marketplace import schedule
from marketplace.foundation import calendar, clock
from marketplace.foundation.db import Base, db
from marketplace.foundation.transactions import transaction

_PATIENCE = 3
_ROUNDS = 40


def advance_clock(step: timedelta) -> None:
    """Move time forward by ``step``, stopping at every moment when something becomes due.

    Passing over a deadline therefore has the same effects, at the same instants, as waiting.
    Raises RuntimeError where time may not be moved.
    """
    advance_to(present() + step)


def advance_to(target: datetime, seek: bool = True) -> None:
    """The same, up to an instant; one that has passed only does what is due.

    Without ``seek`` only jobs whose rows say when they are due are asked at first: right where
    nobody has acted since they were all asked.
    """
    if seek:
        schedule.run_due()
    stuck: datetime | None = None
    again = 0
    while True:
        due = min(_looked_at().values(), default=None)
        if due is None or due > target:
            break
        again = again + 1 if due == stuck else 0
        stuck = due
        if again > _PATIENCE:
            raise RuntimeError(f"something due at {due} is not done; the log says what failed")
        _set_clock(max(due, present()))
        _settle(seek)
    _set_clock(max(target, present()))
    _settle(seek)


def _settle(seek: bool) -> None:
    """Do what has become due at this moment, asking only the jobs that can have something to do."""
    for _ in range(_ROUNDS):
        now = present()
        due = [table for table, moment in _looked_at().items() if moment <= now]
        jobs = schedule.jobs_for(due)
        if not due or not schedule.run_once(jobs):
            return
        if seek:
            schedule.run_once(job for job in schedule.JOBS if job.seeks and job not in jobs)
    raise RuntimeError("the due work does not settle")


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


def _looked_at() -> dict[str, datetime]:
    """For each table with something to look at later: the earliest moment."""
    columns = [
        mapper.columns["next_check_at"]
        for mapper in Base.registry.mappers
        if "next_check_at" in mapper.columns
    ]
    earliest = union_all(
        *(select(literal(column.table.name), func.min(column)) for column in columns)
    )
    rows = db.session.execute(earliest).all()
    db.session.rollback()
    return {table: moment for table, moment in rows if moment is not None}
