"""The reckoning of one day in whole numbers: weighted mean of all parts, plus conduct.

It serves both the fold over years of days, which needs only the total, and `scoring.score`, which
lays the same numbers open line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from math import lcm

from marketplace.ratings.rules.conduct import ConductTotal
from marketplace.ratings.rules.entries import InspectionEntry
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.rules.running import Position, RunningWeights
from marketplace.ratings.rules.standing import Standing, StandingMark
from marketplace.ratings.rules.weights import (
    UNIT,
    calendar_position,
    mark_weights,
    months_between,
)


class Numbers:
    """A policy in whole numbers: shares on one denominator, values in hundredths."""

    __slots__ = (
        "assessor_share",
        "cap",
        "department_share",
        "highest",
        "inspection_lowest",
        "inspection_share",
        "lowest",
        "owner_share",
        "policy",
        "prior_share",
        "prior_strength",
        "prior_value",
        "tables",
    )

    def __init__(self, policy: RatingPolicy) -> None:
        """Convert once; a policy serves very many days."""
        shares = [
            Fraction(share)
            for share in (
                policy.owner_share,
                policy.department_share,
                policy.inspection_share,
                policy.prior_share,
                policy.assessor_share,
            )
        ]
        unit = lcm(*(share.denominator for share in shares))
        (
            self.owner_share,
            self.department_share,
            self.inspection_share,
            self.prior_share,
            self.assessor_share,
        ) = (int(share * unit) for share in shares)
        self.policy = policy
        self.prior_strength = int(Fraction(policy.prior_strength) * UNIT)
        self.prior_value = int(policy.prior_value * 100)
        self.inspection_lowest = int(policy.inspection_lowest * 100)
        self.lowest = int(policy.lowest_score * 100)
        self.highest = int(policy.highest_score * 100)
        self.cap = Fraction(policy.rater_cap)
        self.tables: dict[int, tuple[int, ...]] = {}

    def weights(self, marks: Sequence[StandingMark], position: Position) -> list[int]:
        """Weight of each mark by age and breadth, before the cap, in units of 10^−12."""
        month, day = position
        tables = self.tables
        weights = []
        for mark in marks:
            table = tables.get(mark.breadth)
            if table is None:
                table = self.table(mark.breadth)
            age = month - mark.month - (day < mark.day_of_month)
            weights.append(table[age] if age < len(table) else 0)
        return weights

    def hundredths(self, numerator: int, denominator: int) -> int:
        """A ratio held between the policy's ends and rounded half-up."""
        if numerator <= self.lowest * denominator:
            return self.lowest
        if numerator >= self.highest * denominator:
            return self.highest
        return (numerator * 2 + denominator) // (denominator * 2)

    def table(self, breadth: int) -> tuple[int, ...]:
        """Weights of a mark by whole months of age, for one breadth."""
        policy = self.policy
        found = self.tables[breadth] = mark_weights(
            policy.mark_half_life_months, policy.mark_months, breadth, policy.breadth_constant
        )
        return found


@lru_cache(maxsize=32)
def numbers_of(policy: RatingPolicy) -> Numbers:
    """The whole numbers of a policy."""
    return Numbers(policy)


@dataclass(slots=True)
class Weighed:
    """Sums over the marks of one part, all on the denominator `scale`.

    `weight` is N, `value` the sum of weight × hundredths, `strength` the prior's weight in the
    part. `cap` is the most that one rater weighs, for the raters in `capped`.
    """

    weight: int
    value: int
    strength: int
    scale: int = 1
    cap: Fraction | None = None
    capped: frozenset[int] = frozenset()

    @property
    def total(self) -> int:
        """N + the prior's weight."""
        return self.weight + self.strength


@dataclass(slots=True)
class Reckoning:
    """Everything that made the total of one day, exact.

    The mean is `numerator` / `denominator` in hundredths, without a value where the denominator is
    zero, that is, where the policy gives weight to nothing known; `total` is in hundredths.
    """

    owners: Weighed
    departments: Weighed
    inspection: InspectionEntry | None
    inspection_value: int
    numerator: int
    denominator: int
    conduct: ConductTotal
    total: int | None
    assessors: Weighed

    @property
    def mean(self) -> Fraction | None:
        """The weighted mean of all parts, in points."""
        return Fraction(self.numerator, self.denominator * 100) if self.denominator else None


