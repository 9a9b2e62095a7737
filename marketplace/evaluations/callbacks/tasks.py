"""The clock's part in call-backs: draw the sample of the month before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select

from marketplace.foundation import clock, tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from ..models import EvaluationWindow
from . import opening, queries


def draw_due() -> int:
    """Draw the month before for every area that revealed evaluations in it, each once."""
    return tasks.advance_each("callback_draws", _undrawn, _draw)


def _undrawn(now: datetime, left_alone: Select[int]) -> list[int]:
    month = queries.month_before(clock.local_day(now))
    if queries.head_of(month) is None:
        return []
    resting = set(db.session.scalars(left_alone))
    return [key for key in queries.undrawn(month) if key not in resting]


def _draw(window_id: int, actor: Actor, now: datetime) -> int:
    month = queries.month_before(clock.local_day(now))
    return opening.draw_month(db.session.get_one(EvaluationWindow, window_id), month, actor, now)
