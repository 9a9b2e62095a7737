"""Lock first, then read the clock: who waited for somebody else decides after him, not before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.foundation import clock
from marketplace.foundation.db import db, lock


def locked(now: datetime, *rows: Any) -> datetime:
    """Lock the rows in the order given; returns the instant at which they are held.

    ``now`` is what the caller read before it may have waited. None among the rows is passed over.
    """
    for row in rows:
        if row is not None:
            lock(row)
    return max(now, clock.now())


def held(now: datetime, row: Any) -> datetime:
    """The same of a row that much else refers to (a firm, a place): who holds it comes one after
    another, who only refers to it goes on meanwhile."""
    db.session.flush()
    db.session.refresh(row, with_for_update={"key_share": True})
    return max(now, clock.now())
