"""The clock's part: departments that let their time to answer pass."""

from __future__ import annotations

from marketplace.foundation import tasks

from . import actions
from .models import OffListDemand


def advance_due() -> int:
    """Let the cases go on whose department did not answer."""
    return tasks.sweep(OffListDemand, actions.advance_case)
