"""The audit ledger: who did what to what, when; append-only, gapless, hash-chained.

Hashed rows hold ids, codes and digests only: personal values live elsewhere and can be erased.
Rows are gathered during the transaction and written as its last act under one lock, so the
sequence has neither holes nor forks and business locks are never waited for while holding it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, has_app_context
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Index,
    String,
    event,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import clock, epoch, savepoints
from .actor import Actor
from .crypto import digest
from .db import Base, db, fetch, put
from .ledger import append_only

GENESIS = "0" * 64
LOCK_KEY = 7_462_001
_PENDING = savepoints.gather("audit_pending")
_NOTES = "_audit_notes"


class AuditRow(Base):
    """One event. ``content_digest`` covers everything but the chain, ``hash`` the chain too."""

    __tablename__ = "audit_ledger"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(80))
    actor_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    roles: Mapped[str] = mapped_column(String(200))
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_digest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        Index("ix_audit_ledger_subject", "subject_type", "subject_id"),
        Index("ix_audit_ledger_action", "action"),
    )

    def content(self) -> dict[str, Any]:
        """What the digest is taken of."""
        return _content({name: getattr(self, name) for name in _CONTENT})


# column → its name in the content
_CONTENT = {
    "seq": "seq",
    "at": "at",
    "action": "action",
    "actor_id": "actor",
    "organisation_id": "organisation",
    "roles": "roles",
    "subject_type": "subject_type",
    "subject_id": "subject_id",
    "facts": "facts",
}


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[column] for column, name in _CONTENT.items()}


append_only(AuditRow.__table__)  # type: ignore[arg-type]
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_LAST = select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(literal_column("1"))
_INSERT = insert(AuditRow.__table__)  # type: ignore[arg-type]


class AuditTail(Base):
    """The newest row as its own transaction left it: rows cut off the end are missed."""

    __tablename__ = "audit_tail"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


_TAIL = text(
    "INSERT INTO audit_tail (id, seq, hash) VALUES (1, :seq, :hash) "
    "ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash"
)


@dataclass(frozen=True)
class Finding:
    """Something the verification of a ledger found wrong."""

    seq: int
    problem: str


def record(action: str, actor: Actor, subject: Any, now: datetime, **facts: Any) -> None:
    """Write one event into the running transaction.

    ``subject`` is a model instance (its table and key are taken) or a ``(type, id)`` pair.
    ``facts`` hold ids, codes, amounts and digests; never names, phones or identity numbers.
    ``now`` is when it happened; the row's own time is that of its recording, moments later.
    """
    if now.tzinfo is None:
        raise ValueError("an event needs an aware time")
    if actor.authorisation_id is not None:
        # who acted stands beside for whom: the person, the owner, and the authority between them
        facts = {"authorisation": actor.authorisation_id, **facts}
    db.session.info.setdefault(_PENDING, []).append((action, actor, subject, facts))


def note(action: str, actor: Actor | None, subject: tuple[str, Any], **facts: Any) -> None:
    """Note something that happened without a transaction of its own (a refusal, a look).

    Written after the response in a transaction of its own; outside a request, call ``record``.
    """
    if not has_app_context():
        raise RuntimeError("audit.note needs an application context")
    g.setdefault(_NOTES, []).append((action, actor or Actor(None, ""), subject, facts))


def take_notes() -> list[tuple[str, Actor, tuple[str, Any], dict[str, Any]]]:
    """The notes of this request, emptied; the web layer writes them."""
    return list(g.pop(_NOTES, []))


def _subject(subject: Any) -> tuple[str, str]:
    if isinstance(subject, tuple):
        return str(subject[0]), str(subject[1])
    return subject.__tablename__, str(subject.id)


@event.listens_for(db.session, "before_commit")
def _write_pending(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.get(_PENDING):
        return  # only as the last act: whoever holds the chain waits for nobody
    session.flush()
    pending = session.info.pop(_PENDING)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"key": LOCK_KEY})
        # the time of recording, read under the lock: times never run backwards along the chain
        epoch.forget_present()
    last = fetch(_LAST)
    seq, previous = last[0] if last else (0, GENESIS)
    at = clock.now()
    rows = []
    for action, actor, subject, facts in pending:
        seq += 1
        subject_type, subject_id = _subject(subject)
        row = {
            "seq": seq,
            "at": at,
            "action": action,
            "actor_id": actor.user_id,
            "organisation_id": actor.organisation_id,
            "roles": ",".join(sorted(actor.roles)),
            "subject_type": subject_type,
            "subject_id": subject_id,
            "facts": _json_facts(facts),
            "previous": previous,
        }
        row["content_digest"] = digest(_content(row))
        previous = row["hash"] = chain_hash(previous, row["content_digest"])
        rows.append(row)
    put(_INSERT, *rows)
    put(_TAIL, {"seq": seq, "hash": previous})


def _json_facts(facts: dict[str, Any]) -> dict[str, Any]:
    import json

    from .crypto import canonical_json

    return json.loads(canonical_json(facts))


def chain_hash(previous: str, content_digest: str) -> str:
    """Hash of a row: over the hash before it and its own content."""
    from .crypto import sha256_hex

    return sha256_hex(f"zjcs-audit/1\n{previous}\n{content_digest}\n".encode())


def head() -> tuple[int, str]:
    """Sequence and hash of the newest row (0 and zeros when there is none)."""
    last = db.session.execute(
        select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)
    ).first()
    return (last.seq, last.hash) if last else (0, GENESIS)


_SLICE = 1000


def verify(first: int = 1, last: int | None = None) -> Iterator[Finding]:
    """Recompute the chain from row ``first`` to row ``last`` (default: all of it).

    Yields every row that is missing, altered, out of order or not to be read. A range is linked
    to the hash stored in the row before it, and must reach to its end; where the whole ledger
    ends is ``heads.verify_tail``'s to say.
    """
    expected, last_at = first, None
    previous: str | None = GENESIS
    before = _read(first - 1) if first > 1 else None
    if before is not None:
        previous, last_at = before.hash, before.at
    if first == 1:
        stray = select(AuditRow.seq).where(AuditRow.seq < 1).order_by(AuditRow.seq)
        for seq in db.session.scalars(stray):
            yield Finding(seq, "it stands out of order")
    for seq, row in in_slices(first, last):
        yield from rows_named(expected, seq - 1, "row {} is missing", "are missing")
        expected = seq + 1
        if row is None:
            yield Finding(seq, "it cannot be read")
            previous = None
            continue
        if row.content_digest != digest(row.content()):
            yield Finding(seq, "the content does not match its digest")
        if previous is not None and row.previous != previous:
            yield Finding(seq, "the link to the row before is broken")
        if row.hash != chain_hash(row.previous, row.content_digest):
            yield Finding(seq, "the hash does not match")
        if last_at is not None and row.at < last_at:
            yield Finding(seq, "its time is before that of the row before")
        previous, last_at = row.hash, row.at
    if last is not None:
        yield from rows_named(expected, last, "row {} is missing", "are missing")


def rows_named(first: int, last: int, one: str, many: str) -> Iterator[Finding]:
    """One finding for a row, or for all of several that follow each other; none for none."""
    if first == last:
        yield Finding(first, one.format(first))
    elif first < last:
        yield Finding(first, f"rows {first} to {last} {many}")


def in_slices(
    first: int | None = 1, last: int | None = None
) -> Iterator[tuple[int, AuditRow | None]]:
    """The rows by number, some at a time: a page reads outside of a transaction, where
    PostgreSQL keeps no cursor. None for a row with a value that is none of its column's."""
    asked = select(AuditRow.seq).order_by(AuditRow.seq).limit(_SLICE)
    if last is not None:
        asked = asked.where(AuditRow.seq <= last)
    numbers = asked if first is None else asked.where(AuditRow.seq >= first)
    while slice_ := db.session.scalars(numbers).all():
        between = select(AuditRow).where(AuditRow.seq.between(slice_[0], slice_[-1]))
        try:
            rows = {row.seq: row for row in db.session.scalars(between)}
        except (ArithmeticError, TypeError, ValueError):
            rows = {seq: row for seq in slice_ if (row := _read(seq)) is not None}
        for seq in slice_:
            yield seq, rows.get(seq)
        numbers = asked.where(AuditRow.seq > slice_[-1])


def _read(seq: int) -> AuditRow | None:
    try:
        return db.session.get(AuditRow, seq)
    except (ArithmeticError, TypeError, ValueError):
        return None
