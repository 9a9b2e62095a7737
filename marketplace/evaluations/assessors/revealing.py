"""Post the assessors' marks of a window that is revealed."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation.actor import CLOCK
from marketplace.ratings.actions import post_marks
from marketplace.ratings.rules.entries import RaterSide

from ..models import EvaluationWindow
from . import queries


def post_assessments(window: EvaluationWindow, now: datetime) -> None:
    """Post every assessor's marks; what was given under an appointment since withdrawn stays given,
    as whoever gave it had the right then."""
    for given in queries.assessments_in(window):
        entry = post_marks(
            given.about_organisation_id,
            window.contract.jurisdiction_code,
            RaterSide.ASSESSOR,
            given.organisation_id,
            window.contract_id,
            given.latest.marks,
            given,
            CLOCK,
            now,
        )
        given.rating_entry_id = entry.id
