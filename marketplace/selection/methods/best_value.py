"""Best value: points for price, rating score, plan and practitioners, by published weights.

Everything is exact; nothing is rounded before the order is made. What a page shows is rounded once,
half up to two decimals. (RULES section 7; docs/best-value.md)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from .quotes import Quote, QuoteError, QuoteKind, checked, cost, mean

FULL = 100
# a mark is kept in tenths of a point: 12.5 points are 125
TENTHS = 10
Judge = TypeVar("Judge")


class PriceFormula(StrEnum):
    """How a quote becomes points: against the lowest, or by its distance from the mean."""

    LOWEST = "lowest"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Weights:
    """The full points of every criterion; together they are a hundred."""

    price: int
    rating: int
    plan: int
    practitioners: int
    formula: PriceFormula

    def __post_init__(self) -> None:
        """Refuse weights that are not a hundred together."""
        parts = (self.price, self.rating, self.plan, self.practitioners)
        if any(part < 0 for part in parts) or sum(parts) != FULL:
            raise ValueError(f"the weights {parts} are not {FULL} together")

    @property
    def judged(self) -> int:
        """The points the judges give."""
        return self.plan + self.practitioners


@dataclass(frozen=True, slots=True)
class Marks:
    """What one judge gives one firm, in tenths of a point."""

    plan: int
    practitioners: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.plan + self.practitioners


@dataclass(frozen=True, slots=True)
class Candidate:
    """One firm: its quote, its rating score in points of a hundred (None: ungraded), and the marks
    of the judges that count."""

    quote: Quote
    score: Decimal | None
    marks: tuple[Marks, ...]


@dataclass(frozen=True, slots=True)
class Points:
    """The exact points of one firm."""

    credit_code: str
    price: Fraction
    rating: Fraction
    plan: Fraction
    practitioners: Fraction

    @property
    def total(self) -> Fraction:
        """All criteria together, exactly."""
        return self.price + self.rating + self.plan + self.practitioners


def price_points(
    quotes: Iterable[Quote], kind: QuoteKind, weights: Weights, trim_from: int
) -> dict[str, Fraction]:
    """The points of every quote, by credit code. Raises QuoteError for quotes that cannot be compared.

    ``lowest``: full points × lowest cost / own cost. ``mean``: full points × (1 − distance from the
    mean / mean), never below nothing; from ``trim_from`` quotes on the highest and the lowest are
    left out of the mean. Of a discount the cost is the share of the standard that is left.
    """
    chosen = checked(quotes, kind)
    costs = {quote.credit_code: cost(quote, kind) for quote in chosen}
    if not costs:
        return {}
    full = Fraction(weights.price)
    if weights.formula is PriceFormula.LOWEST:
        least = min(costs.values())
        return {code: full * least / own if own else full for code, own in costs.items()}
    ordered = sorted(costs.values())
    middle = mean(ordered[1:-1] if len(ordered) >= max(trim_from, 3) else ordered)
    if not middle:
        return {code: full if not own else Fraction(0) for code, own in costs.items()}
    return {
        code: max(Fraction(0), full * (1 - abs(own - middle) / middle))
        for code, own in costs.items()
    }


def rating_points(score: Decimal | None, ungraded: Decimal, weights: Weights) -> Fraction:
    """Points for the rating score: score / 100 × full points; a firm without one counts as
    ``ungraded``. No score gives less than nothing or more than the full points."""
    counted = Fraction(ungraded if score is None else score)
    return min(max(counted, Fraction(0)), Fraction(FULL)) / FULL * weights.rating


def mean_mark(tenths: Sequence[int], trim_from: int) -> Fraction:
    """The mean of judges' marks in points, exactly; from ``trim_from`` marks on one highest and one
    lowest are left out. Raises QuoteError without marks."""
    ordered = sorted(tenths)
    counted = ordered[1:-1] if len(ordered) >= max(trim_from, 3) else ordered
    return mean([Fraction(each, TENTHS) for each in counted])


def points(
    candidates: Iterable[Candidate],
    kind: QuoteKind,
    weights: Weights,
    ungraded: Decimal,
    trim_quotes_from: int,
    trim_marks_from: int,
) -> dict[str, Points]:
    """The exact points of every firm, by credit code; in what order they come makes no difference.

    Every firm has the marks of the same number of judges. Raises QuoteError where they have not.
    """
    chosen = sorted(candidates, key=lambda each: each.quote.credit_code)
    if len({len(each.marks) for each in chosen}) > 1:
        raise QuoteError("各机构的评分份数不同")
    prices = price_points([each.quote for each in chosen], kind, weights, trim_quotes_from)
    return {
        each.quote.credit_code: Points(
            each.quote.credit_code,
            prices[each.quote.credit_code],
            rating_points(each.score, ungraded, weights),
            mean_mark([one.plan for one in each.marks], trim_marks_from),
            mean_mark([one.practitioners for one in each.marks], trim_marks_from),
        )
        for each in chosen
    }


def order(found: Mapping[str, Points]) -> tuple[tuple[str, ...], ...]:
    """Credit codes, most points first, equals in one group: who comes first among them is drawn."""
    groups: dict[Fraction, list[str]] = {}
    for code, each in found.items():
        groups.setdefault(each.total, []).append(code)
    return tuple(tuple(sorted(groups[total])) for total in sorted(groups, reverse=True))


def median(totals: Iterable[int]) -> Fraction:
    """The middle one of totals (tenths), or the mean of the two middle ones, in tenths, exactly.
    Raises QuoteError without totals."""
    ordered = sorted(totals)
    if not ordered:
        raise QuoteError("没有评分")
    half = len(ordered) // 2
    return Fraction(ordered[half] + ordered[-half - 1], 2)


def far_off(totals: Mapping[Judge, int], weights: Weights, share: Decimal) -> set[Judge]:
    """The judges whose total for one firm (tenths, by judge) lies more than ``share`` of the points
    judges give from the median of all; they explain it in public. One far off moves the median less
    than the mean, so that the others need not explain themselves for it."""
    if len(totals) < 2:
        return set()
    middle, edge = median(totals.values()), Fraction(share) * weights.judged * TENTHS
    return {judge for judge, own in totals.items() if abs(own - middle) > edge}


def shown(exact: Fraction) -> Decimal:
    """Points for a page: half up to two decimals, from the fraction itself."""
    hundredths = (exact.numerator * 200 + exact.denominator) // (exact.denominator * 2)
    return Decimal(hundredths) / 100
