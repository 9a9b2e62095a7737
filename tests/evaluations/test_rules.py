"""Parts, reasons and revisions of an evaluation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.evaluations.rules import (
    Direction,
    EvaluationPolicy,
    all_in,
    may_revise,
    needs_reason,
    wrong_part,
)

FIRM = dict.fromkeys(Direction.OWNER_TO_FIRM.parts, 5)
POLICY = EvaluationPolicy()
GIVEN = datetime(2026, 3, 2, tzinfo=UTC)


def test_five_parts_for_a_firm_and_four_for_an_owner() -> None:
    assert Direction.OWNER_TO_FIRM.parts == (
        "quality",
        "timeliness",
        "attitude",
        "charging",
        "conduct",
    )
    assert Direction.FIRM_TO_OWNER.parts == ("requirements", "cooperation", "payment", "integrity")


@pytest.mark.parametrize(
    ("marks", "part"),
    [
        (FIRM, None),
        ({**FIRM, "quality": 0}, "quality"),
        ({**FIRM, "conduct": 6}, "conduct"),
        ({key: FIRM[key] for key in FIRM if key != "attitude"}, "attitude"),
        ({**FIRM, "payment": 5}, "payment"),
        ({}, "quality"),
    ],
)
def test_each_part_is_marked_one_to_five(marks: dict[str, int], part: str | None) -> None:
    assert wrong_part(Direction.OWNER_TO_FIRM.parts, marks) == part


@pytest.mark.parametrize(("mark", "needed"), [(1, True), (2, True), (3, False), (5, False)])
def test_one_and_two_need_a_reason(mark: int, needed: bool) -> None:
    assert needs_reason({**FIRM, "quality": mark}, POLICY) is needed


@pytest.mark.parametrize(
    ("versions", "before_end", "may"), [(1, 1, True), (1, 0, False), (1, -1, False), (2, 1, False)]
)
def test_one_revision_before_the_deadline(versions: int, before_end: int, may: bool) -> None:
    until = GIVEN + timedelta(days=3)
    assert may_revise(versions, until, until - timedelta(seconds=before_end), POLICY) is may


def test_both_sides_are_in() -> None:
    assert not all_in(set())
    assert not all_in({Direction.OWNER_TO_FIRM})
    assert all_in({Direction.OWNER_TO_FIRM, Direction.FIRM_TO_OWNER})
