"""The head of the audit ledger, published and signed once a day.

A chain by itself shows neither a cut end nor a ledger written anew from the beginning. Whoever
keeps one of these heads can show both: the row it names must still be there, with this hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import Date, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from . import audit, calendar, clock, crypto
from .audit import AuditRow, AuditTail, Finding
from .db import Base, db
from .ledger import append_only

# longer than any transaction that took its time before midnight
SETTLED = timedelta(minutes=2)


class LedgerHead(Base):
    """The newest row written before a day ended in Shanghai, with the site's signature."""

    __tablename__ = "ledger_heads"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(String(128))


append_only(LedgerHead.__table__)  # type: ignore[arg-type]


def signed_text(day: date, seq: int, row_hash: str) -> bytes:
    """The bytes that a head's signature (Ed25519) is over."""
    return f"zjcs-head/1\n{day.isoformat()}\n{seq}\n{row_hash}\n".encode()


def publish_due(now: datetime) -> int:
    """Publish the heads of the days that have ended and have none; returns how many.

    Times never run backwards along the ledger, so a day missed is published as it was.
    """
    today = clock.local_day(now)
    if now < calendar.moment(today, time(0)) + SETTLED:
        today -= timedelta(days=1)
    day = db.session.scalar(select(func.max(LedgerHead.day)))
    if day is None:
        first = db.session.scalar(select(func.min(AuditRow.at)))
        if first is None:
            return 0
        day = clock.local_day(first) - timedelta(days=1)
    published = 0
    while (day := day + timedelta(days=1)) < today:
        db.session.add(_head(day, now))
        published += 1
    db.session.flush()
    return published


def _head(day: date, now: datetime) -> LedgerHead:
    ends = calendar.moment(day + timedelta(days=1), time(0))
    newest = select(AuditRow.seq, AuditRow.hash).where(AuditRow.at < ends)
    row = db.session.execute(newest.order_by(AuditRow.seq.desc()).limit(1)).one()
    return LedgerHead(
        day=day,
        seq=row.seq,
        hash=row.hash,
        published_at=now,
        signature=crypto.sign(signed_text(day, row.seq, row.hash)),
    )


def verify() -> Iterator[Finding]:
    """Every published head whose row is gone or another, and an end that is not the recorded one."""
    public_key = crypto.signing_public_key()
    named = select(AuditRow.seq, AuditRow.hash).where(AuditRow.seq.in_(select(LedgerHead.seq)))
    held = {row.seq: row.hash for row in db.session.execute(named)}
    for head in db.session.scalars(select(LedgerHead).order_by(LedgerHead.day)):
        text = signed_text(head.day, head.seq, head.hash)
        if not crypto.verify_signature(text, head.signature, public_key):
            yield Finding(head.seq, f"the head published for {head.day} is not signed by this site")
        if held.get(head.seq) != head.hash:
            yield Finding(head.seq, f"the row is not the head published for {head.day}")
    yield from verify_tail()


def verify_tail() -> Iterator[Finding]:
    """Rows cut off at the end, or added to it by hand."""
    seq, row_hash = audit.head()
    tail = db.session.get(AuditTail, 1)
    kept = tail.seq if tail else 0
    missing = "row {} is missing at the end"
    yield from audit.rows_named(seq + 1, kept, missing, "are missing at the end")
    added = "it stands after the recorded end"
    yield from audit.rows_named(kept + 1, seq, added, "stand after the recorded end")
    if tail is not None and kept == seq and tail.hash != row_hash:
        yield Finding(seq, "it is not the recorded end")
