"""Running trials in the background: no lock is held while the ledger is read."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from marketplace.foundation import tasks
from marketplace.foundation.db import db

from . import actions, queries
from .running import compute

log = logging.getLogger(__name__)


def run_trials() -> int:
    """Run every trial that waits; returns how many."""
    ids: list[int] = tasks.in_transaction(lambda _actor, now: queries.due(now))
    return sum(_run(trial_id) for trial_id in ids)


def _run(trial_id: int) -> int:
    claim: actions.Claim | None = tasks.in_transaction(
        lambda actor, now: actions.claim(trial_id, actor, now)
    )
    if claim is None:
        return 0

    def progress(done: int, total: int) -> None:
        tasks.in_transaction(partial(_note, claim, done, total))

    try:
        outcome = compute(claim.given, progress)
    except Exception:
        log.exception("rating trial %s could not be computed", trial_id)
        db.session.rollback()
        tasks.in_transaction(lambda actor, now: actions.fail(claim, actor, now))
        return 1
    db.session.rollback()
    tasks.in_transaction(lambda actor, now: actions.finish(claim, outcome, actor, now))
    return 1


def _note(claim: actions.Claim, done: int, total: int, _actor: Any, now: Any) -> None:
    actions.note_progress(claim, done, total, now)
