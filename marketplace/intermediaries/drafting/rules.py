"""Which fields keep themselves, and whether a window still shows what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

# identity numbers and files are kept with the button alone
FIELDS = ("legal_representative", "agent_name", "agent_phone", "introduction", "decoupled")
_LETTERS = 12


def mark_of(values: Mapping[str, Any]) -> str:
    """What a window carries of the values it shows: a short digest of each, in order."""
    return ".".join(_digest(values[name]) for name in FIELDS)


def stale(mark: str, values: Mapping[str, Any]) -> set[str]:
    """The fields that have been changed since a window was given ``mark``; none without a mark,
    all for one that is no mark."""
    if not mark:
        return set()
    known = mark.split(".")
    if len(known) != len(FIELDS):
        return set(FIELDS)
    return {
        name for name, digest in zip(FIELDS, known, strict=True) if digest != _digest(values[name])
    }


def renewed(mark: str, name: str, values: Mapping[str, Any]) -> str:
    """The mark of a window that has just seen how one field is kept, and of the others only what
    it saw before; without a mark, one of everything."""
    known = mark.split(".")
    if len(known) != len(FIELDS):
        return mark_of(values)
    known[FIELDS.index(name)] = _digest(values[name])
    return ".".join(known)


def _digest(value: Any) -> str:
    text = ("1" if value else "") if isinstance(value, bool) else str(value or "")
    # a text area sends its lines with carriage returns
    plain = "\n".join(text.splitlines())
    return sha256(plain.encode()).hexdigest()[:_LETTERS]


def same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same to who reads them."""
    return _digest(one) == _digest(other)
