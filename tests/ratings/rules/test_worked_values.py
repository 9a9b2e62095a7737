"""The worked values of section 10, and the score against a second, slow reckoning."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.ratings.rules.entries import ConductKind, Entry, RaterSide
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.rules.scoring import score
from marketplace.ratings.rules.weights import (
    UNIT,
    add_months,
    age_weights,
    fixed_point,
    mark_weights,
    whole_months,
)
from tests.ratings.rules.builders import (
    DAY,
    DEFAULT,
    LATER,
    conduct,
    inspection,
    mark,
    marks,
    reversing,
)


@pytest.mark.parametrize(
    ("entries", "total"),
    [
        (marks(1), "82.22"),
        (marks(3), "85.45"),
        (marks(5), "87.69"),
        (marks(40, owners=1, breadth=1), "86.00"),
        (marks(30, 80, owners=10), "80.00"),
        (marks(20, 60, owners=10), "65.71"),
        ([inspection(1, 95)], "95.00"),
        ([], "80.00"),
    ],
)
def test_worked_values(entries: list[Entry], total: str) -> None:
    assert score(entries, DEFAULT, DAY, LATER).total == Decimal(total)


def test_the_whole_months_of_an_age() -> None:
    assert whole_months(date(2026, 1, 15), date(2026, 2, 14)) == 0
    assert whole_months(date(2026, 1, 15), date(2026, 2, 15)) == 1
    assert whole_months(date(2026, 1, 31), date(2026, 2, 27)) == 0
    assert whole_months(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert whole_months(date(2024, 2, 29), date(2025, 2, 28)) == 12
    assert whole_months(date(2026, 2, 28), date(2026, 3, 27)) == 0


@given(st.dates(date(2000, 1, 1), date(2050, 12, 31)), st.integers(1, 60))
def test_months_are_complete_on_the_day_that_adding_them_gives(start: date, months: int) -> None:
    end = add_months(start, months)
    assert whole_months(start, end) == months
    assert whole_months(start, end.fromordinal(end.toordinal() - 1)) == months - 1


def test_age_weights_are_fixed_numbers() -> None:
    weights = age_weights(12, 36)
    assert len(weights) == 36
    assert (weights[0], weights[12], weights[24]) == (UNIT, UNIT // 2, UNIT // 4)
    assert (weights[1], weights[6], weights[35]) == (943874312682, 707106781187, 132432886795)
    assert mark_weights(12, 36, 5, 3)[0] == 625 * 10**9
    assert mark_weights(12, 36, 6, 3)[0] == 666666666667


def test_a_mark_weighs_nothing_from_36_months_on() -> None:
    entry = [mark(1, day=date(2026, 3, 2))]
    last = score(entry, DEFAULT, date(2029, 3, 1), LATER)
    gone = score(entry, DEFAULT, date(2029, 3, 2), LATER)
    assert last.marks[0].age_months == 35
    assert last.total > Decimal(80)
    assert gone.marks == ()
    assert gone.total == Decimal(80)


def test_an_inspection_counts_for_15_months_and_the_latest_counts() -> None:
    entries = [inspection(1, 95, date(2026, 3, 2)), inspection(2, 70, date(2026, 6, 1))]
    assert score(entries, DEFAULT, date(2026, 5, 31), LATER).total == Decimal(95)
    assert score(entries, DEFAULT, date(2027, 8, 31), LATER).total == Decimal(70)
    assert score(entries, DEFAULT, date(2027, 9, 1), LATER).total == Decimal(80)


def test_an_entry_counts_from_the_day_it_takes_effect() -> None:
    entry = [mark(1, day=date(2026, 3, 2))]
    assert score(entry, DEFAULT, date(2026, 3, 1), LATER).total == Decimal(80)
    assert score(entry, DEFAULT, date(2026, 3, 2), LATER).total == Decimal("82.22")


def test_a_reversal_can_be_reversed() -> None:
    entries = [mark(1, 20), reversing(2, 1, date(2026, 4, 1)), reversing(3, 2, date(2026, 5, 1))]
    on = [date(2026, 3, 31), date(2026, 4, 1), date(2026, 5, 1)]
    totals = [score(entries, DEFAULT, day, LATER).total for day in on]
    assert totals[1] == Decimal(80)
    assert totals[0] < Decimal(80)
    assert totals[2] < Decimal(80)


def test_a_policy_of_the_inspection_alone_leaves_the_uninspected_without_a_score() -> None:
    alone = RatingPolicy(
        owner_share=Decimal(0),
        department_share=Decimal(0),
        inspection_share=Decimal(1),
        prior_share=Decimal(0),
    )
    assert score(marks(9), alone, DAY, LATER).total is None
    assert score([*marks(9, 20), inspection(10, 91)], alone, DAY, LATER).total == Decimal(91)


def test_fixed_point_rounds_half_up() -> None:
    assert fixed_point(1, 8, 2) == Decimal("0.13")
    assert fixed_point(-1, 8, 2) == Decimal("-0.13")
    assert fixed_point(82225, 1000, 2) == Decimal("82.23")
    assert str(fixed_point(0, 5, 2)) == "0.00"


def test_the_total_is_rounded_half_up_exactly() -> None:
    # 82.225 exactly: prior 80 and an inspection share that leaves a clean half
    policy = RatingPolicy(
        owner_share=Decimal("0.1"), prior_share=Decimal("0.1"), prior_strength=Decimal("4.375")
    )
    entry = [mark(1, "97.80")]
    explained = score(entry, policy, DAY, LATER)
    assert explained.before_rounding == Decimal("82.225")
    assert explained.total == Decimal("82.23")


def _slow_total(entries: list[Entry], day: date) -> Decimal:
    """Section 10 word by word for marks and inspections, with 60 digits."""
    with localcontext() as context:
        context.prec = 60
        owners: dict[int, list[Decimal]] = {}
        departments = [Decimal(0), Decimal(0)]
        inspected = None
        for entry in sorted(entries, key=lambda one: (one.takes_effect_on, one.id)):
            if hasattr(entry, "breadth"):
                months = whole_months(entry.takes_effect_on, day)
                weight = Decimal(0)
                if months < 36:
                    breadth = Decimal(entry.breadth)
                    weight = Decimal(2) ** (Decimal(-months) / 12) * breadth / (breadth + 3)
                if entry.side is RaterSide.DEPARTMENT:
                    sums = departments
                else:
                    sums = owners.setdefault(entry.rater, [Decimal(0), Decimal(0)])
                sums[0] += weight
                sums[1] += weight * entry.value
            elif whole_months(entry.takes_effect_on, day) < 15:
                inspected = max(entry.value, Decimal(20))
        free = {rater: sums for rater, sums in owners.items() if sums[0]}
        held: list[list[Decimal]] = []
        while True:
            rest = sum((sums[0] for sums in free.values()), Decimal(0))
            limit = Decimal("0.3") * (5 + rest) / (1 - Decimal("0.3") * len(held))
            over = [rater for rater, sums in free.items() if sums[0] > limit]
            if not over:
                break
            held.append(free.pop(max(over, key=lambda rater: free[rater][0])))
        n = sum((sums[0] for sums in free.values()), Decimal(0)) + limit * len(held)
        total = sum((sums[1] for sums in free.values()), Decimal(0))
        total += sum((limit * sums[1] / sums[0] for sums in held), Decimal(0))
        s_o, s_d = n / (n + 5), departments[0] / (departments[0] + 5)
        s_i = Decimal(0) if inspected is None else Decimal(1)
        prior = Decimal("0.5") * (1 - s_o) * (1 - s_d) * (1 - s_i)
        parts = [(prior, Decimal(80))]
        if n:
            parts.append((Decimal("0.5") * s_o, total / n))
        if departments[0]:
            parts.append((Decimal("0.3") * s_d, departments[1] / departments[0]))
        if inspected is not None:
            parts.append((Decimal("0.2"), inspected))
        return sum(w * v for w, v in parts) / sum(w for w, _ in parts)


_mark = st.tuples(
    st.integers(20, 100),
    st.integers(1, 5),
    st.integers(1, 9),
    st.integers(0, 1400),
    st.sampled_from([RaterSide.OWNER, RaterSide.OWNER, RaterSide.DEPARTMENT]),
)


@given(st.lists(_mark, max_size=30), st.lists(st.integers(0, 100), max_size=2))
def test_the_score_agrees_with_a_second_reckoning(
    drawn: list[tuple[int, int, int, int, RaterSide]], results: list[int]
) -> None:
    on = date(2030, 5, 31)
    entries: list[Entry] = [
        mark(
            number,
            value,
            rater=rater,
            breadth=breadth,
            day=date.fromordinal(on.toordinal() - age),
            side=side,
        )
        for number, (value, rater, breadth, age, side) in enumerate(drawn, 1)
    ]
    entries += [inspection(100 + number, value, on) for number, value in enumerate(results)]
    explained = score(entries, DEFAULT, on, LATER)
    assert explained.mean is not None
    assert abs(explained.mean - _slow_total(entries, on)) < Decimal("0.00000001")

    lines = sum((line.points for line in explained.marks), Decimal(0))
    lines += explained.inspection.points if explained.inspection else 0
    assert abs(explained.prior_value + lines - explained.mean) < Decimal("0.0000000001")
    parts = explained.owners.share + explained.departments.share + explained.prior_share
    parts += explained.inspection.share if explained.inspection else 0
    assert abs(parts - 1) < Decimal("0.0000000001")


def test_conduct_is_added_and_the_sum_held_within_0_and_100() -> None:
    low = [*marks(20, 20), *(conduct(n, ConductKind.RED_CARD) for n in range(30, 36))]
    explained = score(low, DEFAULT, DAY, LATER)
    assert explained.before_holding < 0
    assert explained.total == Decimal("0.00")
    high = [inspection(1, 99), conduct(2, ConductKind.COMMENDATION, points=5)]
    explained = score(high, DEFAULT, DAY, LATER)
    assert explained.before_holding == Decimal(104)
    assert explained.total == Decimal(100)
