"""The clock's part: open the inspections that are due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from . import actions, queries


def open_due() -> int:
    """Open the inspection of every running contract of a firm under key supervision."""
    return tasks.advance_each("contract_inspections.open", _due, _open)


def _due(now: datetime, left_alone: Select[int]) -> list[int]:
    found = queries.uninspected(now)
    resting = set(db.session.scalars(left_alone)) if found else set()
    return [each.contract_id for each in found if each.contract_id not in resting]


def _open(contract_id: int, actor: Actor, now: datetime) -> int:
    return int(actions.open_inspection(contract_id, actor, now) is not None)
