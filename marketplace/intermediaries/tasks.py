"""What becomes due on the register: review limits, public notices, ends of certificates."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions
from .leaving.actions import advance_departure
from .leaving.models import Departure
from .models import Firm, ProfessionalCheck, Qualification


def advance_due() -> int:
    """Advance everything that is due; returns how many rows moved on."""
    return (
        tasks.sweep(ProfessionalCheck, actions.advance_check)
        + tasks.sweep(Firm, actions.advance_firm)
        + tasks.sweep(Qualification, actions.advance_qualification)
        + tasks.sweep(Departure, advance_departure)
    )
