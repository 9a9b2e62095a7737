"""The numbers of section 10 as one dated edition; the defaults are the shipped ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le

Share = Annotated[Decimal, Ge(0), Le(1)]
Points = Annotated[Decimal, Ge(0), Le(100)]
ScoreValue = Annotated[Decimal, Ge(0), Le(100)]
Months = Annotated[int, Ge(1), Le(120)]
Days = Annotated[int, Ge(0), Le(60)]
Count = Annotated[int, Ge(0), Le(1000)]


_IN_HUNDREDTHS = (
    "prior_value",
    "inspection_lowest",
    "lowest_score",
    "highest_score",
    "a_from",
    "a_left_below",
    "b_from",
    "c_from",
)


@dataclass(frozen=True)
class RatingPolicy:
    """Section `rating` of a policy edition. Deductions are positive numbers of points.

    Raises ValueError, naming the key first, when two numbers contradict each other.
    """

    SECTION: ClassVar[str] = "rating"
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    # marks: value = mark_scale × mean mark; age weight 2^(−m / mark_half_life_months)
    mark_scale: Annotated[Decimal, Ge(1), Le(20)] = Decimal(20)
    mark_half_life_months: Months = 12
    mark_months: Months = 36
    breadth_constant: Annotated[int, Ge(0), Le(100)] = 3
    breadth_months: Months = 24
    rater_cap: Annotated[Decimal, Gt(0), Le(1)] = Decimal("0.3")

    # shares: s = N / (N + prior_strength)
    prior_value: Annotated[Decimal, Ge(20), Le(100)] = Decimal(80)
    prior_strength: Annotated[Decimal, Gt(0), Le(1000)] = Decimal(5)
    prior_share: Share = Decimal("0.5")
    owner_share: Share = Decimal("0.5")
    department_share: Share = Decimal("0.3")
    inspection_share: Share = Decimal("0.2")
    # social supervisors and third-party assessors; what they have displaces no prior value, so that
    # a perfect mark of theirs never lowers a score however small the share
    assessor_share: Share = Decimal(0)
    inspection_months: Months = 15
    # a result below the lowest mark would let a worst mark raise the score
    inspection_lowest: Annotated[Decimal, Ge(20), Le(100)] = Decimal(20)

    # conduct: per started `late_step_working_days` for what is late, else per entry
    late_step_working_days: Annotated[int, Ge(1), Le(60)] = 5
    late_delivery_step_points: Points = Decimal(1)
    late_delivery_most_points: Points = Decimal(10)
    late_acceptance_step_points: Points = Decimal(1)
    late_acceptance_most_points: Points = Decimal(10)
    late_payment_step_points: Points = Decimal(1)
    late_payment_most_points: Points = Decimal(10)
    delivery_volume_months: Months = 12
    delivery_volume_unit: Annotated[int, Ge(1), Le(1000)] = 10
    abandoned_award_points: Points = Decimal(5)
    withdrawn_after_award_points: Points = Decimal(5)
    overcharge_points: Points = Decimal(10)
    upheld_complaint_points: Points = Decimal(5)
    yellow_card_points: Points = Decimal(5)
    red_card_points: Points = Decimal(15)
    commendation_least_points: Points = Decimal(1)
    commendation_most_points: Points = Decimal(5)
    commendation_standing_points: Points = Decimal(5)
    conduct_months: Months = 12

    # grades
    lowest_score: ScoreValue = Decimal(0)
    highest_score: ScoreValue = Decimal(100)
    a_from: ScoreValue = Decimal(90)
    a_left_below: ScoreValue = Decimal(88)
    b_from: ScoreValue = Decimal(75)
    c_from: ScoreValue = Decimal(60)
    a_contracts: Count = 5
    a_owners: Count = 3
    a_months: Months = 24
    graded_from_contracts: Count = 3

    # changes of grade
    effect_after_days: Annotated[int, Ge(1), Le(60)] = 1
    automatic_change_days: Days = 1
    proposal_notice_working_days: Annotated[int, Ge(1), Le(60)] = 5
    veto_suspension_working_days: Annotated[int, Ge(1), Le(60)] = 10
    evaluation_day_of_month: Annotated[int, Ge(1), Le(28)] = 1

    def __post_init__(self) -> None:
        """Refuse numbers that contradict each other."""
        for key in _IN_HUNDREDTHS:
            if getattr(self, key) * 100 % 1:
                raise ValueError(f"{key}: 分值最多两位小数")
        if not self.c_from < self.b_from < self.a_from:
            raise ValueError("b_from: 等级分数线须满足 c_from < b_from < a_from")
        if not self.b_from < self.a_left_below <= self.a_from:
            raise ValueError("a_left_below: 须高于 b_from 且不高于 a_from")
        if not self.lowest_score < self.highest_score:
            raise ValueError("lowest_score: 须低于 highest_score")
        if not self.commendation_least_points <= self.commendation_most_points:
            raise ValueError("commendation_least_points: 不得高于 commendation_most_points")
        if not self.owner_share + self.department_share + self.inspection_share:
            raise ValueError("owner_share: 业主、部门、检查三项权重不得全部为零")


@dataclass(frozen=True, slots=True)
class DatedPolicy:
    """A rating policy with the day it takes effect and the name of its edition."""

    effective_from: date
    policy: RatingPolicy
    edition: str = ""


def policy_on(policies: Sequence[DatedPolicy], day: date) -> DatedPolicy | None:
    """The policy in force on a day, from editions in order of date; None before the first."""
    if policies and policies[-1].effective_from <= day:
        return policies[-1]
    index = bisect_right(policies, day, key=lambda dated: dated.effective_from)
    return policies[index - 1] if index else None
