"""Substantive corrections of a published need: beside the original, restarting the clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.fees.checking import require_price
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.languages import stored
from marketplace.foundation.money import format_yuan

from . import queries
from .actions import entry_deadline_for, require_open, require_second_person, set_entry_deadline
from .checking import check_budget, check_days, check_method, item_in_force, require_gate
from .models import CorrectionStatus, Need, NeedCorrection
from .pricing import price_of, said_of

# kept with the correction in Chinese; pages translate them
FIELDS = {
    "scope": _l("服务内容"),
    "place": _l("服务地点"),
    "budget": _l("预算金额（元）"),
    "days_wanted": _l("办理时限（天）"),
}


@dataclass(frozen=True)
class Correction:
    """What a published need should say from now on. ``budget`` in yuan, ``deviation_reason`` why
    it is far from the fee standard, where that is asked."""

    scope: str
    place: str
    budget: Decimal
    days_wanted: int
    deviation_reason: str = ""


def propose_correction(
    need: Need, correction: Correction, reason: str, actor: Actor, now: datetime
) -> NeedCorrection:
    """Propose a correction; refused when nothing changes or one is waiting already."""
    assert actor.user_id is not None
    lock(need)
    require_open(need, clock.now())
    if queries.open_correction(need.id) is not None:
        raise Conflict(_("已有一份更正待审批，请先办结"), rule="correction.open")
    changes = _changes(need, correction)
    if not changes:
        raise Invalid(_("内容与公告一致，没有需要更正的"), field="scope", rule="correction.none")
    check_days(item_in_force(need.item_code, need.jurisdiction_code, now), correction.days_wanted)
    require_gate(need, correction.budget, now)
    assert need.entry_deadline is not None
    row = NeedCorrection(
        need_id=need.id,
        changes=changes,
        values={
            "scope": correction.scope,
            "place": correction.place,
            "budget": format(correction.budget, "f"),
            "days_wanted": correction.days_wanted,
        },
        reason=reason,
        two_person=need.two_person,
        proposer_id=actor.user_id,
        deadline_before=need.entry_deadline,
    )
    lifecycle.begin(row, CorrectionStatus.PROPOSED, actor, now)
    if correction.budget != need.budget:
        question = price_of(
            need,
            Gate.BUDGET,
            row,
            correction.budget,
            now,
            reason=correction.deviation_reason,
        )
        today = replace(question, day=clock.local_day(now))
        row.price_check_id = require_price(today, actor, now, field="budget").id
    return row


def publish_correction(row: NeedCorrection, actor: Actor, now: datetime) -> None:
    """Approve a correction: the need takes the new values and its entry period starts again.

    The deadline never moves earlier. Raises Conflict once entries are closed.
    """
    need = lock(queries.need_by_id(row.need_id))
    lock(row)
    at = clock.now()
    require_open(need, at)
    require_second_person(need, row.proposer_id, actor)
    policy = queries.policy_of(need, clock.local_day(at)).values
    need.scope = row.values["scope"]
    need.place = row.values["place"]
    need.budget = Decimal(row.values["budget"])
    need.days_wanted = row.values["days_wanted"]
    check_method(need, policy)
    require_gate(need, need.budget, at)
    # the reason given for the old budget says nothing of a new one
    said = said_of(row.price_check_id) or "" if row.price_check_id is not None else None
    check_budget(need, actor, at, said, asks=False)
    assert need.entry_deadline is not None
    again = entry_deadline_for(policy, need.budget, at, need.entry_working_days)
    set_entry_deadline(need, policy, max(need.entry_deadline, again))
    need.next_check_at = need.entry_deadline
    row.approver_id = actor.user_id
    row.price_check_id = need.price_check_id
    row.published_at = at
    row.deadline_after = need.entry_deadline
    lifecycle.move(
        row, CorrectionStatus.PUBLISHED, actor, at, need=need.id, entry_deadline=need.entry_deadline
    )


def refuse_correction(row: NeedCorrection, reason: str, actor: Actor, now: datetime) -> None:
    """Turn a proposed correction down; the need stays as it is."""
    lock(row)
    lifecycle.move(row, CorrectionStatus.REFUSED, actor, now, reason=reason)


def _changes(need: Need, correction: Correction) -> list[dict[str, Any]]:
    pairs = {
        "scope": (need.scope, correction.scope),
        "place": (need.place, correction.place),
        "budget": (format_yuan(need.budget), format_yuan(correction.budget)),
        "days_wanted": (str(need.days_wanted), str(correction.days_wanted)),
    }
    return [
        {"field": name, "title": stored(FIELDS[name]), "before": before, "after": after}
        for name, (before, after) in pairs.items()
        if before != after
    ]
