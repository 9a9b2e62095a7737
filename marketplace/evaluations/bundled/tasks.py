"""The clock's part: settle departments' years once they have ended."""

from __future__ import annotations

from datetime import datetime

from marketplace.accounts.models import Organisation
from marketplace.foundation import clock, tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from . import actions, queries


def settle_due() -> int:
    """Settle last year of every department in whose trade something happened, each once."""
    return tasks.advance_each("department_years", _unsettled, _settle)


def _unsettled(now: datetime) -> list[int]:
    return list(queries.unsettled(clock.local_day(now).year - 1))


def _settle(department_id: int, actor: Actor, now: datetime) -> int:
    department = db.session.get_one(Organisation, department_id)
    last = clock.local_day(now).year - 1
    return 1 if actions.settle_year(department, last, actor, now) else 0
