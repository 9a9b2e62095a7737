"""Departures declared that nothing holds up any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from marketplace.foundation import tasks
from marketplace.foundation.db import db
from marketplace.intermediaries.leaving.queries import declared

from . import actions


def complete_due() -> int:
    """Carry out every departure whose contracts are over."""
    return tasks.advance_each("departures.complete", _due, actions.complete)


def _due(_now: datetime) -> Sequence[int]:
    return db.session.scalars(declared()).all()
