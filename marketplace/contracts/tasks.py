"""The clock's work on contracts and deliveries."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions, delivery
from .models import Contract, Deliverable


def advance_due() -> int:
    """Unconfirmed drafts, overdue deliveries, reminders and silent owners."""
    return tasks.sweep(Contract, actions.advance_contract) + tasks.sweep(
        Deliverable, delivery.advance_deliverable
    )
