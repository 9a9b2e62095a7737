"""What the clock brings about in a sealed method: opening, equals drawn, the award."""

from __future__ import annotations

import logging
from datetime import datetime

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import SealBroken
from marketplace.notifications.actions import send
from marketplace.projects.models import Need, SelectionMethod

from .. import awarding, queries
from ..judging import advancing
from ..keyholding import actions as keys
from ..keyholding import queries as holding
from ..keyholding.splitting import NotTheKey
from ..models import SelectionRound
from . import opening

log = logging.getLogger(__name__)


def advance_sealed(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """Do what has become due; the caller holds the need's lock."""
    if running.unsealed_at is None:
        if need.method is SelectionMethod.BEST_VALUE and not advancing.advance(
            need, running, actor, now
        ):
            return  # judges mark before anybody knows a price
        if need.choice_at is not None and now < need.choice_at:
            need.next_check_at = need.choice_at
            return
        if running.two_keys and not _has_its_key(need, running, actor, now):
            return
        try:
            opening.open_quotes(need, running, actor, now)
        except (SealBroken, NotTheKey) as error:
            end_broken(need, running, error, actor, now)
            return
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
        keys.fail_unhanded(need, running, actor, now)
        return False
    keys.ask_holders(need, running, now)
    need.next_check_at = last
    return False


def end_broken(
    need: Need, running: SelectionRound, error: Exception, actor: Actor, now: datetime
) -> None:
    """End a selection of which a quote or a plan is not the one received: to open the others, or
    to leave that firm out, would let whoever altered it decide who takes part."""
    log.error("round %s cannot be opened: %s", running.id, error)
    advancing.end_judging(running, actor, now)
    audit.record("quotes.broken", actor, running, now, found=str(error)[:200])
    keys.fail_unopened(
        need, running, "有报价或方案的密文与收到时登记的不一致，全部报价不予开启", actor, now
    )
    send(
        queries.bureau_of(need),
        f"请核查密封报价：{need.title}",
        "开启时发现有报价或方案的密文与收到时登记的不一致，本次选取已终止，报价均未开启。"
        "请核查数据库和备份的改动，并保全台账。",
        f"/results/{need.public_id}",
        f"round:{running.id}:broken",
        now,
    )
