"""Ends of periods and overdue answers."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions
from .models import Objection, PublicNotice


def advance_due() -> int:
    """End notices whose period is over and mark objections overdue; returns how many moved."""
    return tasks.sweep(Objection, actions.advance_objection) + tasks.sweep(
        PublicNotice, actions.advance_notice
    )
