"""Amber and red by the clock. (RULES section 2)"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from marketplace.supervision.rules import Lamp, LampsPolicy, Stage, lamp

POLICY = LampsPolicy(
    amber_share=Decimal("0.8"),
    amber_working_days=2,
    earliest_share=Decimal("0.5"),
    due_day_hour=9,
    reminders=tuple(Stage),
)
START = datetime(2026, 3, 2, 1, tzinfo=UTC)


def hours(n: int) -> datetime:
    return START + timedelta(hours=n)


@pytest.mark.parametrize(
    ("at", "before_due", "colour"),
    [
        # 100 hours; two working days before the end lie at hour 90: four fifths come first
        (79, 90, Lamp.GREEN),
        (80, 90, Lamp.AMBER),
        # two working days before the end lie at hour 60: they come first
        (59, 60, Lamp.GREEN),
        (60, 60, Lamp.AMBER),
        # they lie at hour 10: never before half
        (49, 10, Lamp.GREEN),
        (50, 10, Lamp.AMBER),
        (99, 90, Lamp.AMBER),
        (100, 90, Lamp.RED),
    ],
)
def test_the_colour_of_a_hundred_hours(at: int, before_due: int, colour: Lamp) -> None:
    assert lamp(POLICY, START, hours(100), hours(before_due), hours(at)) is colour


def test_a_matter_that_is_due_when_it_begins_is_red_at_once() -> None:
    assert lamp(POLICY, START, START, START, START) is Lamp.RED
