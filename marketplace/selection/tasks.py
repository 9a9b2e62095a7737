"""What becomes due in the choosing of firms: closing, draws, notices, acceptances."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.projects.models import Need, NeedStatus

from . import actions, queries
from .models import SelectionRound


def advance_due() -> int:
    """Advance every need that is due, and end the rounds of withdrawn needs; safe to run twice."""
    done = tasks.sweep(Need, actions.advance_need)
    done += tasks.advance_each("selection_rounds.end_withdrawn", _withdrawn, _end_withdrawn)
    told: int = tasks.in_transaction(actions.tell_corrected)
    return done + told


def _withdrawn(_now: datetime, left_alone: Select[int]) -> list[int]:
    return list(
        db.session.scalars(
            select(SelectionRound.id)
            .join(Need, Need.id == SelectionRound.need_id)
            .where(
                Need.status == NeedStatus.WITHDRAWN,
                SelectionRound.status.not_in([*queries.ENDED_ROUNDS, "failed"]),
                SelectionRound.id.not_in(left_alone),
            )
            .order_by(SelectionRound.need_id)
        )
    )


def _end_withdrawn(round_id: int, actor: Actor, now: datetime) -> int:
    try:
        actions.end_withdrawn(db.session.get_one(SelectionRound, round_id), actor, now)
    except Missing:
        return 0  # another worker was first
    return 1
