"""The same form sent twice has one effect and one answer.

A hidden key per form. Same key and same content: the first answer again. Same key, other
content: 422. The row is written in the transaction of the action, so a rollback frees the key
and, on PostgreSQL, a simultaneous twin waits for the first to end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, mapped_column

from .db import Base, db, fetch, put


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


_VALUES: dict[str, Any] = {name: bindparam(name) for name in ("key", "content", "at")}
_CLAIM = {
    dialect: insert(IdempotencyKey)
    .values(_VALUES)
    .on_conflict_do_nothing()
    .returning(IdempotencyKey.key)
    for dialect, insert in (("sqlite", sqlite_insert), ("postgresql", pg_insert))
}
_USED = select(IdempotencyKey.content, IdempotencyKey.location).where(
    IdempotencyKey.key == bindparam("used")
)
_REMEMBER = (
    update(IdempotencyKey)
    .where(IdempotencyKey.key == bindparam("used"))
    .values(location=bindparam("led_to"))
)


def claim(key: str, content: str, now: datetime) -> Earlier | None:
    """Take ``key`` for this transaction; returns what was done with it before, if anything."""
    insert = _CLAIM[db.session.connection().dialect.name]
    if put(insert, {"key": key, "content": content, "at": now}):
        return None
    (row,) = fetch(_USED, used=key)
    return Earlier(same_content=row.content == content, location=row.location)


def remember(key: str, location: str | None) -> None:
    """Keep where the first answer led."""
    put(_REMEMBER, {"used": key, "led_to": location})


def release(key: str) -> None:
    """Give a key back: the answer was a refusal, and the form may be sent again."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.key == key))
