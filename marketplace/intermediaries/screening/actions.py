"""Keeping a copy of what is sent."""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation.db import db

from ..models import Firm
from . import lines
from .models import ApplicationCopy


def keep_copy(firm: Firm, now: datetime) -> None:
    """Keep what an application says in this round, as the transaction that sends it sees it."""
    db.session.add(
        ApplicationCopy(
            firm_id=firm.id,
            application=firm.application,
            round=2 if firm.returned_at is not None else 1,
            at=now,
            lines=[list(line) for line in lines.of(firm)],
        )
    )
    db.session.flush()
