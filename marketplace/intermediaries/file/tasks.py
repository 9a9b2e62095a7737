"""What becomes due on firms' files: answers, ends of certificates and authorities, self-checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from marketplace.accounts.areas import registers
from marketplace.foundation import calendar, clock, tasks
from marketplace.foundation.actor import Actor

from ..models import Practitioner
from . import actions, queries
from .models import FirmAgent, SelfCheck, Transfer
from .rules import last_day, opens_on

SELF_CHECKS = "self_checks"


def advance_due() -> int:
    """Advance everything that is due; returns how many rows moved on."""
    return (
        tasks.sweep(Transfer, actions.advance_transfer)
        + tasks.sweep(FirmAgent, actions.advance_agent)
        + tasks.sweep(Practitioner, actions.advance_practitioner)
        + tasks.sweep(SelfCheck, actions.advance_self_check)
    )


def open_self_checks() -> int:
    """While the time of a year's self-check runs, open it for the firms that have none yet: those
    on the register since before the year began."""

    def find(now: datetime) -> Sequence[int]:
        today = clock.local_day(now)
        codes = [
            code
            for code in registers()
            if opens_on(values := queries.file_policy(code, today).values, today.year)
            <= today
            <= last_day(values, today.year)
        ]
        if not codes:
            return []
        began = calendar.moment(today.replace(month=1, day=1), time(0, 0))
        return queries.to_open(codes, today.year, began, tasks.resting(SELF_CHECKS, now))

    def act(firm_id: int, actor: Actor, now: datetime) -> int:
        return actions.open_self_check(firm_id, clock.local_day(now).year, actor, now)

    return tasks.advance_each(SELF_CHECKS, find, act)
