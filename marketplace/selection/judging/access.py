"""Which judgings a person may open; anybody else's answer 404."""

from __future__ import annotations

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import EntryPlan, PanelJudge, PanelStatus


def own_judgeship(actor: Actor, public_id: str) -> PanelJudge:
    """A judging the actor was drawn for; raises Missing."""
    found = queries.judge(public_id)
    if found.user_id != actor.user_id:
        raise Missing(f"judge {public_id}")
    return found


def plan_to_mark(judge: PanelJudge, alias: int) -> EntryPlan:
    """A plan under the name the judge knows it by; raises Missing."""
    found = queries.plan_called(judge, alias)
    if found is None:
        raise Missing(f"plan {alias} of panel {judge.panel_id}")
    return found


def judge_to_rate(actor: Actor, public_id: str) -> PanelJudge:
    """A judge of an ended judging, for the owner of the need and the bureau; raises Missing."""
    found = queries.judge(public_id)
    need = found.panel.round.need
    concerned = need.owner_id == actor.organisation_id or supervises(actor, need.jurisdiction_code)
    if found.panel.status is not PanelStatus.DONE or not concerned:
        raise Missing(f"judge {public_id}")
    return found
