"""Jobs of the night: a few seconds of checking at a time, and the watch over unusual events."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from time import monotonic

from sqlalchemy import select

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from ..unusual import actions as unusual
from .actions import begin_night, keep_slice
from .models import CheckPart, CheckRun
from .slices import Slice, look

AT_ONCE_SECONDS = 5.0


def run_checks() -> int:
    """Go on with the checks of the night for some seconds; returns how many slices were done.

    What a slice finds is read at one moment; nothing is locked while it reads.
    """
    done = int(tasks.in_transaction(lambda _actor, now: begin_night(now)))
    until = monotonic() + AT_ONCE_SECONDS
    while monotonic() < until:
        looked = tasks.at_one_moment(_look_on)
        if looked is None:
            return done
        run_id, position, found = looked
        if not tasks.in_transaction(partial(_keep, run_id, position, found)):
            return done
        done += 1
    return done


def watch() -> int:
    """Note the unusual events among what was written lately; returns how many."""
    return int(tasks.in_transaction(lambda _actor, now: unusual.scan(now)))


def _keep(run_id: int, position: int, found: Slice, actor: Actor, now: datetime) -> bool:
    return keep_slice(db.session.get_one(CheckRun, run_id), position, found, actor, now)


def _look_on() -> tuple[int, int, Slice] | None:
    """The next slice of the checks begun: which run, from where, what it found; None when all are
    finished."""
    rows = db.session.scalars(select(CheckRun).where(CheckRun.finished_at.is_(None))).all()
    order = list(CheckPart)
    row = min(rows, key=lambda row: (row.day, order.index(row.part)), default=None)
    if row is None:
        return None
    run_id, position = row.id, row.position
    return run_id, position, look(row.part, position)
