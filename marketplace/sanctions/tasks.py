"""Ends of corrections, statements, suspensions and blacklistings."""

from __future__ import annotations

from marketplace.foundation import tasks

from .actions import cards, cases
from .appeals.actions import advance_appeal
from .appeals.models import Appeal
from .measures.actions import advance_measure
from .measures.models import Measure
from .models import Blacklisting, Card, Case
from .repairs.actions import advance_repair
from .repairs.models import CreditRepair


def advance_due() -> int:
    """Advance every card, case, blacklisting, appeal, repair and measure whose moment has come; returns how many."""
    return (
        tasks.sweep(Card, cards.advance_card)
        + tasks.sweep(Case, cases.advance_case)
        + tasks.sweep(Blacklisting, cases.advance_blacklisting)
        + tasks.sweep(Appeal, advance_appeal)
        + tasks.sweep(CreditRepair, advance_repair)
        + tasks.sweep(Measure, advance_measure)
    )
