"""Many stories in one time: each says when it goes on, the clock stops there for all of them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from datetime import date, datetime, time, timedelta
from itertools import count

from marketplace.foundation import calendar, clock

from . import moving

MORNING = time(9, 0)
AFTER_CLOSING = time(17, 31)
AFTER_LOTTERY = time(21, 35)

# a story does something and yields the instant at which it goes on
Story = Generator[datetime, None, None]


class Days:
    """Working days counted back from the last one before today."""

    def __init__(self, real_now: datetime) -> None:
        self.calendar = calendar.working_calendar()
        self.last = self.calendar.day_before(clock.local_day(real_now), 1)

    def day(self, before: int) -> date:
        """The working day ``before`` working days before the last one."""
        return self.calendar.day_before(self.last, before)

    def at(self, before: int, hour: time = MORNING) -> datetime:
        """An hour of that day."""
        return calendar.moment(self.day(before), hour)

    def after(self, day: date, working_days: int, hour: time = MORNING) -> datetime:
        """An hour of the ``working_days``-th working day after a day."""
        return calendar.moment(self.calendar.day_after(day, working_days), hour)

    def not_before(self, day: date, hour: time = MORNING) -> datetime:
        """An hour of the first working day from ``day`` on."""
        return self.after(day - timedelta(days=1), 1, hour)

    @property
    def end(self) -> datetime:
        """When the past is over: the last working day's night."""
        return calendar.moment(self.last, time(23, 0))


class Agenda:
    """The stories still running, by the instant at which each goes on."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._order = count()
        self._sought_on: date | None = None

    def add(self, story: Story) -> None:
        """Begin a story: it runs to its first instant."""
        self._wait(story)

    def run(self, until: datetime, progress: Callable[[date], None]) -> None:
        """Let time pass to ``until``; what would go on later stays as it stands."""
        while self._waiting and self._waiting[0][0] <= until:
            at, _number, story = heapq.heappop(self._waiting)
            self._move_to(at, progress)
            self._wait(story)
        moving.advance_to(until)

    def _move_to(self, at: datetime, progress: Callable[[date], None]) -> None:
        """Move the clock; once a day ask also the jobs that look for work by themselves."""
        day = clock.local_day(at)
        if day != self._sought_on:
            progress(day)
        moving.advance_to(at, seek=day != self._sought_on)
        self._sought_on = day

    def _wait(self, story: Story) -> None:
        at = next(story, None)
        if at is not None:
            heapq.heappush(self._waiting, (at, next(self._order), story))
