"""Reads across the packages: what waits for an officer, the audit ledger."""

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
from .pending import Waiting, waiting

__all__ = [
    "LONGEST_RANGE",
    "Verification",
    "Waiting",
    "event_count",
    "events",
    "offered_codes",
    "people",
    "read_range",
    "samples",
    "verifications",
    "verify_range",
    "waiting",
]
