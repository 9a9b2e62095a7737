"""What becomes due in the choosing of firms: closing, draws, notices, acceptances."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.projects.models import Need, NeedStatus

from . import actions, queries
from .models import SelectionRound


def advance_due() -> int:
    """Advance every need that is due, and end the rounds of withdrawn needs; safe to run twice."""
    done = tasks.sweep(Need, actions.advance_need)
    ended: int = tasks.in_transaction(_end_withdrawn)
    told: int = tasks.in_transaction(actions.tell_corrected)
    return done + ended + told


def _end_withdrawn(actor: Actor, now: datetime) -> int:
    left = db.session.scalars(
        select(SelectionRound)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(
            Need.status == NeedStatus.WITHDRAWN,
            SelectionRound.status.not_in([*queries.ENDED_ROUNDS, "failed"]),
        )
        .order_by(SelectionRound.need_id)
    ).all()
    for running in left:
        actions.end_withdrawn(running, actor, now)
    return len(left)
