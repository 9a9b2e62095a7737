"""The head of the audit ledger as the public sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import current_app
from sqlalchemy import select

from marketplace.foundation import calendar, clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db

# longer than any transaction that took its time before midnight
_SETTLED = timedelta(minutes=2)


@dataclass(frozen=True)
class LedgerHead:
    """Sequence and hash of a row of the audit ledger, and when it was written."""

    seq: int
    hash: str
    at: datetime


_kept: dict[str, tuple[date, LedgerHead]] = {}


def ledger_head_before(day: date) -> LedgerHead | None:
    """The newest row written before ``day`` began in Shanghai."""
    # times never run backwards along the ledger: what a day began with stays as it is
    database = current_app.config["SQLALCHEMY_DATABASE_URI"]
    known = _kept.get(database)
    if known is not None and known[0] == day:
        return known[1]
    row = db.session.execute(
        select(AuditRow.seq, AuditRow.hash, AuditRow.at)
        .where(AuditRow.at < calendar.moment(day, time()))
        .order_by(AuditRow.seq.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    head = LedgerHead(row.seq, row.hash, row.at)
    if clock.now() > calendar.moment(day, time()) + _SETTLED:
        _kept[database] = (day, head)
    return head
