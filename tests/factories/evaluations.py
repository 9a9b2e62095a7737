"""Evaluations for tests, given through the actions. Call inside a transaction."""

from __future__ import annotations

from config import ROOT
from marketplace.evaluations import actions, queries
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.rules import EvaluationPolicy
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import CLOCK
from tests.factories.contracts import Deal


def give(deal: Deal, who: str, mark: int = 5, reason: str | None = None) -> Evaluation:
    """`editor` (for the owner) or `firm` gives the same mark for every part."""
    actor = deal.actor(who)
    contract = deal.contract
    direction = queries.direction_of(contract, actor.organisation_id)
    assert direction is not None
    marks = dict.fromkeys(direction.parts, mark)
    return actions.submit_evaluation(contract, marks, reason, actor, clock.now())


def publish_least(jurisdiction_code: str, firms: int) -> None:
    """Publish an edition from today on under which so many firms make a department's year."""
    shipped = ROOT / "marketplace/editions/policies/000000/evaluation-2024-01-01.toml"
    text = shipped.read_text("utf-8").replace('"000000"', f'"{jurisdiction_code}"')
    text = text.replace("= 2024-01-01", f"= {clock.today().isoformat()}")
    text = text.replace("department_least_firms = 5", f"department_least_firms = {firms}")
    draft = policy.parse("evaluation.toml", text, [EvaluationPolicy])
    policy.publish(draft, CLOCK, clock.now())
