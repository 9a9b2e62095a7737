"""What the clock brings about in a sealed method: opening, equals drawn, the award."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation.actor import Actor
from marketplace.projects.models import Need

from .. import awarding, queries
from ..keyholding import actions as keys
from ..keyholding import queries as holding
from ..models import SelectionRound
from . import opening


def advance_sealed(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """Do what has become due; the caller holds the need's lock."""
    if running.unsealed_at is None:
        if need.choice_at is not None and now < need.choice_at:
            need.next_check_at = need.choice_at
            return
        if running.two_keys and not _has_its_key(need, running, actor, now):
            return
        opening.open_quotes(need, running, actor, now)
    if running.ranking is None and not opening.settle_ties(need, running, actor, now):
        return  # the lottery's result wakes it
    if queries.award_of(need) is None:
        fallen = [each.place for each in queries.awards_of(need) if each.round_id == running.id]
        awarding.award_in_order(need, running, actor, now, after=max(fallen, default=0))


def _has_its_key(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> bool:
    """Whether two holders handed in their shares; the selection fails where they can or did not."""
    if holding.is_ready(running):
        return True
    last = holding.hand_in_by(need, running)
    if holding.is_lost(running) or now >= last:
        keys.fail_unopened(need, running, actor, now)
        return False
    keys.ask_holders(need, running, now)
    need.next_check_at = last
    return False
