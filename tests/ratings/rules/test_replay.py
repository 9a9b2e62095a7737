"""What was known at a moment stays what it was, and long ledgers are folded quickly."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import FrameType

from hypothesis import given
from hypothesis import strategies as st

from marketplace.ratings.rules.entries import ConductKind, DecisionStep, Entry, Grade
from marketplace.ratings.rules.grading import grade_in_force, with_and_without
from marketplace.ratings.rules.scoring import score
from tests.ratings.rules.builders import (
    DEFAULT,
    EDITIONS,
    LATER,
    conduct,
    decision,
    inspection,
    mark,
    posted,
    reversing,
    veto,
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


@st.composite
def _decided(draw: st.DrawFn) -> list[Entry]:
    """A ledger with vetoes and with decisions, some of them on what was never open."""
    entries = draw(_ledger())
    start = date(2026, 1, 5)
    for number in range(len(entries) + 1, len(entries) + draw(st.integers(0, 8)) + 1):
        day = start + timedelta(days=draw(st.integers(0, 900)))
        kind = draw(st.sampled_from(["veto", "proposed", "decided"]))
        if kind == "veto":
            entries.append(veto(number, day))
            continue
        grade = draw(st.sampled_from([Grade.A, Grade.D]))
        if kind == "proposed":
            entries.append(decision(number, DecisionStep.PROPOSED, grade, day))
            continue
        step = draw(st.sampled_from([each for each in DecisionStep if each != "proposed"]))
        confirmed = step is DecisionStep.CONFIRMED
        entries.append(
            decision(
                number,
                step,
                grade,
                day,
                proposal=draw(st.integers(1, max(1, number - 1))),
                in_force_on=day + timedelta(days=7) if confirmed else None,
            )
        )
    return entries


@given(_decided(), st.data(), st.dates(date(2026, 1, 5), date(2029, 12, 31)))
def test_with_and_without_some_entries_is_as_folding_both(
    entries: list[Entry], data: st.DataObject, day: date
) -> None:
    gone = data.draw(st.frozensets(st.integers(1, len(entries) + 1), max_size=3))
    rest = [entry for entry in entries if entry.id not in gone]
    assert with_and_without(entries, gone, EDITIONS, day, LATER) == (
        grade_in_force(entries, EDITIONS, day, LATER),
        grade_in_force(rest, EDITIONS, day, LATER),
    )


def test_a_ledger_ten_times_as_long_takes_no_hundred_times_as_many_calls() -> None:
    def calls(count: int) -> int:
        days = [date(2026, 1, 5) + timedelta(days=7 * n) for n in range(150)]
        entries: list[Entry] = [
            mark(n, 60 + n % 41, rater=n % 20, day=days[n % 150]) for n in range(1, count + 1)
        ]
        counted = 0

        def count_one(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal counted
            counted += event in ("call", "c_call")

        sys.setprofile(count_one)
        try:
            grade_in_force(entries, EDITIONS, date(2028, 12, 31), LATER)
        finally:
            sys.setprofile(None)
        return counted

    few, many = calls(400), calls(4000)
    assert few < many < 15 * few