def reckon(standing: Standing, numbers: Numbers, day: date) -> Reckoning:
    """The total in hundredths with all that made it, from the entries that count on a day."""
    position = calendar_position(day)
    policy = numbers.policy
    strength = numbers.prior_strength
    owners = departments = Weighed(0, 0, strength)
    if standing.raters and numbers.owner_share:
        owners = _weigh_raters(standing.weighed_raters(numbers, position), strength)
    if standing.departments and numbers.department_share:
        weighed = standing.weighed_departments(numbers, position)
        departments = Weighed(weighed.weight, weighed.value, strength)
    inspection = inspection_on(standing, policy, day) if numbers.inspection_share else None

    owners_total, departments_total = owners.total, departments.total
    numerator = (
        numbers.owner_share * owners.value * departments_total
        + numbers.department_share * departments.value * owners_total
    )
    denominator = (
        numbers.owner_share * owners.weight * departments_total
        + numbers.department_share * departments.weight * owners_total
    )
    inspection_value = 0
    if inspection is not None:
        inspection_value = max(int(inspection.value * 100), numbers.inspection_lowest)
        share = numbers.inspection_share * owners_total * departments_total
        numerator += share * inspection_value
        denominator += share
    else:
        share = numbers.prior_share * owners.strength * departments.strength
        numerator += share * numbers.prior_value
        denominator += share

    assessors = Weighed(0, 0, strength)
    if standing.assessors and numbers.assessor_share:
        found = standing.weighed_assessors(numbers, position)
        # marks of no age weight any more are as if there were none
        if found.weight:
            assessors = Weighed(found.weight, found.value, strength)
            # the other parts keep their masses, the prior value too
            part = numbers.assessor_share * owners_total * departments_total
            numerator = numerator * assessors.total + part * assessors.value
            denominator = denominator * assessors.total + part * assessors.weight

    conduct = standing.conduct_on(day, policy)
    total = None
    if denominator:
        points = conduct.points
        total = numbers.hundredths(
            numerator * points.denominator + 100 * points.numerator * denominator,
            denominator * points.denominator,
        )
    return Reckoning(
        owners,
        departments,
        inspection,
        inspection_value,
        numerator,
        denominator,
        conduct,
        total,
        assessors,
    )


def inspection_on(standing: Standing, policy: RatingPolicy, day: date) -> InspectionEntry | None:
    """The latest inspection, while it counts."""
    if not standing.inspections:
        return None
    latest = standing.inspections[-1]
    start = latest.takes_effect_on
    age = months_between(start.year * 12 + start.month, start.day, calendar_position(day))
    return latest if age < policy.inspection_months else None


def _weigh_raters(weighed: RunningWeights, strength: int) -> Weighed:
    """Sums over marks with each rater's weight held to L = c (P + R) / (1 − c k).

    P is the prior's weight, k the raters held, R the weight of the others: L is the share c of all
    weight, prior included. With the largest first, the first rater within its L ends the search,
    at the latest at k = ⌈1/c⌉ − 1 (3 for 0.3), since there L is at least R.
    """
    sums, values = weighed.sums, weighed.values
    rest, rest_value = weighed.weight, weighed.value
    share, whole = weighed.numbers.cap.numerator, weighed.numbers.cap.denominator
    if max(sums.values()) * whole <= share * (strength + rest):
        return Weighed(rest, rest_value, strength)

    held: list[int] = []
    for rater, own in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        if own * (whole - share * len(held)) <= share * (strength + rest):
            break
        held.append(rater)
        rest -= own
        rest_value -= values[rater]
    below = whole - share * len(held)
    cap = share * (strength + rest)
    product = 1
    for rater in held:
        product *= sums[rater]
    scale = below * product
    held_value = sum(values[rater] * (product // sums[rater]) for rater in held)
    return Weighed(
        weight=rest * scale + cap * len(held) * product,
        value=rest_value * scale + cap * held_value,
        strength=strength * scale,
        scale=scale,
        cap=Fraction(cap, below),
        capped=frozenset(held),
    )
