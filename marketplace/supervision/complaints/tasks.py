"""Complaints that were not taken on or decided in time."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions
from .models import SelectionComplaint


def advance_due() -> int:
    """Tell the offices of what is overdue; returns how many."""
    return tasks.sweep(SelectionComplaint, actions.advance_complaint)
