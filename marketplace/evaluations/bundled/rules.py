"""A department's score of one year (rules of the marketplace, section 10: 捆绑考核).

The shares are those of a firm's score: every part counts by s = n / (n + strength), so that few
facts say little, and what is missing of all parts is filled by the prior value. All sums are of
whole numbers and ratios: the same facts under the same edition give the same score everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from marketplace.catalogue.rules.policy import CataloguePolicy
from marketplace.evaluations.rules import Direction, EvaluationPolicy

MARK_SCALE = 20
MARKED = len(Direction.FIRM_TO_DEPARTMENT.parts)


class Part(StrEnum):
    """What a department's score is made of."""

    MARKS = "marks"
    ON_TIME = "on_time"
    ACCEPTED = "accepted"
    PRIOR = "prior"


@dataclass(frozen=True)
class Facts:
    """The counted facts of a department's year.

    ``firms``, ``marks`` and ``mark_total`` (the sum of all marks of 1 to 5) are None where fewer
    firms marked than the edition asks for: then the marks have no part in the score, so that no
    firm's can be read out of it. ``contracts`` were accepted in the year, ``late`` of them were
    overdue; ``versions`` is what was delivered under them, ``returned`` what was sent back;
    ``silent`` counts professional checks left unanswered, ``demands`` reports found true that
    the department asked for a service off the list.
    """

    firms: int | None
    marks: int | None
    mark_total: int | None
    contracts: int
    late: int
    versions: int
    returned: int
    silent: int
    demands: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened in the year that a score could rest on."""
        return not (self.marks or self.contracts or self.versions or self.silent or self.demands)


@dataclass(frozen=True)
class PartLine:
    """A part of the score: how many facts, their value of 0–100, its share, what it gives."""

    part: Part
    count: int
    value: Fraction
    share: Fraction

    @property
    def points(self) -> Fraction:
        """What the part adds to the score."""
        return self.value * self.share


@dataclass(frozen=True)
class YearScore:
    """A score opened into its parts; ``deducted`` are the points for silence, ``demanded`` those
    for off-list demands found true."""

    lines: tuple[PartLine, ...]
    deducted: Fraction
    demanded: Fraction
    hundredths: int


def year_score(
    facts: Facts, policy: EvaluationPolicy, listing: CataloguePolicy | None = None
) -> YearScore:
    """The score of a year, held in 0–100, half-up to a hundredth. ``listing`` says what an
    off-list demand takes off; it is needed where there is one."""
    found = tuple(_parts(facts, policy))
    strength = Fraction(policy.department_prior_strength)
    rest = Fraction(1)
    weighed = []
    for part, count, value, whole in found:
        share = Fraction(count) / (count + strength)
        rest *= 1 - share
        weighed.append((part, count, value, whole * share))
    prior = Fraction(policy.department_prior_share) * rest
    weighed.append((Part.PRIOR, 0, Fraction(policy.department_prior_value), prior))
    total = sum((weight for *_line, weight in weighed), Fraction(0))
    lines = tuple(
        PartLine(part, count, value, weight / total) for part, count, value, weight in weighed
    )
    deducted = min(
        Fraction(policy.department_silent_most),
        facts.silent * Fraction(policy.department_silent_points),
    )
    demanded = Fraction(0)
    if facts.demands:
        assert listing is not None
        demanded = min(
            Fraction(listing.demand_most), facts.demands * Fraction(listing.demand_points)
        )
    score = sum((line.points for line in lines), Fraction(0)) - deducted - demanded
    return YearScore(
        lines, deducted, demanded, half_up(min(Fraction(100), max(Fraction(0), score)) * 100)
    )


def _parts(
    facts: Facts, policy: EvaluationPolicy
) -> Iterator[tuple[Part, int, Fraction, Fraction]]:
    if facts.marks and facts.mark_total is not None:
        value = Fraction(facts.mark_total * MARK_SCALE, facts.marks * MARKED)
        yield Part.MARKS, facts.marks, value, Fraction(policy.department_marks_share)
    if facts.contracts:
        value = Fraction(100 * (facts.contracts - facts.late), facts.contracts)
        yield Part.ON_TIME, facts.contracts, value, Fraction(policy.department_on_time_share)
    if facts.versions:
        value = Fraction(100 * (facts.versions - facts.returned), facts.versions)
        yield Part.ACCEPTED, facts.versions, value, Fraction(policy.department_accepted_share)


def half_up(value: Fraction) -> int:
    """A ratio of 0 and more as a whole number, half-up."""
    return (value.numerator * 2 + value.denominator) // (value.denominator * 2)
