"""Moving demo and test time, with everything that becomes due on the way."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import cache

from marketplace import schedule
from marketplace.foundation import calendar, clock
from marketplace.foundation.db import Base, db
from marketplace.foundation.transactions import transaction

_ROUNDS = 40


def advance_clock(step: timedelta) -> None:
    """Move time forward by ``step``, stopping at every moment when something becomes due.

    Passing over a deadline therefore has the same effects, at the same instants, as waiting.
    Raises RuntimeError where time may not be moved.
    """
    advance_to(present() + step)


def advance_to(target: datetime, seek: bool = True) -> None:
    """The same, up to an instant; one that has passed only does what is due.

    Without ``seek`` only jobs whose rows say when they are due are asked; what the others look
    for by themselves then waits for the next time they are asked too.
    """
    if seek:
        _seek()
    rounds = 0
    while True:
        now, looked_at = _look()
        due = [table for table, moment in looked_at.items() if moment <= now]
        if due:
            rounds += 1
            if rounds > _ROUNDS:
                raise RuntimeError(f"what is due in {due} is not done; the log says what failed")
            schedule.run_once(schedule.jobs_for(due))
            if seek:
                _seek()
            continue
        rounds = 0
        if now >= target:
            return
        _set_clock(min([target, *looked_at.values()]))


def _seek() -> None:
    """Ask the jobs that look for work by themselves, until they find none."""
    seekers = [job for job in schedule.JOBS if job.seeks or not job.watches]
    for _ in range(_ROUNDS):
        if not schedule.run_once(seekers):
            return
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


def _look() -> tuple[datetime, dict[str, datetime]]:
    """The present, and for each table with something to look at the earliest moment."""
    now = clock.now()
    rows = db.session.connection().exec_driver_sql(_earliest()).all()
    db.session.rollback()
    return now, {table: _instant(moment) for table, moment in rows if moment is not None}


@cache
def _earliest() -> str:
    """One statement over every table that is looked at again; asked thousands of times."""
    tables = sorted(
        str(mapper.local_table.name)  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        if "next_check_at" in mapper.columns
    )
    return " UNION ALL ".join(
        f"SELECT '{table}', min(next_check_at) FROM {table}"  # noqa: S608 names of our own tables
        for table in tables
    )


def _instant(moment: str | datetime) -> datetime:
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return moment.astimezone(UTC)
