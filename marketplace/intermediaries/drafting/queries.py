"""What is kept of an application's own fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..models import Firm
from .rules import FIELDS, mark_of, same, stale


def kept(firm: Firm) -> dict[str, Any]:
    """The fields that keep themselves, as they are kept."""
    return {
        "legal_representative": firm.organisation.legal_representative or "",
        "agent_name": firm.agent_name or "",
        "agent_phone": firm.agent_phone or "",
        "introduction": firm.introduction or "",
        "decoupled": firm.decoupled,
    }


def mark(firm: Firm) -> str:
    """What a window that shows the application as it is kept carries of it."""
    return mark_of(kept(firm))


def elsewhere(firm: Firm, values: Mapping[str, Any], given: str) -> dict[str, tuple[Any, Any]]:
    """Fields changed since a window was given its mark, where it would now say otherwise:
    what is kept, what the window says."""
    present = kept(firm)
    changed = stale(given, present)
    return {
        name: (present[name], values[name])
        for name in FIELDS
        if name in changed and name in values and not same(present[name], values[name])
    }
