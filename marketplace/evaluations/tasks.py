"""Jobs of the clock: open windows of contracts that are over, close those whose time is over."""

from __future__ import annotations

import logging
from functools import partial

from marketplace.foundation import tasks

from . import actions, queries
from .models import EvaluationWindow

log = logging.getLogger(__name__)


def advance_due() -> int:
    """Open what is over and not open yet, then reveal or lapse what is due."""
    done = 0
    for contract_id in tasks.in_transaction(lambda actor, now: queries.unopened()):
        try:
            tasks.in_transaction(partial(actions.open_window_by_id, contract_id))
            done += 1
        except Exception:
            log.exception("the window of contract %s could not be opened", contract_id)
    return done + tasks.sweep(EvaluationWindow, actions.advance_window)
