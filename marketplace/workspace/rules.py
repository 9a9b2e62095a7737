"""When a clock's lamp changes colour, and how much of a story somebody may read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le

MICROSECOND = timedelta(microseconds=1)


class Lamp(StrEnum):
    """The colour of a clock."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    OFF = "off"


class View(StrEnum):
    """How much of the story of a need somebody may read."""

    OWNER = "owner"
    OFFICER = "officer"
    WINNER = "winner"  # the firm of the contract
    ENTRANT = "entrant"  # a firm that entered and was not chosen


@dataclass(frozen=True)
class LampsPolicy:
    """(RULES section 2) Amber comes when ``amber_share`` of the time is used or ``amber_working_days`` are left,
    whichever is earlier, but never before ``earliest_share`` of it is used. Red: time is over.
    """

    SECTION: ClassVar[str] = "lamps"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    amber_share: Annotated[Decimal, Ge(Decimal(0)), Le(Decimal(1))]
    amber_working_days: Annotated[int, Ge(0), Le(60)]
    earliest_share: Annotated[Decimal, Ge(Decimal(0)), Le(Decimal(1))]


def amber_from(
    policy: LampsPolicy, start: datetime, due: datetime, days_before_due: datetime
) -> datetime:
    """The instant a clock turns amber.

    ``days_before_due`` is the instant ``amber_working_days`` working days before ``due``; the
    working calendar, which rules do not read, gives it.
    """
    whole = (due - start) // MICROSECOND
    share = start + int(whole * policy.amber_share) * MICROSECOND
    earliest = start + int(whole * policy.earliest_share) * MICROSECOND
    return max(min(share, days_before_due), earliest)


def lamp(
    policy: LampsPolicy, start: datetime, due: datetime, days_before_due: datetime, now: datetime
) -> Lamp:
    """The colour at ``now``; at the due instant itself time is over."""
    if now >= due:
        return Lamp.RED
    if now >= amber_from(policy, start, due, days_before_due):
        return Lamp.AMBER
    return Lamp.GREEN
