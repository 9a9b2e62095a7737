"""Needs behind orders: public with their result, since nobody enters them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Refused

from . import queries
from .checking import check_budget, check_method, item_in_force, require_gate, require_status
from .models import Need, NeedStatus
from .splitting import flag_split


def publish_ordered(need: Need, approver_id: int | None, actor: Actor, now: datetime) -> None:
    """Publish the need of an order that a firm has taken, as awarded.

    ``approver_id`` is who answers for it on the owner's side; gate, price and limits are asked
    once more by the standards of this day. Raises Refused where two persons must act and one did.
    """
    lock(need)
    require_status(need, NeedStatus.DRAFT)
    if not need.is_ordered:
        raise Conflict(_("公开报名的需求应当先发布"), rule="need.channel")
    if need.two_person and approver_id == need.proposer_id:
        raise Refused(
            _("经办与审批须由两人分别办理，请由本单位另一位审批人办理"), rule="two_persons"
        )
    edition = queries.selection_policy(need.jurisdiction_code, clock.local_day(now))
    item_in_force(need.item_code, need.jurisdiction_code, now)
    check_method(need, edition.values)
    require_gate(need, need.budget, now)
    check_budget(need, actor, now, asks=False)
    flag_split(need, actor, now)
    need.selection_edition_id = edition.id
    need.approver_id = approver_id
    need.submitted_at = need.published_at = now
    need.entry_deadline = need.choice_at = now
    lifecycle.move(need, NeedStatus.AWARDED, actor, now, edition=edition.id)


def drop_ordered(need: Need, reason: str, actor: Actor, now: datetime) -> None:
    """End the need of an order that nobody took, or that its owner took back; never public."""
    lock(need)
    lifecycle.move(need, NeedStatus.WITHDRAWN, actor, now, reason=reason)
