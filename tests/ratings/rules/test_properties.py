"""What must hold whatever the marks are (section 10, last paragraph), under every shipped edition.

An edition that takes the inspection alone knows no marks: there a mark moves nothing.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.ratings.rules.entries import Entry, Grade, RaterSide
from marketplace.ratings.rules.grading import grade_in_force
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy
from marketplace.ratings.rules.scoring import score, total_on
from tests.ratings.rules.builders import (
    DAY,
    DEFAULT,
    EDITIONS,
    LATER,
    SHIPPED,
    inspection,
    mark,
    marks,
)

TODAY = date(2030, 5, 31)
UNKNOWN = Decimal(-1)
every_edition = pytest.mark.parametrize("policy", SHIPPED.values(), ids=SHIPPED)
every_edition_with_marks = pytest.mark.parametrize(
    "policy",
    [policy for policy in SHIPPED.values() if policy.owner_share],
    ids=[name for name, policy in SHIPPED.items() if policy.owner_share],
)
_sides = st.sampled_from(
    [RaterSide.OWNER, RaterSide.OWNER, RaterSide.DEPARTMENT, RaterSide.ASSESSOR]
)
_mark = st.tuples(
    st.integers(20, 100), st.integers(1, 5), st.integers(1, 9), st.integers(0, 1200), _sides
)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    """Marks of up to five owners, of departments and assessors, and perhaps an inspection."""
    entries: list[Entry] = [
        mark(
            number,
            value,
            rater=rater,
            breadth=breadth,
            day=date.fromordinal(TODAY.toordinal() - age),
            side=side,
        )
        for number, (value, rater, breadth, age, side) in enumerate(
            draw(st.lists(_mark, max_size=25)), 1
        )
    ]
    # many marks of few owners, so that caps are reached
    heavy = draw(st.integers(0, 60))
    value = draw(st.sampled_from([20, 100]))
    entries += [
        mark(100 + number, value, rater=1 + number % 3, breadth=9, day=TODAY)
        for number in range(heavy)
    ]
    entries += [inspection(200, draw(st.integers(0, 100)), TODAY)] if draw(st.booleans()) else []
    return entries


def _total(entries: list[Entry], policy: RatingPolicy, day: date) -> Decimal:
    """The score; where the edition gives weight to nothing known, always the same."""
    total = score(entries, policy, day, LATER).total
    return UNKNOWN if total is None else total


@every_edition
@settings(max_examples=120)
@given(ledgers(), st.integers(1, 6), st.integers(1, 9), st.integers(0, 1000), _sides)
def test_a_perfect_mark_never_lowers_and_a_worst_mark_never_raises(
    policy: RatingPolicy, entries: list[Entry], rater: int, breadth: int, age: int, side: RaterSide
) -> None:
    before = score(entries, policy, TODAY, LATER)
    day = date.fromordinal(TODAY.toordinal() - age)
    more = {"rater": rater, "breadth": breadth, "day": day, "side": side}
    perfect = score([*entries, mark(999, 100, **more)], policy, TODAY, LATER)  # type: ignore[arg-type]
    worst = score([*entries, mark(999, 20, **more)], policy, TODAY, LATER)  # type: ignore[arg-type]
    if before.total is None:
        # nothing known had weight: a mark, where it has one, comes to stand alone
        assert (perfect.total is None) is (worst.total is None)
        assert perfect.total in (None, Decimal(100))
        assert worst.total in (None, Decimal(20))
        return
    assert perfect.total >= before.total >= worst.total
    # before rounding to the place where the weights themselves were rounded
    slack = Decimal("0.0000000001")
    assert perfect.before_rounding >= before.before_rounding - slack
    assert worst.before_rounding <= before.before_rounding + slack


@every_edition_with_marks
@given(
    st.lists(st.tuples(st.integers(90, 100), st.integers(5, 20)), min_size=40, max_size=40),
    st.lists(st.integers(1, 5), min_size=5, max_size=5),
)
def test_forty_good_marks_beat_five_friendly_ones(
    policy: RatingPolicy, good: list[tuple[int, int]], friendly: list[int]
) -> None:
    many: list[Entry] = [
        mark(number, value, rater=number % 10, breadth=breadth)
        for number, (value, breadth) in enumerate(good, 1)
    ]
    few: list[Entry] = [mark(number, breadth=b) for number, b in enumerate(friendly, 1)]
    on = many[0].takes_effect_on
    assert _total(many, policy, on) > _total(few, policy, on)


@every_edition_with_marks
def test_forty_marks_of_ninety_beat_the_five_best_friends_that_a_firm_can_have(
    policy: RatingPolicy,
) -> None:
    many: list[Entry] = [mark(number, 90, rater=number % 10, breadth=5) for number in range(1, 41)]
    few: list[Entry] = list(marks(5, breadth=5))
    on = many[0].takes_effect_on
    assert _total(many, policy, on) > _total(few, policy, on)


@every_edition
@given(st.integers(1, 120), st.integers(1, 60), st.integers(0, 40))
def test_one_owner_alone_never_makes_an_a(
    policy: RatingPolicy, count: int, breadth: int, departments: int
) -> None:
    entries: list[Entry] = list(marks(count, owners=1, breadth=breadth))
    entries += [
        mark(500 + number, rater=500 + number, side=RaterSide.DEPARTMENT)
        for number in range(departments)
    ]
    on = entries[0].takes_effect_on
    assert _total(entries[:count], policy, on) <= Decimal(86)
    result = grade_in_force(entries, [DatedPolicy(date(2020, 1, 1), policy, "")], on, LATER)
    assert result.evaluation.called_for in (Grade.B, Grade.UNGRADED)
    assert result.due == ()


@every_edition_with_marks
@given(st.integers(1, 120), st.integers(1, 60))
def test_one_owner_alone_never_makes_a_d(policy: RatingPolicy, count: int, breadth: int) -> None:
    entries: list[Entry] = list(marks(count, 20, owners=1, breadth=breadth))
    assert _total(entries, policy, entries[0].takes_effect_on) >= policy.c_from


@every_edition_with_marks
def test_a_firm_that_nobody_marks_any_more_stays_out_of_c(policy: RatingPolicy) -> None:
    entries: list[Entry] = list(marks(6, 90))
    assert _total(entries, policy, date(2040, 1, 1)) == policy.prior_value >= policy.b_from


@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_in_which_entries_are_handed_over_does_not_matter(
    entries: list[Entry], random: object
) -> None:
    mixed = list(entries)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert score(mixed, DEFAULT, TODAY, LATER) == score(entries, DEFAULT, TODAY, LATER)
    on = grade_in_force(mixed, EDITIONS, TODAY, LATER)
    assert on == grade_in_force(entries, EDITIONS, TODAY, LATER)


@settings(max_examples=60)
@given(ledgers())
def test_the_fold_gives_the_score_of_each_evaluation_day(entries: list[Entry]) -> None:
    result = grade_in_force(entries, EDITIONS, TODAY, LATER)
    for evaluation in result.evaluations[-15:]:
        assert evaluation.total == score(entries, DEFAULT, evaluation.day, LATER).total


@every_edition
@settings(max_examples=60)
@given(ledgers(), st.integers(0, 1200))
def test_the_total_alone_is_that_of_the_whole_score(
    policy: RatingPolicy, entries: list[Entry], later: int
) -> None:
    day = date.fromordinal(TODAY.toordinal() + later)
    assert total_on(entries, policy, day, LATER) == score(entries, policy, day, LATER).total


@every_edition
@settings(max_examples=60)
@given(ledgers())
def test_the_points_of_all_lines_add_up_and_assessors_count_where_they_have_a_share(
    policy: RatingPolicy, entries: list[Entry]
) -> None:
    found = score(entries, policy, TODAY, LATER)
    if found.mean is not None:
        parts = found.owners.share + found.departments.share + found.assessors.share
        inspected = found.inspection
        points = sum((line.points for line in found.marks), Decimal(0))
        points += inspected.points if inspected else Decimal(0)
        whole = parts + found.prior_share + (inspected.share if inspected else Decimal(0))
        slack = Decimal("0.00000001")
        assert abs(found.prior_value + points - found.mean) < slack
        assert abs(whole - 1) < slack
    without = [each for each in entries if getattr(each, "side", None) is not RaterSide.ASSESSOR]
    if not policy.assessor_share:
        assert found.total == score(without, policy, TODAY, LATER).total
        assert found.assessors.share == 0


def test_an_assessor_moves_the_score_by_its_share_and_makes_no_grade_alone() -> None:
    policy = next(each for name, each in SHIPPED.items() if "370982" in name)
    side = RaterSide.ASSESSOR
    # three owners' perfect marks: 85.45 as everywhere; one worst mark of a supervisor beside them
    own: list[Entry] = list(marks(3))
    assert _total(own, policy, DAY) == Decimal("85.45")
    one = score([*own, mark(50, 20, side=side)], policy, DAY, LATER)
    # masses: 0.5 N/(N+5) at 100 and 0.5 (1 − that) at 80 with N = 1.875, 0.1 n/(n+5) at 20, n = 0.625
    assert one.total == Decimal("84.03")
    assert one.evidence.contracts == 3, "an assessor's mark is no evaluated contract"
    many = [mark(number, 100, side=side) for number in range(1, 40)]
    alone = grade_in_force(many, [DatedPolicy(date(2020, 1, 1), policy, "x")], DAY, LATER)
    assert alone.grade is Grade.UNGRADED
