"""The clock's part: open the inspections that are due."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor

from . import actions, queries


def open_due() -> int:
    """Open the inspection of every running contract of a firm under key supervision."""
    return tasks.advance_each("contract_inspections.open", _due, _open)


def _due(now: datetime) -> list[int]:
    return [each.contract_id for each in queries.uninspected(now)]


def _open(contract_id: int, actor: Actor, now: datetime) -> int:
    return int(actions.open_inspection(contract_id, actor, now) is not None)
