"""The one place that changes a status: checks the move, keeps history, sets the next check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import Index, String, insert
from sqlalchemy.orm import Mapped, mapped_column

from . import audit
from .actor import Actor
from .db import Model, db, put
from .errors import Conflict
from .ledger import append_only
from .storing import store


class Status(StrEnum):
    """Base of status enums. Members are declared as ``value, title, tone``.

    ``title`` is a lazy string, ``tone`` one of neutral, info, good, warn, bad, ended.
    """

    title: Any
    tone: str

    def __new__(cls, value: str, title: Any = "", tone: str = "neutral") -> Status:
        member = str.__new__(cls, value)
        member._value_ = value
        member.title = title or value
        member.tone = tone
        return member


class LifecycleMixin:
    """Columns of everything that has a status. The class adds ``status`` and ``MOVES``."""

    MOVES: ClassVar[Mapping[Any, frozenset[Any]]]

    status_since: Mapped[datetime]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)


class StatusChange(Model):
    """History of every status, append-only."""

    __tablename__ = "status_changes"
    __table_args__ = (
        Index("ix_status_changes_subject", "subject_type", "subject_id", "id"),
        Index("ix_status_changes_reached", "subject_type", "to_status", "at", "subject_id"),
    )

    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    from_status: Mapped[str | None] = mapped_column(String(40))
    to_status: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(2000))


append_only(StatusChange.__table__)  # type: ignore[arg-type]
_CHANGED = insert(StatusChange.__table__)  # type: ignore[arg-type]


def begin(
    subject: Any, status: Any, actor: Actor, now: datetime, check_at: datetime | None = None
) -> None:
    """Give a new object its first status, add it to the session, write history and audit."""
    subject.status = status
    subject.status_since = now
    subject.next_check_at = check_at
    store(subject)
    _write_history(subject, None, status, actor, now, None)
    audit.record(f"{subject.__tablename__}.{status}", actor, subject, now)


def begin_all(
    subjects: Sequence[Any],
    status: Any,
    actor: Actor,
    now: datetime,
    check_at: datetime | None = None,
    reason: str | None = None,
    **facts: Any,
) -> None:
    """``begin`` for many new objects of one class at once, which a crowd is written by."""
    for subject in subjects:
        subject.status = status
        subject.status_since = now
        subject.next_check_at = check_at
    db.session.add_all(subjects)
    db.session.flush()
    if subjects:
        put(_CHANGED, *(_step(each, None, status, actor, now, reason) for each in subjects))
    for subject in subjects:
        audit.record(f"{subject.__tablename__}.{status}", actor, subject, now, **facts)


def move(
    subject: Any,
    to: Any,
    actor: Actor,
    now: datetime,
    *,
    reason: str | None = None,
    check_at: datetime | None = None,
    **facts: Any,
) -> None:
    """Move ``subject`` to status ``to``.

    ``check_at`` is when the clock must look at it again (None: never). Raises Conflict when the
    table of moves does not allow it from where the object stands.
    """
    before = subject.status
    if not can_move(subject, to):
        raise Conflict(
            _(
                "当前状态为“%(now)s”，不能变更为“%(to)s”，请刷新页面后按最新状态办理",
                now=before.title,
                to=to.title,
            ),
            rule="lifecycle",
        )
    subject.status = to
    subject.status_since = now
    subject.next_check_at = check_at
    db.session.flush()
    _write_history(subject, before, to, actor, now, reason)
    audit.record(f"{subject.__tablename__}.{to}", actor, subject, now, before=str(before), **facts)


def can_move(subject: Any, to: Any) -> bool:
    """Whether the table of moves allows ``to`` from the present status."""
    return to in subject.MOVES.get(subject.status, frozenset())


def _write_history(
    subject: Any, before: Any, to: Any, actor: Actor, now: datetime, reason: str | None
) -> None:
    put(_CHANGED, _step(subject, before, to, actor, now, reason))


def _step(
    subject: Any, before: Any, to: Any, actor: Actor, now: datetime, reason: str | None
) -> dict[str, Any]:
    return {
        "subject_type": subject.__tablename__,
        "subject_id": subject.id,
        "from_status": None if before is None else str(before),
        "to_status": str(to),
        "at": now,
        "actor_id": actor.user_id,
        "organisation_id": actor.organisation_id,
        "reason": reason,
    }
