"""Ends of corrections, statements, suspensions and blacklistings."""

from __future__ import annotations

from marketplace.foundation import tasks

from .actions import cards, cases
from .models import Blacklisting, Card, Case


def advance_due() -> int:
    """Advance every card, case and blacklisting whose moment has come; returns how many."""
    return (
        tasks.sweep(Card, cards.advance_card)
        + tasks.sweep(Case, cases.advance_case)
        + tasks.sweep(Blacklisting, cases.advance_blacklisting)
    )
