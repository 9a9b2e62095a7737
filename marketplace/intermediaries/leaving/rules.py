"""The numbers of leaving, and when somebody may come back."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from annotated_types import Ge, Le


class Contracts(StrEnum):
    """What becomes of running contracts when a firm leaves of its own will."""

    FINISH = "finish"
    OWNERS = "owners"


@dataclass(frozen=True)
class LeavingPolicy:
    """Working days to be heard and to ask for a hearing, to be told of its day, to appeal and to
    decide the appeal; natural days without any valid certificate after which a firm may be
    removed; months after which it may apply again (0: at once)."""

    SECTION: ClassVar[str] = "leaving"
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    statement_working_days: Annotated[int, Ge(3), Le(30)]
    hearing_notice_working_days: Annotated[int, Ge(1), Le(30)]
    no_qualification_days: Annotated[int, Ge(1), Le(365)]
    return_months_voluntary: Annotated[int, Ge(0), Le(36)]
    return_months_removed: Annotated[int, Ge(0), Le(36)]
    appeal_working_days: Annotated[int, Ge(5), Le(60)]
    appeal_decision_working_days: Annotated[int, Ge(5), Le(90)]


def days_without(ends: list[date | None], today: date) -> int | None:
    """How many days have passed since the last certificate ended; None while one is valid.

    ``ends``: the last valid day of each, None for one without an end. Without any: all days.
    """
    if any(end is None or end >= today for end in ends):
        return None
    if not ends:
        return (today - date.min).days
    return (today - max(end for end in ends if end is not None)).days
