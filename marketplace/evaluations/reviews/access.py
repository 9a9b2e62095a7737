"""Who may reply to, dispute, look into and exclude an evaluation."""

from __future__ import annotations

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from ..models import Evaluation
from . import queries
from .models import EvaluationReview


def evaluation_about(actor: Actor, public_id: str) -> Evaluation:
    """A revealed evaluation of the actor's own organisation; raises Missing."""
    found = queries.evaluation(public_id)
    if actor.organisation_id is None or found.about_organisation_id != actor.organisation_id:
        raise Missing(f"evaluation {public_id}")
    return found


def review_for(actor: Actor, public_id: str) -> EvaluationReview:
    """A review of the officer's area; raises Missing."""
    found = queries.review(public_id)
    if not supervises(actor, found.jurisdiction_code):
        raise Missing(f"review {public_id}")
    return found
