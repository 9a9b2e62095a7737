"""What a password and a sign-in name must be, and how long a failed one waits.

(RELIABILITY section 13.1, profile ``djb3``: 等保三级 asks for length and complexity.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

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
)


def login_is_well_formed(login: str) -> bool:
    """Lower-case letters, digits, dot, dash and underline, 3 to 40, a letter first."""
    return LOGIN.fullmatch(login) is not None


def password_problem(password: str, official: bool, context: Iterable[str] = ()) -> str | None:
    """The first rule a password breaks, as a code, or None.

    ``context`` are words of the person and the organisation. Codes: ``long``, ``short``,
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
    if len(bare) < SHORTEST // 2 or len(set(folded)) < 5:
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
