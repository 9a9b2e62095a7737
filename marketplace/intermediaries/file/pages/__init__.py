"""The pages of a firm's file."""

from __future__ import annotations

from . import certificates, changes, erasing, people, practitioners, records, self_check, transfers

__all__ = [
    "certificates",
    "changes",
    "erasing",
    "people",
    "practitioners",
    "records",
    "self_check",
    "transfers",
]
