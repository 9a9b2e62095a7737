"""Working days by the State Council's arrangement, make-up working days included.

"N working days from X" starts the day after X and ends at 17:00 Shanghai time of the N-th.
Deadlines are half-open: 17:00:00 is too late. (RULES section 2)
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from .clock import SHANGHAI, local_day

HOLIDAY_DIR = Path(__file__).resolve().parent.parent / "editions" / "holidays"
CLOSE_OF_DAY = time(17, 0)
_SEARCH_LIMIT = 4000


class CalendarError(ValueError):
    """A holiday file is wrong; names file and key."""


@dataclass(frozen=True)
class YearArrangement:
    """One year's announcement: days off (weekends need no mention) and make-up working days."""

    year: int
    off: frozenset[date]
    work: frozenset[date]
    source: str


@dataclass(frozen=True)
class WorkingCalendar:
    """Knows which days are working days; years not yet announced fall back to weekends."""

    years: Mapping[int, YearArrangement]
    closures: frozenset[date] = frozenset()

    def is_announced(self, year: int) -> bool:
        """False: the answer for that year is provisional and a page must say so."""
        return year in self.years

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on ``day``."""
        if day in self.closures:
            return False
        arrangement = self.years.get(day.year)
        if arrangement is not None:
            if day in arrangement.work:
                return True
            if day in arrangement.off:
                return False
        return day.weekday() < 5

    def day_after(self, start: date, working_days: int) -> date:
        """The ``working_days``-th working day after ``start`` (the day itself never counts)."""
        return self._walk(start, working_days, 1)

    def day_before(self, start: date, working_days: int) -> date:
        """The ``working_days``-th working day before ``start``."""
        return self._walk(start, working_days, -1)

    def deadline(self, start: datetime, working_days: int, at: time = CLOSE_OF_DAY) -> datetime:
        """The instant (UTC) at which ``working_days`` working days from ``start`` are over."""
        return moment(self.day_after(local_day(start), working_days), at)

    def working_days_between(self, first: date, last: date) -> int:
        """Working days after ``first`` up to and including ``last`` (0 when not later)."""
        return sum(
            self.is_working_day(first + timedelta(days=n))
            for n in range(1, max(0, (last - first).days) + 1)
        )

    def _walk(self, start: date, working_days: int, step: int) -> date:
        if working_days < 0:
            raise ValueError("working days cannot be negative")
        day, left = start, working_days
        for _ in range(_SEARCH_LIMIT):
            if left == 0:
                return day
            day += timedelta(days=step)
            left -= self.is_working_day(day)
        raise ValueError("no such working day within reach")


def moment(day: date, at: time = CLOSE_OF_DAY) -> datetime:
    """``at`` Shanghai time on ``day``, as UTC."""
    return datetime.combine(day, at, SHANGHAI).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day ``months`` natural months later, or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month + 1, last)
            except ValueError:
                continue
    raise ValueError(day)


def load_years(folder: Path) -> dict[int, YearArrangement]:
    """Read the holiday files; raises CalendarError naming file and key."""
    years: dict[int, YearArrangement] = {}
    for path in sorted(folder.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if unknown := set(data) - {"year", "source", "off", "work"}:
            raise CalendarError(f"{path.name}: unknown key {sorted(unknown)[0]}")
        off, work = _days(path, data, "off"), _days(path, data, "work")
        if both := off & work:
            raise CalendarError(f"{path.name}: {min(both)} is both off and work")
        years[data["year"]] = YearArrangement(data["year"], off, work, data["source"])
    return years


def _days(path: Path, data: dict[str, object], key: str) -> frozenset[date]:
    values = data.get(key)
    if not isinstance(values, Iterable):
        raise CalendarError(f"{path.name}: {key} must be a list of dates")
    days = list(values)
    for day in days:
        if not isinstance(day, date) or day.year != data.get("year"):
            raise CalendarError(f"{path.name}: {key}: {day} is not a day of that year")
    return frozenset(days)


@lru_cache(maxsize=1)
def working_calendar() -> WorkingCalendar:
    """The calendar the product ships."""
    return WorkingCalendar(load_years(HOLIDAY_DIR))
