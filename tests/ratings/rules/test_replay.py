"""What was known at a moment stays what it was, and long ledgers are folded quickly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from marketplace.ratings.rules.entries import ConductKind, Entry, Grade
from marketplace.ratings.rules.grading import grade_in_force
from marketplace.ratings.rules.scoring import score
from tests.ratings.rules.builders import (
    DEFAULT,
    EDITIONS,
    LATER,
    conduct,
    inspection,
    mark,
    posted,
    reversing,
)

FALSE = date(2026, 3, 2)
FOUND = datetime(2026, 8, 20, 3, tzinfo=UTC)


def test_a_correction_never_rewrites_what_was_known() -> None:
    entries: list[Entry] = [
        inspection(1, 80, date(2026, 1, 5)),
        inspection(2, 65, FALSE),
        # a mistake found in August: the inspection of March was another firm's
        reversing(3, 2, FALSE, recorded_at=FOUND),
    ]
    june = date(2026, 6, 15)
    before, after = FOUND - timedelta(seconds=1), FOUND
    assert grade_in_force(entries, EDITIONS, june, before).grade is Grade.C
    assert grade_in_force(entries, EDITIONS, june, after).grade is Grade.B
    assert score(entries, DEFAULT, june, before).total == Decimal(65)
    assert score(entries, DEFAULT, june, after).total == Decimal(80)
    known_then = grade_in_force(entries[:2], EDITIONS, june, before)
    assert grade_in_force(entries, EDITIONS, june, before) == known_then


@st.composite
def _ledger(draw: st.DrawFn) -> list[Entry]:
    start = date(2026, 1, 5)
    entries: list[Entry] = []
    for number in range(1, draw(st.integers(1, 25)) + 1):
        day = start + timedelta(days=draw(st.integers(0, 900)))
        kind = draw(st.sampled_from(["mark", "mark", "card", "inspection", "reversing"]))
        if kind == "mark":
            value = draw(st.integers(20, 100))
            entries.append(mark(number, value, rater=draw(st.integers(1, 4)), day=day))
        elif kind == "card":
            entries.append(conduct(number, ConductKind.YELLOW_CARD, day))
        elif kind == "inspection":
            entries.append(inspection(number, draw(st.integers(30, 100)), day))
        elif number > 1:
            entries.append(reversing(number, draw(st.integers(1, number - 1)), day))
    return entries


@given(_ledger(), st.dates(date(2026, 1, 5), date(2029, 12, 31)), st.integers(0, 600))
def test_a_day_folds_the_same_on_the_way_to_a_later_one(
    entries: list[Entry], day: date, more: int
) -> None:
    early = grade_in_force(entries, EDITIONS, day, LATER)
    late = grade_in_force(entries, EDITIONS, day + timedelta(days=more), LATER)
    assert late.changes[: len(early.changes)] == early.changes
    assert late.evaluations[: len(early.evaluations)] == early.evaluations
    in_force = [change for change in late.changes if change.since <= day]
    assert early.grade is (in_force[-1].grade if in_force else Grade.UNGRADED)


@given(_ledger(), st.dates(date(2026, 1, 5), date(2028, 12, 31)))
def test_entries_recorded_later_do_not_exist_yet(entries: list[Entry], day: date) -> None:
    moment = posted(day)
    then = [entry for entry in entries if entry.recorded_at <= moment]
    for result in (grade_in_force, _score_on):
        assert result(entries, EDITIONS, day, moment) == result(then, EDITIONS, day, moment)


def _score_on(entries: list[Entry], _: object, day: date, known_at: datetime) -> object:
    return score(entries, DEFAULT, day, known_at)


def test_a_ledger_ten_times_as_long_takes_no_hundred_times_as_long() -> None:
    def seconds(count: int) -> float:
        days = [date(2026, 1, 5) + timedelta(days=7 * n) for n in range(150)]
        entries: list[Entry] = [
            mark(n, 60 + n % 41, rater=n % 20, day=days[n % 150]) for n in range(1, count + 1)
        ]
        started = process_time()
        grade_in_force(entries, EDITIONS, date(2028, 12, 31), LATER)
        return process_time() - started

    seconds(100)
    assert seconds(4000) < 40 * max(seconds(400), 0.005)
