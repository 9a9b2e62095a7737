"""What the clock does for accounts: mailed links made, authorities ended, old counters dropped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

from .agency import advance_authorisation
from .models import Authorisation, PasswordReset, SignInThrottle
from .renewing import issue_reset

COUNTERS_KEPT = timedelta(days=3)


def advance_due() -> int:
    """Everything that is due; returns how much was done."""
    return (
        tasks.sweep(PasswordReset, issue_reset)
        + tasks.sweep(Authorisation, advance_authorisation)
        + int(tasks.in_transaction(_drop_old_counters))
    )


def _drop_old_counters(_actor: Actor, now: datetime) -> int:
    """Forget counters nobody has touched for days."""
    old = SignInThrottle.last_at < now - COUNTERS_KEPT
    if db.session.scalar(select(SignInThrottle.key).where(old).limit(1)) is None:
        return 0
    dropped: Any = db.session.execute(delete(SignInThrottle).where(old))
    return int(dropped.rowcount)
