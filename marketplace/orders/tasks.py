"""What becomes due on orders: answers that did not come, quotes nobody confirmed."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions
from .models import Order


def advance_due() -> int:
    """Advance every order that is due; safe to run twice."""
    return tasks.sweep(Order, actions.advance_order)
