"""Masked personal data shown in clear: on a reason, for sixty seconds, with an event, 50 a day.

Packages that hold personal data name it here (``subject``): the one endpoint then knows how to
find a value, whose it is and who may ask. Nobody may but who is let in by that function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g, has_request_context, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, or_, select

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Missing

from .masking import masked
from .models import Organisation, Reveal, User
from .overseeing import organisations_of
from .permissions import Permission
from .rules import REVEAL_LIFE, REVEALS_A_DAY
from .sessions import TooMany


@dataclass(frozen=True)
class Datum:
    """A personal value: what it is called, how it shows masked, whose organisation it is."""

    label: Any
    shown: str
    organisation_id: int


Find = Callable[[Actor, str, str], Datum]
_SUBJECTS: dict[str, Find] = {}


def subject(name: str, find: Find) -> None:
    """Name a kind of object: ``find(actor, public_id, field)`` returns its datum or raises
    Missing for who may not ask."""
    _SUBJECTS[name] = find


def datum(actor: Actor, name: str, public_id: str, field: str) -> Datum:
    """The value behind a mask, for who may ask; raises Missing."""
    find = _SUBJECTS.get(name)
    if find is None:
        raise Missing(name)
    return find(actor, public_id, field)


def reveal(
    name: str, public_id: str, field: str, reason: str, actor: Actor, now: datetime
) -> Reveal:
    """Open a value to this session for sixty seconds. Raises Missing, TooMany beyond 50 a day."""
    found = datum(actor, name, public_id, field)
    lock(db.session.get_one(User, actor.user_id))
    looked = db.session.scalar(
        select(func.count(Reveal.id)).where(
            Reveal.user_id == actor.user_id, Reveal.at > now - timedelta(days=1)
        )
    )
    if (looked or 0) >= REVEALS_A_DAY:
        raise TooMany(
            _("24 小时内最多查看 %(n)d 次个人信息", n=REVEALS_A_DAY), rule="reveal.throttled"
        )
    row = Reveal(
        user_id=actor.user_id,
        organisation_id=actor.organisation_id,
        session_id=actor.session_id or 0,
        subject=name,
        subject_id=public_id,
        field=field,
        data_organisation_id=found.organisation_id,
        reason=reason,
        at=now,
        until=now + REVEAL_LIFE,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("personal.revealed", actor, (name, public_id), now, field=field, reveal=row.id)
    return row


def log_for(actor: Actor, limit: int = 200) -> list[Reveal]:
    """Who looked at what, newest first: for whoever audits all that somebody of the own area
    looked at or was looked at of it, else what concerns the own organisation and what one looked
    at oneself."""
    concerned = [
        Reveal.data_organisation_id == actor.organisation_id,
        Reveal.user_id == actor.user_id,
    ]
    if actor.may(Permission.AUDIT_READ):
        here = organisations_of(actor)
        concerned += [Reveal.data_organisation_id.in_(here), Reveal.organisation_id.in_(here)]
    query = select(Reveal).where(or_(*concerned)).order_by(Reveal.id.desc()).limit(limit)
    return list(db.session.scalars(query))


# ---- on a page ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A value as a page shows it: in clear or masked, with the way to open it where allowed."""

    text: str
    is_open: bool = False
    url: str | None = None


def personal(
    value: str | None,
    kind: str,
    name: str,
    public_id: str,
    field: str,
    organisation: Organisation | None = None,
) -> Shown:
    """How a page shows a personal value: masked, unless it is the reader's own organisation's
    or was opened in this session less than sixty seconds ago. With the way to open it, for whom
    the subject lets in."""
    if not value:
        return Shown("")
    actor: Actor | None = getattr(current_user, "actor", None)
    if actor is None:
        return Shown(masked(value, kind))
    if organisation is not None and organisation.id == actor.organisation_id:
        return Shown(value, is_open=True)
    if (name, public_id, field) in _open_now(actor):
        return Shown(value, is_open=True)
    return Shown(masked(value, kind), url=_way_to_open(actor, name, public_id, field))


def _way_to_open(actor: Actor, name: str, public_id: str, field: str) -> str | None:
    allowed: dict[tuple[str, str, str], bool] = g.setdefault("_may_reveal", {})
    asked = (name, public_id, field)
    if asked not in allowed:
        try:
            datum(actor, *asked)
            allowed[asked] = True
        except Missing:
            allowed[asked] = False
    if not allowed[asked]:
        return None
    back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return url_for("accounts.reveal", name=name, public_id=public_id, field=field, next=back)


def _open_now(actor: Actor) -> set[tuple[str, str, str]]:
    """What is open to this session now; read once in a request."""
    if not has_request_context():
        return set()
    known: set[tuple[str, str, str]] | None = g.get("_reveals")
    if known is None:
        now = clock.now()
        rows = db.session.scalars(
            select(Reveal).where(
                Reveal.user_id == actor.user_id,
                Reveal.session_id == actor.session_id,
                Reveal.organisation_id == actor.organisation_id,
                Reveal.until > now,
            )
        ).all()
        known = {(row.subject, row.subject_id, row.field) for row in rows}
        g._reveals = known
        if rows:
            g._reveals_end = max(1, int((min(row.until for row in rows) - now).total_seconds()) + 1)
    return known
