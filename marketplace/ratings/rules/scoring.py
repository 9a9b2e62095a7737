"""The score of one day, with every line that made it.

`score` is what a page explains and what a replay compares. The total comes from `reckoning`, exact;
the lines show the same numbers as Decimals with 12 places, so that a reader can add them up:
prior value + points of all marks and of the inspection = mean; + conduct = before holding.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from marketplace.ratings.rules.entries import ConductKind, Entry, RaterSide
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.rules.reckoning import (
    Numbers,
    Position,
    Reckoning,
    Weighed,
    numbers_of,
    reckon,
)
from marketplace.ratings.rules.standing import Standing, StandingMark, known, standing_of
from marketplace.ratings.rules.weights import (
    UNIT,
    age_weights,
    calendar_position,
    fixed_point,
    months_between,
)


@dataclass(frozen=True, slots=True)
class MarkLine:
    """One evaluation in the score.

    `weight` is age weight × breadth weight, `capped_weight` what the rater's cap leaves of it,
    `share` its part of the whole mean, and `points` how far it moves the mean from the prior value.
    """

    entry: int
    side: RaterSide
    rater: int
    contract: int
    value: Decimal
    age_months: int
    age_weight: Decimal
    breadth: int
    breadth_weight: Decimal
    weight: Decimal
    capped_weight: Decimal
    share: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class RaterLine:
    """All marks of one rater: weight before and after the cap (`cap` None: within it)."""

    rater: int
    marks: int
    weight: Decimal
    cap: Decimal | None
    capped_weight: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class PartLine:
    """Marks of owners (or firms), or of departments, as a whole.

    `weight` is N, `mean` m (None without marks), `evidence` s = N/(N+P), `share` the part's share
    of the whole mean, `points` how far it moves the mean from the prior value.
    """

    weight: Decimal
    mean: Decimal | None
    evidence: Decimal
    share: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class InspectionLine:
    """The inspection that counts: its result, the value counted, its share and its points."""

    entry: int
    result: Decimal
    value: Decimal
    share: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class ConductLine:
    """One conduct entry: points stated, held by a limit, divided by volume, counted."""

    entry: int
    kind: ConductKind
    ends_on: date
    stated: Decimal
    held: Decimal
    divisor: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a first grade and an A rest on.

    `contracts` evaluated ever, `recent_contracts` and `recent_raters` within the policy's months
    for an A, `inspected` while an inspection counts, `inspected_ever`.
    """

    contracts: int
    recent_contracts: int
    recent_raters: int
    inspected: bool
    inspected_ever: bool


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one day. `total` is None where the policy gives weight to nothing known."""

    day: date
    known_at: datetime
    total: Decimal | None
    before_rounding: Decimal | None
    before_holding: Decimal | None
    mean: Decimal | None
    prior_value: Decimal
    prior_share: Decimal
    owners: PartLine
    departments: PartLine
    inspection: InspectionLine | None
    conduct_total: Decimal
    marks: tuple[MarkLine, ...]
    raters: tuple[RaterLine, ...]
    conduct: tuple[ConductLine, ...]
    evidence: Evidence
    assessors: PartLine


def score(entries: Iterable[Entry], policy: RatingPolicy, day: date, known_at: datetime) -> Score:
    """The score of `day` from the entries recorded by `known_at` (rules, section 10)."""
    effective = [entry for entry in known(entries, known_at) if entry.takes_effect_on <= day]
    standing = standing_of(effective)
    numbers = numbers_of(policy)
    reckoning = reckon(standing, numbers, day)
    explain = _Explanation(standing, numbers, reckoning, calendar_position(day))
    raw = None if reckoning.mean is None else reckoning.mean + reckoning.conduct.points
    held = None
    if raw is not None:
        held = min(max(raw, Fraction(policy.lowest_score)), Fraction(policy.highest_score))
    marks = explain.marks()
    return Score(
        day=day,
        known_at=known_at,
        total=None if reckoning.total is None else fixed_point(reckoning.total, 100, 2),
        before_rounding=_decimal(held),
        before_holding=_decimal(raw),
        mean=_decimal(reckoning.mean),
        prior_value=policy.prior_value,
        prior_share=_fixed(explain.prior_share()),
        owners=explain.part(reckoning.owners, numbers.owner_share),
        departments=explain.part(reckoning.departments, numbers.department_share),
        inspection=explain.inspection(),
        conduct_total=_fixed(reckoning.conduct.points),
        marks=marks,
        raters=explain.raters(marks),
        conduct=_conduct_lines(reckoning),
        evidence=evidence_of(standing, policy, day, reckoning),
        assessors=explain.part(reckoning.assessors, numbers.assessor_share),
    )


def total_on(
    entries: Iterable[Entry], policy: RatingPolicy, day: date, known_at: datetime
) -> Decimal | None:
    """The total of `score` alone, without the lines that explain it: a fraction of the work."""
    effective = [entry for entry in known(entries, known_at) if entry.takes_effect_on <= day]
    total = reckon(standing_of(effective), numbers_of(policy), day).total
    return None if total is None else fixed_point(total, 100, 2)


def evidence_of(
    standing: Standing, policy: RatingPolicy, day: date, reckoning: Reckoning
) -> Evidence:
    """What a first grade and an A rest on, on a day."""
    position = calendar_position(day)
    recent = [
        mark.entry
        for mark in standing.raters
        if months_between(mark.month, mark.day_of_month, position) < policy.a_months
    ]
    return Evidence(
        contracts=len(standing.contracts),
        recent_contracts=len({entry.contract for entry in recent}),
        recent_raters=len({entry.rater for entry in recent}),
        inspected=reckoning.inspection is not None,
        inspected_ever=bool(standing.inspections),
    )


class _Explanation:
    """Lays a reckoning open; exact ratios inside, Decimals with 12 places outside."""

    def __init__(
        self, standing: Standing, numbers: Numbers, reckoning: Reckoning, position: Position
    ) -> None:
        self.standing = standing
        self.numbers = numbers
        self.reckoning = reckoning
        self.position = position
        self.prior = Fraction(numbers.prior_value, 100)

    def _share(self, part_share: int, weight: Fraction, part: Weighed) -> Fraction:
        """Share in the whole mean of a weight (on the part's own unit) within a part."""
        reckoning = self.reckoning
        if not reckoning.denominator:
            return Fraction(0)
        others = 1
        for other in (reckoning.owners, reckoning.departments, self._assessors()):
            others *= 1 if other is part else other.total
        return weight * part.scale * part_share * others / reckoning.denominator

    def _assessors(self) -> Weighed:
        """The assessors' part as the denominator has it: one, where it has none."""
        found = self.reckoning.assessors
        return found if found.weight else Weighed(0, 0, 1)

    def part(self, part: Weighed, part_share: int) -> PartLine:
        """The line of one part."""
        weight = Fraction(part.weight, part.scale)
        share = self._share(part_share, weight, part)
        mean = Fraction(part.value, part.weight * 100) if part.weight else None
        return PartLine(
            weight=_fixed(weight / UNIT),
            mean=_decimal(mean),
            evidence=fixed_point(part.weight, part.total),
            share=_fixed(share),
            points=_fixed(Fraction(0) if mean is None else share * (mean - self.prior)),
        )

    def prior_share(self) -> Fraction:
        """Share of the prior value in the whole mean."""
        reckoning = self.reckoning
        if not reckoning.denominator or reckoning.inspection is not None:
            return Fraction(0)
        weight = reckoning.owners.strength * reckoning.departments.strength
        weight *= self._assessors().total
        return Fraction(self.numbers.prior_share * weight, reckoning.denominator)

    def inspection(self) -> InspectionLine | None:
        """The line of the inspection that counts."""
        reckoning = self.reckoning
        if reckoning.inspection is None:
            return None
        totals = reckoning.owners.total * reckoning.departments.total * self._assessors().total
        share = Fraction(self.numbers.inspection_share * totals, reckoning.denominator)
        value = Fraction(reckoning.inspection_value, 100)
        return InspectionLine(
            entry=reckoning.inspection.id,
            result=reckoning.inspection.value,
            value=fixed_point(reckoning.inspection_value, 100, 2),
            share=_fixed(share),
            points=_fixed(share * (value - self.prior)),
        )

    def marks(self) -> tuple[MarkLine, ...]:
        """The lines of all marks that still have weight."""
        owners, departments = self.reckoning.owners, self.reckoning.departments
        weights = self.numbers.weights(self.standing.raters, self.position)
        sums: dict[int, int] = {}
        for mark, weight in zip(self.standing.raters, weights, strict=True):
            sums[mark.entry.rater] = sums.get(mark.entry.rater, 0) + weight
        lines = []
        for mark, weight in zip(self.standing.raters, weights, strict=True):
            capped = Fraction(weight)
            if mark.entry.rater in owners.capped and owners.cap is not None:
                capped = owners.cap * weight / sums[mark.entry.rater]
            if weight:
                lines.append(self._mark(mark, weight, capped, owners, self.numbers.owner_share))
        weights = self.numbers.weights(self.standing.departments, self.position)
        for mark, weight in zip(self.standing.departments, weights, strict=True):
            if weight:
                share = self.numbers.department_share
                lines.append(self._mark(mark, weight, Fraction(weight), departments, share))
        heard = self.standing.assessors if self.numbers.assessor_share else []
        weights = self.numbers.weights(heard, self.position)
        for mark, weight in zip(heard, weights, strict=True):
            if weight:
                share, part = self.numbers.assessor_share, self.reckoning.assessors
                lines.append(self._mark(mark, weight, Fraction(weight), part, share))
        return tuple(lines)

    def _mark(
        self, mark: StandingMark, weight: int, capped: Fraction, part: Weighed, part_share: int
    ) -> MarkLine:
        policy, entry = self.numbers.policy, mark.entry
        age = months_between(mark.month, mark.day_of_month, self.position)
        ages = age_weights(policy.mark_half_life_months, policy.mark_months)
        share = self._share(part_share, capped, part)
        return MarkLine(
            entry=entry.id,
            side=entry.side,
            rater=entry.rater,
            contract=entry.contract,
            value=entry.value,
            age_months=age,
            age_weight=fixed_point(ages[age], UNIT),
            breadth=entry.breadth,
            breadth_weight=fixed_point(entry.breadth, entry.breadth + policy.breadth_constant),
            weight=fixed_point(weight, UNIT),
            capped_weight=_fixed(capped / UNIT),
            share=_fixed(share),
            points=_fixed(share * (Fraction(mark.hundredths, 100) - self.prior)),
        )

    def raters(self, marks: tuple[MarkLine, ...]) -> tuple[RaterLine, ...]:
        """The marks of owners (or firms) summed by rater, heaviest first."""
        owners = self.reckoning.owners
        groups: dict[int, list[MarkLine]] = {}
        for line in marks:
            if line.side in (RaterSide.OWNER, RaterSide.FIRM):
                groups.setdefault(line.rater, []).append(line)
        cap = None if owners.cap is None else _fixed(owners.cap / UNIT)
        lines = []
        for rater, group in groups.items():
            weight = sum((line.weight for line in group), Decimal(0))
            held = rater in owners.capped and cap is not None
            lines.append(
                RaterLine(
                    rater=rater,
                    marks=len(group),
                    weight=weight,
                    cap=cap if held else None,
                    capped_weight=cap if held and cap is not None else weight,
                    points=sum((line.points for line in group), Decimal(0)),
                )
            )
        return tuple(sorted(lines, key=lambda line: (-line.weight, line.rater)))


def _conduct_lines(reckoning: Reckoning) -> tuple[ConductLine, ...]:
    """The lines of conduct entries."""
    return tuple(
        ConductLine(
            entry=line.entry.id,
            kind=line.entry.kind,
            ends_on=line.entry.ends_on,
            stated=line.stated,
            held=line.held,
            divisor=_fixed(line.divisor),
            points=_fixed(line.counted),
        )
        for line in reckoning.conduct.lines
    )


def _fixed(value: Fraction) -> Decimal:
    """A ratio with 12 decimals, half-up."""
    return fixed_point(value.numerator, value.denominator)


def _decimal(value: Fraction | None) -> Decimal | None:
    """A ratio with 12 decimals, or None."""
    return None if value is None else _fixed(value)
