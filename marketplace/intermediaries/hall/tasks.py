"""The clock's part in the hall: calls move on, terms end, seats are lost."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from . import actions, queries
from .models import HallCall, HallSeat


def advance_due() -> int:
    """Move on calls and terms that are due."""
    return tasks.sweep(HallCall, actions.advance_call) + tasks.sweep(HallSeat, actions.advance_seat)


def end_lost() -> int:
    """End the seats of firms that may not sit any more; the public stopped seeing them the same
    second."""
    return tasks.advance_each("hall_seats_lost", _lost, _lose)


def _lost(now: datetime) -> list[int]:
    return queries.seats_lost(now)


def _lose(seat_id: int, actor: Actor, now: datetime) -> int:
    return int(actions.lose_seat(db.session.get_one(HallSeat, seat_id), actor, now))
