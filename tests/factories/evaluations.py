"""Evaluations for tests, given through the actions. Call inside a transaction."""

from __future__ import annotations

from marketplace.evaluations import actions, queries
from marketplace.evaluations.models import Evaluation
from marketplace.foundation import clock
from tests.factories.contracts import Deal


def give(deal: Deal, who: str, mark: int = 5, reason: str | None = None) -> Evaluation:
    """`editor` (for the owner) or `firm` gives the same mark for every part."""
    actor = deal.actor(who)
    contract = deal.contract
    direction = queries.direction_of(contract, actor.organisation_id)
    assert direction is not None
    marks = dict.fromkeys(direction.parts, mark)
    return actions.submit_evaluation(contract, marks, reason, actor, clock.now())
