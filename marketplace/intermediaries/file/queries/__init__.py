"""Reads of firms' files."""

from __future__ import annotations

from .changes import (
    change_by_row,
    changes_of,
    count_open,
    file_policy,
    history_of,
    open_change,
    rechecks,
    values_of,
    waiting_changes,
)
from .checks import (
    check_of_year,
    checks_of,
    checks_of_year,
    counts_of_year,
    first_year,
    not_done,
    to_open,
    waiting_check,
)
from .people import (
    agent_now,
    agents_of,
    branches_of,
    expiring_people,
    standing,
    to_answer,
    transfers,
    transfers_for,
    waiting_transfers,
)
from .steps import Step, next_steps

__all__ = [
    "Step",
    "agent_now",
    "agents_of",
    "branches_of",
    "change_by_row",
    "changes_of",
    "check_of_year",
    "checks_of",
    "checks_of_year",
    "count_open",
    "counts_of_year",
    "expiring_people",
    "file_policy",
    "first_year",
    "history_of",
    "next_steps",
    "not_done",
    "open_change",
    "rechecks",
    "standing",
    "to_answer",
    "to_open",
    "transfers",
    "transfers_for",
    "values_of",
    "waiting_changes",
    "waiting_check",
    "waiting_transfers",
]
