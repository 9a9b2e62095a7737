"""The clock's part in call-backs: list what a month revealed, draw the sample once that stands."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation import clock, heads, tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from ..models import EvaluationWindow
from . import listing, opening
from .models import CallbackList


def draw_due() -> int:
    """List every month that is over for every area that revealed something in it, and draw from
    the lists that a published head covers, each once; a month missed is listed and drawn late."""
    listed = tasks.advance_each("callback_lists", _unlisted, _list)
    return listed + tasks.advance_each("callback_draws", _undrawn, _draw)


def _unlisted(now: datetime) -> list[int]:
    # what was revealed in the month's last moment is committed by then
    over = listing.months_over(clock.local_day(now - heads.SETTLED))
    return list(listing.unlisted(over))


def _list(window_id: int, actor: Actor, now: datetime) -> int:
    made = opening.list_month(db.session.get_one(EvaluationWindow, window_id), actor, now)
    return int(made is not None)


def _undrawn(_now: datetime) -> list[int]:
    return [
        key
        for key in listing.undrawn()
        if listing.head_over(db.session.get_one(CallbackList, key)) is not None
    ]


def _draw(list_id: int, actor: Actor, now: datetime) -> int:
    return opening.draw_listed(db.session.get_one(CallbackList, list_id), actor, now)
