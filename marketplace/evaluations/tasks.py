"""Jobs of the clock: open windows of contracts that are over, close those whose time is over."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from . import actions, queries
from .assessors import actions as assessors
from .assessors import awaiting
from .assessors.models import AssessorAppointment
from .departments import actions as departments
from .departments.models import DepartmentWindow
from .models import EvaluationWindow


def advance_due() -> int:
    """Open what is over and not open yet, then reveal or lapse what is due."""
    return (
        tasks.advance_each(queries.UNOPENED, _unopened, _open)
        + tasks.sweep(EvaluationWindow, actions.advance_window)
        + tasks.sweep(DepartmentWindow, departments.advance_pair)
        + tasks.sweep(AssessorAppointment, assessors.advance_appointment)
        + tasks.advance_each("evaluation_windows.complete", _complete, assessors.reveal_complete)
    )


def _unopened(now: datetime) -> list[int]:
    return queries.unopened(now)


def _complete(now: datetime) -> list[int]:
    return [
        key
        for key in awaiting.complete()
        if not awaiting.awaited(db.session.get_one(EvaluationWindow, key), now)
    ]


def _open(contract_id: int, actor: Actor, now: datetime) -> int:
    actions.open_window_by_id(contract_id, actor, now)
    return 1
