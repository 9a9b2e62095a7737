"""The head of the audit ledger, published and signed once a day.

A chain by itself shows neither a cut end nor a ledger written anew from the beginning. Whoever
keeps one of these heads can show both: the row it names must still be there, with this hash.
We keep the newest ourselves, beside the signing key: nothing is signed on a ledger without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import Date, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from . import audit, calendar, clock, crypto
from .audit import AuditRow, AuditTail, Finding
from .db import Base, db, fetch, lock
from .ledger import append_only

# longer than any transaction that took its time before midnight
SETTLED = timedelta(minutes=2)
# how long after its day's end a head may come
LATE = timedelta(days=2)
# the newest head, in a file beside the signing key
KEPT = "last-head"


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


class HeadRefused(RuntimeError):
    """The ledger, or the table of heads, no longer holds a head that was published."""


_NEWEST_DAY = select(func.max(LedgerHead.day))


def days_due(now: datetime) -> list[date]:
    """The days that have ended and have no head yet, the earliest first."""
    today = clock.local_day(now)
    if now < calendar.moment(today, time(0)) + SETTLED:
        today -= timedelta(days=1)
    newest = fetch(_NEWEST_DAY)[0][0]
    begin = _first_day() if newest is None else newest + timedelta(days=1)
    if begin is None:
        return []
    return [begin + timedelta(days=more) for more in range((today - begin).days)]


def _first_day() -> date | None:
    oldest = db.session.scalar(select(AuditRow.at).order_by(AuditRow.seq).limit(1))
    return None if oldest is None else clock.local_day(oldest)


def publish(day: date, now: datetime) -> bool:
    """Publish the head of the first day that has none; False where it is not that day's turn.

    Times never run backwards along the ledger, so a day missed is published as it was. What was
    published before must stand, or nothing is signed: every head in the table must be the row it
    names, and the head kept beside the signing key must be in the table. Raises HeadRefused.
    """
    tail = db.session.get(AuditTail, 1)
    if tail is not None:
        lock(tail)  # two workers publish one after the other
    before = newest()
    if day != (before.day + timedelta(days=1) if before else _first_day()):
        return False
    for finding in (*_rows_gone(), *_kept_gone()):
        raise HeadRefused(f"row {finding.seq}: {finding.problem}")
    seq, row_hash = (before.seq, before.hash) if before else (0, audit.GENESIS)
    ends = calendar.moment(day + timedelta(days=1), time(0))
    # on from the head before, by the key: no more rows are looked at than this day has
    rows = select(AuditRow.seq, AuditRow.hash).where(AuditRow.seq > seq)
    first_later = db.session.scalar(
        select(AuditRow.seq)
        .where(AuditRow.seq > seq, AuditRow.at >= ends)
        .order_by(AuditRow.seq)
        .limit(1)
    )
    if first_later is not None:
        rows = rows.where(AuditRow.seq < first_later)
    row = db.session.execute(rows.order_by(AuditRow.seq.desc()).limit(1)).first()
    if row is not None:
        seq, row_hash = row.seq, row.hash
    signature = crypto.sign(signed_text(day, seq, row_hash))
    db.session.add(
        LedgerHead(day=day, seq=seq, hash=row_hash, published_at=now, signature=signature)
    )
    db.session.flush()
    return True


def newest() -> LedgerHead | None:
    """The head published last."""
    return db.session.scalar(select(LedgerHead).order_by(LedgerHead.day.desc()).limit(1))


def keep_newest() -> None:
    """Keep the newest head in a file beside the signing key, where the database cannot reach it.

    To be called when what was published has lasted.
    """
    head = newest()
    if head is not None:
        crypto.keep_note(KEPT, f"{head.day.isoformat()}:{head.seq}:{head.hash}")


def forget_kept() -> None:
    """Forget the head kept beside the signing key: a new ledger begins here."""
    crypto.keep_note(KEPT, None)


def verify() -> Iterator[Finding]:
    """Published heads that do not stand, days without one, an end that is not the recorded one."""
    public_key = crypto.signing_public_key()
    missed, newest = _first_day(), 0
    for head in db.session.scalars(select(LedgerHead).order_by(LedgerHead.day)):
        text = signed_text(head.day, head.seq, head.hash)
        if not crypto.verify_signature(text, head.signature, public_key):
            yield Finding(head.seq, f"the head published for {head.day} is not signed by this site")
        if missed is not None and missed < head.day:
            yield Finding(head.seq, f"no head is published from {missed} on before {head.day}")
        missed, newest = head.day + timedelta(days=1), head.seq
    now = clock.now()
    overdue = [day for day in days_due(now) if _ended(day) + LATE < now]
    if overdue:
        yield Finding(newest, f"no head is published for {overdue[0]} and later")
    yield from _rows_gone()
    yield from _kept_gone()
    yield from verify_tail()


def late() -> list[LedgerHead]:
    """Heads published long after their day: until then nothing held the ledger of that day."""
    heads = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day))
    return [head for head in heads if head.published_at > _ended(head.day) + LATE]


def _ended(day: date) -> datetime:
    return calendar.moment(day + timedelta(days=1), time(0))


def _rows_gone() -> Iterator[Finding]:
    """Published heads whose row is gone or another."""
    named = (
        select(LedgerHead.day, LedgerHead.seq)
        .outerjoin(AuditRow, AuditRow.seq == LedgerHead.seq)
        .where(LedgerHead.hash != func.coalesce(AuditRow.hash, audit.GENESIS))
        .order_by(LedgerHead.day)
    )
    for day, seq in db.session.execute(named):
        yield Finding(seq, f"the row is not the head published for {day}")


def _kept_gone() -> Iterator[Finding]:
    """The head kept beside the signing key, where the table does not hold it."""
    kept = crypto.kept_note(KEPT)
    if kept is None:
        return
    try:
        day, seq, row_hash = kept.split(":")
        head = db.session.get(LedgerHead, date.fromisoformat(day))
        number = int(seq)
    except ValueError:
        yield Finding(0, f"the file {KEPT} beside the signing key cannot be read")
        return
    if head is None or (head.seq, head.hash) != (number, row_hash):
        yield Finding(number, f"the head kept beside the signing key for {day} is not in the table")


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
