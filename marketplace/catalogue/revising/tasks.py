"""The clock's part: publish new editions whose notice has ended."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions
from .models import ListDraft


def advance_due() -> int:
    """Publish, give back or wait on."""
    return tasks.sweep(ListDraft, actions.advance_draft)
