"""What a firm's file asks of the firm and of the offices, by policy edition. (RULES section 5)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen

# at once and for good, at once and checked afterwards, or only once an officer has checked it
Mode = Literal["none", "after", "before"]
Days = Annotated[tuple[Annotated[int, Ge(1), Le(365)], ...], MaxLen(6)]


@dataclass(frozen=True)
class Rechecks:
    """How each kind of change of a listed firm's file takes effect."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    name: Mode
    legal_representative: Mode
    address: Mode
    introduction: Mode
    qualification: Literal["after", "before"]
    practitioner: Literal["none", "after"]
    controller: Mode
    decoupling: Mode


@dataclass(frozen=True)
class FilePolicy:
    """Limits are working days; reminders natural days before an end; ``agent_longest_days`` is the
    longest an agent may be authorised for in one document. The yearly self-check opens on a day
    of each year and stays open so many natural days; ``self_check_pauses`` says whether a firm
    that did not do it takes no orders until it does."""

    SECTION: ClassVar[str] = "file"
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    recheck: Rechecks
    recheck_working_days: Annotated[int, Ge(1), Le(30)]
    release_working_days: Annotated[int, Ge(1), Le(30)]
    release_decide_working_days: Annotated[int, Ge(1), Le(30)]
    reminder_days: Days
    agent_longest_days: Annotated[int, Ge(30), Le(1830)]
    self_check_month: Annotated[int, Ge(1), Le(12)]
    self_check_day: Annotated[int, Ge(1), Le(28)]
    self_check_days: Annotated[int, Ge(7), Le(180)]
    self_check_reminder_days: Days
    self_check_pauses: bool


def opens_on(policy: FilePolicy, year: int) -> date:
    """The day the self-check of a year opens."""
    return date(year, policy.self_check_month, policy.self_check_day)


def last_day(policy: FilePolicy, year: int) -> date:
    """Its last day."""
    return opens_on(policy, year) + timedelta(days=policy.self_check_days - 1)


def next_day(until: date, today: date, days_before: Sequence[int]) -> date | None:
    """The next day on which the coming end ``until`` is told, after ``today``; None: no more."""
    days = [until - timedelta(days=n) for n in days_before]
    return min((day for day in days if day > today), default=None)
