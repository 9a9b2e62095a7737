"""Points of conduct entries, their limits and their ends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from marketplace.ratings.rules.entries import ConductKind
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.rules.scoring import score
from tests.ratings.rules.builders import DAY, DEFAULT, LATER, conduct


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        (ConductKind.ABANDONED_AWARD, -5),
        (ConductKind.OVERCHARGE, -10),
        (ConductKind.UPHELD_COMPLAINT, -5),
        (ConductKind.YELLOW_CARD, -5),
        (ConductKind.RED_CARD, -15),
        (ConductKind.WITHDRAWN_AFTER_AWARD, -5),
    ],
)
def test_points_by_kind(kind: ConductKind, points: int) -> None:
    explained = score([conduct(1, kind)], DEFAULT, DAY, LATER)
    assert explained.conduct[0].points == points
    assert explained.total == 80 + points


@pytest.mark.parametrize(
    ("days", "points"), [(0, 0), (1, -1), (5, -1), (6, -2), (50, -10), (51, -10), (400, -10)]
)
def test_overdue_delivery_per_started_five_working_days(days: int, points: int) -> None:
    entry = conduct(1, ConductKind.OVERDUE_DELIVERY, contract=7, working_days=days)
    assert score([entry], DEFAULT, DAY, LATER).conduct_total == points


def test_overdue_delivery_is_held_per_contract_and_divided_by_volume() -> None:
    entries = [
        conduct(1, ConductKind.OVERDUE_DELIVERY, contract=7, working_days=40),
        conduct(2, ConductKind.OVERDUE_DELIVERY, contract=7, working_days=40),
        conduct(3, ConductKind.OVERDUE_DELIVERY, contract=8, working_days=40),
    ]
    lines = score(entries, DEFAULT, DAY, LATER).conduct
    assert [line.points for line in lines] == [-8, -2, -8]
    assert lines[1].stated == -8

    large = conduct(
        4, ConductKind.OVERDUE_DELIVERY, contract=9, working_days=60, yearly_deliveries=25
    )
    small = conduct(
        5, ConductKind.OVERDUE_DELIVERY, contract=10, working_days=60, yearly_deliveries=9
    )
    lines = score([large, small], DEFAULT, DAY, LATER).conduct
    assert [line.points for line in lines] == [-4, -10]
    assert lines[0].divisor == Decimal("2.5")


def test_commendations_are_held_one_by_one_and_together() -> None:
    entries = [
        conduct(1, ConductKind.COMMENDATION, points=9),
        conduct(2, ConductKind.COMMENDATION, points=3),
    ]
    assert score(entries[1:], DEFAULT, DAY, LATER).total == Decimal(83)
    lines = score(entries, DEFAULT, DAY, LATER).conduct
    assert [line.points for line in lines] == [5, 0]


def test_an_entry_stops_counting_on_its_end() -> None:
    entry = [conduct(1, ConductKind.YELLOW_CARD, date(2026, 3, 2))]
    assert score(entry, DEFAULT, date(2027, 3, 1), LATER).total == Decimal(75)
    assert score(entry, DEFAULT, date(2027, 3, 2), LATER).total == Decimal(80)


def test_the_policy_of_the_day_says_what_a_fact_is_worth() -> None:
    entry = [conduct(1, ConductKind.YELLOW_CARD)]
    mild = RatingPolicy(yellow_card_points=Decimal("2.5"))
    assert score(entry, mild, DAY, LATER).total == Decimal("77.50")
