"""What the clock brings about in a sealed method: opening, equals drawn, the award."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation.actor import Actor
from marketplace.projects.models import Need

from .. import awarding, queries
from ..models import SelectionRound
from . import opening


def advance_sealed(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """Do what has become due; the caller holds the need's lock."""
    if running.unsealed_at is None:
        if need.choice_at is not None and now < need.choice_at:
            need.next_check_at = need.choice_at
            return
        opening.open_quotes(need, running, actor, now)
    if running.ranking is None and not opening.settle_ties(need, running, actor, now):
        return  # the lottery's result wakes it
    if queries.award_of(need) is None:
        fallen = [each.place for each in queries.awards_of(need) if each.round_id == running.id]
        awarding.award_in_order(need, running, actor, now, after=max(fallen, default=0))
