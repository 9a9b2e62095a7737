"""Background work: deadlines are rows found by a scan, each advanced in its own transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from . import clock
from .actor import CLOCK, Actor
from .db import db
from .transactions import transaction

log = logging.getLogger(__name__)
M = TypeVar("M")
BATCH = 200


def sweep(model: type[M], advance: Callable[[M, Actor, datetime], Any], limit: int = BATCH) -> int:
    """Advance every ``model`` row whose ``next_check_at`` has come, oldest first.

    Each row in a transaction of its own, locked (SKIP LOCKED), re-checked after the lock, so
    that two workers, or the same task twice, have one effect. ``advance`` must move the row on
    or set a later ``next_check_at``. Returns how many rows were advanced; a row that fails is
    logged and left for the next scan.
    """
    column: Any = model.next_check_at  # type: ignore[attr-defined]
    with transaction():
        ids = db.session.scalars(
            select(model.id)  # type: ignore[attr-defined]
            .where(column <= clock.now())
            .order_by(column, model.id)  # type: ignore[attr-defined]
            .limit(limit)
        ).all()
    done = 0
    for row_id in ids:
        try:
            done += _advance_one(model, row_id, advance)
        except Exception:
            log.exception("%s %s could not be advanced", model.__name__, row_id)
    return done


def _advance_one(model: type[M], row_id: int, advance: Callable[[M, Actor, datetime], Any]) -> int:
    with transaction() as session:
        row: Any = session.scalars(
            select(model)
            .where(model.id == row_id)  # type: ignore[attr-defined]
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).first()
        now = clock.now()
        if row is None or row.next_check_at is None or row.next_check_at > now:
            return 0
        advance(row, CLOCK, now)
        session.flush()
        if row.next_check_at is not None and row.next_check_at <= now:
            raise RuntimeError(f"{model.__name__} {row_id} is still due after being advanced")
        return 1


def in_transaction(action: Callable[[Actor, datetime], Any]) -> Any:
    """Run one action of the clock as a transaction; for jobs that are not a scan of rows."""
    with transaction():
        return action(CLOCK, clock.now())
