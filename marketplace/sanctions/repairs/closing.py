"""An application for repair ends with the sanction it is about."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation import lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.languages import stored
from marketplace.notifications.actions import send

from ..locking import locked
from ..models import Card, Case
from . import queries
from .models import RepairStatus


def close_repair(decision: Card | Case, why: str, actor: Actor, now: datetime) -> None:
    """Close the open application about a locked decision that is revoked or over, if there is one;
    the firm is told that it need do nothing more."""
    repair = queries.open_repair(decision)
    if repair is None:
        return
    now = locked(now, repair)
    lifecycle.move(repair, RepairStatus.CLOSED, actor, now, reason=why)
    send(
        repair.organisation_id,
        f"信用修复申请已终止：{stored(repair.title)}"[:200],
        f"{why}，无需再申请修复。",
        f"/repairs/{repair.public_id}",
        f"repair:{repair.id}:closed",
        now,
        address=repair.organisation.email,
    )
