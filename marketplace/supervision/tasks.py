"""Jobs of the clock: follow the deadlines of every package, remind of them."""

from __future__ import annotations

from datetime import date, datetime
from itertools import takewhile

from marketplace.foundation import heads, tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, fetch
from marketplace.foundation.heads import LedgerHead
from marketplace.ratings.models import GradeProposal

from . import actions, clocks
from .models import RunningClock


def publish_head() -> int:
    """Publish the head of the audit ledger of each day that has ended, each by itself.

    A day that is refused holds up those after it, and is told with whatever the clock cannot do.
    """
    published = tasks.advance_each(LedgerHead.__tablename__, _days_due, _publish)
    if published:
        tasks.in_transaction(lambda _clock, _now: heads.keep_newest())
    return published


def _days_due(now: datetime) -> list[int]:
    days = [day.toordinal() for day in heads.days_due(now)]
    if not days:
        return []
    resting = tasks.left_alone(LedgerHead.__tablename__, now)
    return list(takewhile(lambda day: day not in resting, days))


def _publish(day: int, _actor: Actor, now: datetime) -> int:
    return int(heads.publish(date.fromordinal(day), now))


def strike_off_due() -> int:
    """Carry out every D that came into force: entries out, contracts to the owners."""
    return tasks.advance_each("grade_proposals.carried_out", _struck, _strike_off)


def _struck(_now: datetime) -> list[int]:
    return [row[0] for row in fetch(actions.not_struck_off())]


def _strike_off(proposal_id: int, actor: Actor, now: datetime) -> int:
    return int(actions.strike_off(db.session.get_one(GradeProposal, proposal_id), actor, now))


def follow_clocks() -> int:
    """Begin, end and move the copies of the deadlines; returns how many changed."""
    changed: int = tasks.where_found(clocks.differ, clocks.follow_clocks)
    return changed


def advance_due() -> int:
    """Tell of the stages that have begun."""
    return tasks.sweep(RunningClock, clocks.advance_running_clock)
