"""What must hold whatever the marks are (section 10, last paragraph)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.ratings.rules.entries import Entry, Grade, RaterSide
from marketplace.ratings.rules.grading import grade_in_force
from marketplace.ratings.rules.scoring import score
from tests.ratings.rules.builders import DEFAULT, EDITIONS, LATER, inspection, mark, marks

TODAY = date(2030, 5, 31)
_sides = st.sampled_from([RaterSide.OWNER, RaterSide.OWNER, RaterSide.DEPARTMENT])
_mark = st.tuples(
    st.integers(20, 100), st.integers(1, 5), st.integers(1, 9), st.integers(0, 1200), _sides
)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Entry]:
    """Marks of up to five owners and of departments, and perhaps an inspection."""
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


@settings(max_examples=300)
@given(ledgers(), st.integers(1, 6), st.integers(1, 9), st.integers(0, 1000), _sides)
def test_a_perfect_mark_never_lowers_and_a_worst_mark_never_raises(
    entries: list[Entry], rater: int, breadth: int, age: int, side: RaterSide
) -> None:
    before = score(entries, DEFAULT, TODAY, LATER)
    day = date.fromordinal(TODAY.toordinal() - age)
    more = {"rater": rater, "breadth": breadth, "day": day, "side": side}
    perfect = score([*entries, mark(999, 100, **more)], DEFAULT, TODAY, LATER)  # type: ignore[arg-type]
    worst = score([*entries, mark(999, 20, **more)], DEFAULT, TODAY, LATER)  # type: ignore[arg-type]
    assert perfect.total >= before.total >= worst.total
    # before rounding to the place where the weights themselves were rounded
    slack = Decimal("0.0000000001")
    assert perfect.before_rounding >= before.before_rounding - slack
    assert worst.before_rounding <= before.before_rounding + slack


@given(
    st.lists(st.tuples(st.integers(90, 100), st.integers(5, 20)), min_size=40, max_size=40),
    st.lists(st.integers(1, 5), min_size=5, max_size=5),
)
def test_forty_good_marks_beat_five_friendly_ones(
    good: list[tuple[int, int]], friendly: list[int]
) -> None:
    many: list[Entry] = [
        mark(number, value, rater=number % 10, breadth=breadth)
        for number, (value, breadth) in enumerate(good, 1)
    ]
    few: list[Entry] = [mark(number, breadth=b) for number, b in enumerate(friendly, 1)]
    on = many[0].takes_effect_on
    assert score(many, DEFAULT, on, LATER).total > score(few, DEFAULT, on, LATER).total


@given(st.integers(1, 120), st.integers(1, 60), st.integers(0, 40))
def test_one_owner_alone_never_makes_an_a(count: int, breadth: int, departments: int) -> None:
    entries: list[Entry] = list(marks(count, owners=1, breadth=breadth))
    entries += [
        mark(500 + number, rater=500 + number, side=RaterSide.DEPARTMENT)
        for number in range(departments)
    ]
    on = entries[0].takes_effect_on
    alone = score(entries[:count], DEFAULT, on, LATER)
    assert alone.total <= Decimal(86)
    result = grade_in_force(entries, EDITIONS, on, LATER)
    assert result.evaluation.called_for in (Grade.B, Grade.UNGRADED)
    assert result.due == ()


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
