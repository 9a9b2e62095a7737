"""Reads of the audit ledger."""

from __future__ import annotations

from .ledger import (
    LONGEST_RANGE,
    Verification,
    event_count,
    events,
    offered_codes,
    people,
    read_range,
    samples,
    verifications,
    verify_range,
)

__all__ = [
    "LONGEST_RANGE",
    "Verification",
    "event_count",
    "events",
    "offered_codes",
    "people",
    "read_range",
    "samples",
    "verifications",
    "verify_range",
]
