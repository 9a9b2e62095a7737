"""Moving demo and test time, with everything that becomes due on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import cycle, islice

from marketplace import schedule
from marketplace.foundation import calendar, clock, heads
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
    rounds, asked = 0, _settled_day()
    while True:
        now, looked_at = _look()
        due = [table for table, moment in looked_at.items() if moment <= now]
        if due:
            rounds += 1
            if rounds > _ROUNDS:
                raise RuntimeError(f"what is due in {due} is not done; the log says what failed")
            schedule.run_once(schedule.jobs_for(due))
            if seek:
                day = _settled_day()
                _seek(daily=day != asked or now >= target)
                asked = day
            continue
        rounds = 0
        if now >= target:
            return
        _set_clock(min([target, *looked_at.values()]))


def _seek(daily: bool = True) -> None:
    """Ask the jobs that look for work by themselves one after the other, until none of them finds
    any; ``daily`` ones too."""
    seekers = [
        job for job in schedule.JOBS if (job.seeks or not job.watches) and (daily or not job.daily)
    ]
    idle = 0
    for job in islice(cycle(seekers), _ROUNDS * len(seekers)):
        idle = 0 if schedule.run_once([job]) else idle + 1
        if idle == len(seekers):
            return
    raise RuntimeError("the due work does not settle")


def _settled_day() -> date:
    """The day in Shanghai, from a little after midnight on: what a day brings is asked for then."""
    return clock.local_day(present() - heads.SETTLED)


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
