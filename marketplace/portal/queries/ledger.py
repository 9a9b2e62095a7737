"""The head of the audit ledger as the public sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from marketplace.foundation import calendar
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db


@dataclass(frozen=True)
class LedgerHead:
    """Sequence and hash of a row of the audit ledger, and when it was written."""

    seq: int
    hash: str
    at: datetime


def ledger_head_before(day: date) -> LedgerHead | None:
    """The newest row written before ``day`` began in Shanghai."""
    row = db.session.execute(
        select(AuditRow.seq, AuditRow.hash, AuditRow.at)
        .where(AuditRow.at < calendar.moment(day, time()))
        .order_by(AuditRow.seq.desc())
        .limit(1)
    ).first()
    return LedgerHead(row.seq, row.hash, row.at) if row else None
