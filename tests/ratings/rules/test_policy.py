"""The edition of the rating section: its defaults, and what it refuses."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from marketplace.ratings.rules.entries import DecisionStep, Grade
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy, policy_on
from tests.ratings.rules.builders import DAY, SHIPPED, decision, inspection, mark, reversing

loader = TypeAdapter(RatingPolicy)


def test_the_defaults_are_a_valid_edition() -> None:
    assert loader.validate_python({}) == RatingPolicy()
    assert RatingPolicy.SECTION == "rating"
    assert "SECTION" not in {field.name for field in fields(RatingPolicy)}


def test_the_edition_of_2024_is_that_of_the_worked_values() -> None:
    assert SHIPPED["000000/rating-2024-01-01"] == RatingPolicy()
    assert SHIPPED["000000/rating-2026-07-01"] != RatingPolicy()


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"unknown": 1}, "unknown"),
        ({"mark_months": 0}, "mark_months"),
        ({"rater_cap": Decimal("1.1")}, "rater_cap"),
        ({"prior_strength": Decimal(0)}, "prior_strength"),
        ({"b_from": Decimal(95)}, "b_from"),
        ({"a_left_below": Decimal(91)}, "a_left_below"),
        ({"c_from": Decimal("60.005")}, "c_from"),
        ({"commendation_least_points": Decimal(6)}, "commendation_least_points"),
        (
            {
                "owner_share": Decimal(0),
                "department_share": Decimal(0),
                "inspection_share": Decimal(0),
            },
            "owner_share",
        ),
    ],
)
def test_impossible_values_are_refused_and_named(values: dict[str, object], key: str) -> None:
    with pytest.raises(ValidationError, match=key):
        loader.validate_python(values)


def test_the_edition_in_force_on_a_day() -> None:
    editions = [
        DatedPolicy(date(2024, 1, 1), RatingPolicy(), "first"),
        DatedPolicy(date(2026, 1, 1), RatingPolicy(), "second"),
    ]
    assert policy_on(editions, date(2023, 12, 31)) is None
    assert policy_on(editions, date(2025, 12, 31)).edition == "first"
    assert policy_on(editions, date(2026, 1, 1)).edition == "second"


def test_entries_refuse_what_cannot_be() -> None:
    for broken in (19, 101, "80.005"):
        with pytest.raises(ValueError, match="value"):
            mark(1, broken)
    with pytest.raises(ValueError, match="breadth"):
        mark(1, breadth=0)
    with pytest.raises(ValueError, match="value"):
        inspection(1, 101)
    with pytest.raises(ValueError, match="reverses"):
        reversing(1, 1, DAY)
    with pytest.raises(ValueError, match="grade"):
        decision(1, DecisionStep.PROPOSED, Grade.B, DAY)
    with pytest.raises(ValueError, match="proposal"):
        decision(1, DecisionStep.CONFIRMED, Grade.A, DAY, in_force_on=DAY)
    with pytest.raises(ValueError, match="in_force_on"):
        decision(2, DecisionStep.CONFIRMED, Grade.A, DAY, proposal=1)
