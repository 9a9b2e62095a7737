"""Working days by the published arrangements."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.foundation.calendar import (
    CalendarError,
    add_months,
    load_years,
    moment,
    working_calendar,
)

CALENDAR = working_calendar()


def test_make_up_days_are_working_days_and_holidays_are_not() -> None:
    assert CALENDAR.is_working_day(date(2026, 2, 14))  # a Saturday, made up for Spring Festival
    assert not CALENDAR.is_working_day(date(2026, 10, 1))
    assert not CALENDAR.is_working_day(date(2026, 11, 22))  # a Sunday


def test_a_year_without_announcement_falls_back_to_weekends_and_says_so() -> None:
    assert not CALENDAR.is_announced(2031)
    assert CALENDAR.is_working_day(date(2031, 10, 1))


def test_the_period_starts_the_day_after_and_ends_at_five() -> None:
    friday = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert CALENDAR.deadline(friday, 1) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    late_evening = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # already Saturday in Shanghai
    assert CALENDAR.deadline(late_evening, 1) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_spring_festival_is_skipped() -> None:
    start = datetime(2026, 2, 13, 2, 0, tzinfo=UTC)
    assert CALENDAR.deadline(start, 1) == moment(date(2026, 2, 14))
    assert CALENDAR.deadline(start, 2) == moment(date(2026, 2, 24))


@given(st.dates(date(2024, 1, 1), date(2026, 10, 1)), st.integers(1, 60))
def test_counting_forward_and_back_agree(start: date, days: int) -> None:
    end = CALENDAR.day_after(start, days)
    assert CALENDAR.working_days_between(start, end) == days
    assert CALENDAR.is_working_day(end)
    assert CALENDAR.day_before(end, days) <= end


def test_months_end_on_the_last_day_of_a_shorter_month() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2026, 12, 5), 12) == date(2027, 12, 5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('year = 2030\nsource = "x"\noff = [2029-01-01]\nwork = []\n', "not a day of that year"),
        ('year = 2030\nsource = "x"\noff = [2030-01-01]\nwork = [2030-01-01]\n', "both"),
        ('year = 2030\nsource = "x"\noff = []\nwork = []\nextra = 1\n', "unknown key extra"),
    ],
)
def test_a_wrong_holiday_file_is_refused_by_name(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "2030.toml").write_text(text)
    with pytest.raises(CalendarError, match=reason) as caught:
        load_years(tmp_path)
    assert "2030.toml" in str(caught.value)
