"""Jobs of the clock: proposals whose notice has ended, subjects whose day has come."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions, settling
from .models import GradeProposal, RatingSubject


def advance_due() -> int:
    """Advance every due proposal and settle every due subject, proposals first.

    An objection must be in the ledger before the day is settled on which it holds a grade back.
    """
    done = tasks.sweep(GradeProposal, actions.advance_proposal, held_before=settling.hold_subject)
    return done + tasks.sweep(RatingSubject, actions.settle)
