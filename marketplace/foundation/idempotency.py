"""The same form sent twice has one effect and one answer.

A hidden key per form. Same key and same content: the first answer again. Same key, other
content: 422. The row is written in the transaction of the action, so a rollback frees the key
and, on PostgreSQL, a simultaneous twin waits for the first to end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from .db import Base, db


class IdempotencyKey(Base):
    """A key that was used, by whom, for what content, with what answer."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    content: Mapped[str] = mapped_column(String(64))
    location: Mapped[str | None] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Earlier:
    """The key was used before."""

    same_content: bool
    location: str | None


def claim(key: str, content: str, now: datetime) -> Earlier | None:
    """Take ``key`` for this transaction; returns what was done with it before, if anything."""
    insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else pg_insert
    inserted = db.session.execute(
        insert(IdempotencyKey)
        .values(key=key, content=content, at=now)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    ).first()
    if inserted is not None:
        return None
    row = db.session.execute(
        select(IdempotencyKey.content, IdempotencyKey.location).where(IdempotencyKey.key == key)
    ).one()
    return Earlier(same_content=row.content == content, location=row.location)


def remember(key: str, location: str | None) -> None:
    """Keep where the first answer led."""
    db.session.execute(
        update(IdempotencyKey).where(IdempotencyKey.key == key).values(location=location)
    )


def release(key: str) -> None:
    """Give a key back: the answer was a refusal, and the form may be sent again."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.key == key))
