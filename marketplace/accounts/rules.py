"""What a password and a sign-in name must be, and how long a failed one waits.

(RELIABILITY section 13.1, profile ``djb3``: 等保三级 asks for length and complexity.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, ClassVar

from annotated_types import Ge, Le, MaxLen

from .blocklist import is_common

LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,39}")
SHORTEST = 12
SHORTEST_OFFICIAL = 15
LONG_ENOUGH = 20
LONGEST = 128
FREE_FAILURES = 5
LOCK_FAILURES = 10
LOCK = timedelta(minutes=15)
FAILURES_FORGOTTEN = timedelta(hours=24)
ADDRESS_FAILURES = 10
ADDRESS_WINDOW = timedelta(minutes=5)
REGISTRATIONS = 20
REGISTRATION_WINDOW = timedelta(hours=1)
# published on the demo's sign-in page; the demo's accounts alone have it
DEMO_PASSWORD = "demo-Qinghe-2026"  # noqa: S105
INVITATION_LIFE = timedelta(days=7)
FORMER_PASSWORDS = 5
RESET_LIFE = timedelta(minutes=30)
RESETS_A_DAY = 5
RESET_PAUSE = timedelta(minutes=1)
RESET_REQUESTS = 5  # from one address
RESET_WINDOW = timedelta(hours=1)
RECOVERY_CODES = 10
STEP_SECONDS = 30
# wrong codes: no more than so many within so long
FACTOR_LIMITS = ((5, timedelta(minutes=5)), (20, timedelta(hours=1)), (50, timedelta(days=1)))
STEP_UP_LIFE = timedelta(minutes=5)
REVEAL_LIFE = timedelta(seconds=60)
REVEALS_A_DAY = 50
ROTATION_OFFICIAL = timedelta(days=90)
ROTATION = timedelta(days=180)
_COMMON = (
    "password",
    "qwerty",
    "asdfgh",
    "zhongjie",
    "chaoshi",
    "xingzheng",
    "shenpi",
    "admin",
    "123456",
    "654321",
    "111111",
    "000000",
    "888888",
    "666666",
    "iloveyou",
    "中介",
    "超市",
    "青河",
)
_YEARS = re.compile(r"(?:19|20)[0-9]{2}")
_AREAS = re.compile(r"[1-8][0-9]{5}(?![0-9])")


def login_is_well_formed(login: str) -> bool:
    """Lower-case letters, digits, dot, dash and underline, 3 to 40, a letter first."""
    return LOGIN.fullmatch(login) is not None


def password_problem(password: str, official: bool, context: Iterable[str] = ()) -> str | None:
    """The first rule a password breaks, as a code, or None.

    ``context`` are words of the person and the organisation; years, area codes and the field's own
    words do not count towards the length that matters. Codes: ``long``, ``short``,
    ``control``, ``common``, ``context``, ``simple``.
    """
    if len(password) > LONGEST:
        return "long"
    if len(password) < (SHORTEST_OFFICIAL if official else SHORTEST):
        return "short"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        return "control"
    folded = unicodedata.normalize("NFKC", password).casefold()
    bare = folded
    for word in _COMMON:
        bare = bare.replace(word, "")
    bare = _YEARS.sub("", _AREAS.sub("", bare))
    if len(bare) < SHORTEST // 2 or len(set(folded)) < 5 or is_common(folded):
        return "common"
    for word in context:
        name = unicodedata.normalize("NFKC", word).casefold().strip()
        if len(name) >= 2 and name in folded:
            return "context"
    if len(password) < LONG_ENOUGH and _classes(password) < 3:
        return "simple"
    return None


def wait_after(failures: int) -> timedelta:
    """How long an account waits after its ``failures``-th failure in a row.

    Nothing for the first four, then 1, 2, 4, 8, 16 seconds, from the tenth on 15 minutes.
    """
    if failures >= LOCK_FAILURES:
        return LOCK
    if failures >= FREE_FAILURES:
        return timedelta(seconds=2 ** (failures - FREE_FAILURES))
    return timedelta(0)


def _classes(password: str) -> int:
    kinds = set()
    for character in password:
        if character.isdigit():
            kinds.add("digit")
        elif character.islower():
            kinds.add("lower")
        elif character.isupper():
            kinds.add("upper")
        else:
            kinds.add("other")
    return len(kinds)


@dataclass(frozen=True)
class AgencyPolicy:
    """代办: the longest an owner may authorise an agent for, in natural days, and how many days
    before the end both are reminded."""

    SECTION: ClassVar[str] = "agency"
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    longest_days: Annotated[int, Ge(1), Le(1830)]
    reminder_days: Annotated[tuple[Annotated[int, Ge(1), Le(365)], ...], MaxLen(6)]


def next_agency_reminder(policy: AgencyPolicy, ends_on: date, today: date) -> date | None:
    """The next day after ``today`` on which the coming end of an authority is told."""
    days = [ends_on - timedelta(days=n) for n in policy.reminder_days]
    return min((day for day in days if day > today), default=None)
