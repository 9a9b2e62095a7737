"""Numbers of best value (综合评审): what may be weighed how, and how judges work. (RULES section 7)"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Gt, Le, MinLen

FULL = 100


@dataclass(frozen=True)
class PanelSize:
    """How many judges mark needs with a budget up to ``up_to`` yuan, inclusive; without it, any."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    judges: Annotated[int, Ge(3), Le(15)]
    up_to: Annotated[Decimal, Ge(Decimal(0))] | None = None


@dataclass(frozen=True)
class BestValuePolicy:
    """Numbers of best value. Days are working days, points are of a hundred.

    ``least_judges``: with fewer complete sets of marks there is no result. ``pool_least``: how many
    experts of the trade must be there to draw from when the need is published; when entries close,
    as many as the panel has judges. ``price_least``, ``price_most``, ``rating_most``: what price and rating score may weigh.
    ``ungraded_score``: what a firm without a rating counts as. ``trim_marks_from``: from so many
    judges on the highest and the lowest mark are left out. ``spread_share``: a total further from
    the median of all judges' totals than this share of the points judges give is explained in public.
    """

    SECTION: ClassVar[str] = "best_value"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    panels: Annotated[tuple[PanelSize, ...], MinLen(1)]
    least_judges: Annotated[int, Ge(2), Le(15)]
    pool_least: Annotated[int, Ge(2), Le(100)]
    price_least: Annotated[int, Ge(0), Le(100)]
    price_most: Annotated[int, Ge(0), Le(100)]
    rating_most: Annotated[int, Ge(0), Le(100)]
    ungraded_score: Annotated[Decimal, Ge(Decimal(0)), Le(Decimal(100))]
    trim_marks_from: Annotated[int, Ge(3), Le(15)]
    spread_share: Annotated[Decimal, Gt(Decimal(0)), Le(Decimal(1))]
    answer_working_days: Annotated[int, Ge(1), Le(10)]
    marking_working_days: Annotated[int, Ge(1), Le(30)]
    explain_working_days: Annotated[int, Ge(1), Le(10)]
    plan_shortest: Annotated[int, Ge(1), Le(1000)]
    plan_longest: Annotated[int, Ge(100), Le(10000)]
    practitioners_most: Annotated[int, Ge(1), Le(50)]
    mark_reason_shortest: Annotated[int, Ge(1), Le(200)]
    explanation_shortest: Annotated[int, Ge(1), Le(500)]

    def __post_init__(self) -> None:
        """Refuse an edition whose parts contradict each other."""
        if any(each.up_to is None for each in self.panels[:-1]) or self.panels[-1].up_to:
            raise ValueError("panels: the last one, and only it, has no limit")
        if min(each.judges for each in self.panels) < self.least_judges:
            raise ValueError("least_judges: no panel may be smaller")
        if max(each.judges for each in self.panels) > self.pool_least:
            raise ValueError("pool_least: fewer than the largest panel")
        if self.price_least > self.price_most:
            raise ValueError("price_least: above price_most")


def panel_size(policy: BestValuePolicy, budget: Decimal) -> int:
    """How many judges mark a need of so many yuan."""
    return next(each.judges for each in policy.panels if each.up_to is None or budget <= each.up_to)


def fault(policy: BestValuePolicy, price: int, rating: int, plan: int, people: int) -> str | None:
    """What is wrong with weights: ``sum``, ``price``, ``rating`` or ``judged``; None when nothing."""
    if price + rating + plan + people != FULL:
        return "sum"
    if not policy.price_least <= price <= policy.price_most:
        return "price"
    if rating > policy.rating_most:
        return "rating"
    return None if plan else "judged"
