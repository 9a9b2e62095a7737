"""Numbers about the item list: how long its changes are shown, how soon departments answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar

from annotated_types import Ge, Le


@dataclass(frozen=True)
class CataloguePolicy:
    """Days are working days.

    ``notice_days``: how long a new edition is shown before it is published. ``proposal_days``:
    within which the bureau answers a department's proposal. ``demand_take_days``,
    ``demand_answer_days``, ``demand_decide_days``: the clocks of a report that a department asked
    for an item off the list: taken in by the bureau, answered by the department, decided.
    ``demand_points`` come off the department's year for each that is found true, together at
    most ``demand_most`` (rules, section 3).
    """

    SECTION: ClassVar[str] = "catalogue"
    __pydantic_config__ = {"extra": "forbid"}

    notice_days: Annotated[int, Ge(1), Le(30)]
    proposal_days: Annotated[int, Ge(1), Le(60)]
    demand_take_days: Annotated[int, Ge(1), Le(30)]
    demand_answer_days: Annotated[int, Ge(1), Le(30)]
    demand_decide_days: Annotated[int, Ge(1), Le(60)]
    demand_points: Annotated[Decimal, Ge(0), Le(50)]
    demand_most: Annotated[Decimal, Ge(0), Le(100)]
