"""Numbers of the expert pool, and who may not judge whom. (RULES section 7)"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le


@dataclass(frozen=True)
class ExpertsPolicy:
    """Admission to the pool and leaving it. Days are working days.

    ``decide_working_days``: from an application to its decision. ``trades_most``: how many trades
    one expert may judge. ``return_months``: how long somebody removed waits before applying again.
    """

    SECTION: ClassVar[str] = "experts"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    decide_working_days: Annotated[int, Ge(1), Le(60)]
    trades_most: Annotated[int, Ge(1), Le(20)]
    credentials_shortest: Annotated[int, Ge(1), Le(500)]
    reason_shortest: Annotated[int, Ge(1), Le(500)]
    relations_most: Annotated[int, Ge(1), Le(50)]
    return_months: Annotated[int, Ge(1), Le(120)]


@dataclass(frozen=True)
class Tie:
    """An organisation a person has to do with, and how."""

    organisation_id: int
    how: str


def recusal(ties: Collection[Tie], parties: Collection[int]) -> str | None:
    """Why somebody may not judge among these organisations (keys of the owner and the entrants):
    the first tie to one of them; None where there is none."""
    return next((tie.how for tie in ties if tie.organisation_id in parties), None)


def on_duty(available: bool, away_until: date | None, day: date) -> bool:
    """Whether an expert can be drawn on a day: available, and not away through that day."""
    return available and (away_until is None or day > away_until)
