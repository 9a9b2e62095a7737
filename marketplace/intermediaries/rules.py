"""What admission asks, by policy edition, and when a certificate's end is announced.

(RULES section 5.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen

MOST_DISCOUNT = Decimal("0.9999")
LONGEST_PROMISE = 1000


@dataclass(frozen=True)
class AdmissionPolicy:
    """How a firm becomes listed. Limits are working days, reminders natural days before an end.

    ``mode``: ``open`` lists at once and checks afterwards; ``review`` lists after the bureau's
    form check while department and public still look; ``tendered`` adds a call for hall seats
    and leaves the online register as in ``review``.
    """

    SECTION: ClassVar[str] = "admission"
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    mode: Literal["open", "review", "tendered"]
    form_check_working_days: Annotated[int, Ge(1), Le(30)]
    professional_check_working_days: Annotated[int, Ge(1), Le(30)]
    notice_working_days: Annotated[int, Ge(1), Le(30)]
    returns: Annotated[int, Ge(0), Le(1)]
    decoupling_required: bool
    reminder_days: Annotated[tuple[Annotated[int, Ge(1), Le(365)], ...], MaxLen(6)]


def next_reminder(valid_until: date, today: date, days_before: Sequence[int]) -> date | None:
    """The next day on which the end of a certificate is announced, after ``today``.

    The last one is the day after its last valid day, when it no longer serves.
    """
    days = [valid_until - timedelta(days=n) for n in days_before]
    if valid_until < date.max:
        days.append(valid_until + timedelta(days=1))
    return min((day for day in days if day > today), default=None)


def discount_is_possible(discount: Decimal) -> bool:
    """Whether a promised reduction (0.15 is 15 %) lies in 0 to 0.9999 with at most 4 decimals."""
    if not discount.is_finite() or discount < 0 or discount > MOST_DISCOUNT:
        return False
    exponent = discount.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -4
