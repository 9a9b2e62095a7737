"""Who a request comes from: the session cookie read, checked, and touched."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import Request, current_app, request
from flask_login import LoginManager, UserMixin
from sqlalchemy import Row, bindparam, select, update

from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db, fetch
from marketplace.foundation.web import later

from .factors import held_to, must_have_factor
from .models import Membership, Organisation, OrganisationFunction, User, WebSession
from .queries import actor_for, actor_of, scope_among

TOUCH_EVERY = timedelta(minutes=1)
login_manager = LoginManager()


# what a session may open whose second factor is still owed
AT_THE_DOOR = frozenset(
    {
        "accounts.enter_factor",
        "accounts.set_up_factor",
        "accounts.begin_factor",
        "accounts.factor_picture",
        "accounts.sign_out",
    }
)


class Owed(StrEnum):
    """What a session has to do before it counts."""

    ENTER = "enter"
    SET_UP = "set_up"


class SignedIn(UserMixin):
    """What flask-login holds: the person, the session, the actor."""

    def __init__(self, seen: Row[Any], actor: Actor) -> None:
        self._seen = seen
        self.actor = actor

    @property
    def user(self) -> User:
        """The person; read when a page asks, as most do not."""
        return db.session.get_one(User, self._seen.user_id)

    @property
    def session(self) -> WebSession:
        """The session; read when a page asks."""
        return db.session.get_one(WebSession, self._seen.session_id)

    @property
    def password_changed_at(self) -> datetime:
        """Since when the password is in use."""
        changed: datetime = self._seen.password_changed_at
        return changed

    def get_id(self) -> str:
        """The session is the identity; nothing is kept in a signed cookie."""
        return str(self._seen.session_id)


def owed_factor(session: WebSession, roles: frozenset[str]) -> Owed | None:
    """The second factor a session still owes: the code, or first of all setting it up."""
    return _owed(session.factor_at, session.user.factor_secret is not None, roles)


def _owed(factor_at: datetime | None, has_factor: bool, roles: frozenset[str]) -> Owed | None:
    if factor_at is not None or not current_app.config["SECOND_FACTOR"]:
        return None
    if has_factor:
        return Owed.ENTER
    return Owed.SET_UP if must_have_factor(roles) else None


def is_waiting() -> bool:
    """Whether this request comes with a session whose second factor is still owed."""
    found = _read_session(request)
    return found is not None and _owes(*found) is not None


def _owes(seen: Row[Any], actor: Actor) -> Owed | None:
    return _owed(seen.factor_at, seen.has_factor, held_to(actor))


def cookie_name() -> str:
    """``__Host-sid`` over https, ``sid`` in the plain-http profile on a loopback address."""
    return "__Host-sid" if current_app.config["SECURE_COOKIES"] else "sid"


@login_manager.request_loader
def load_signed_in(request: Request) -> SignedIn | None:
    """Who the request comes from; nobody while a second factor is owed, but at its own pages."""
    found = _read_session(request)
    if found is None:
        return None
    seen, actor = found
    if _owes(seen, actor) and request.endpoint not in AT_THE_DOOR:
        return None
    if clock.real_now() - seen.last_seen_at >= TOUCH_EVERY:
        session_id = seen.session_id
        later(lambda _at: _touch(session_id, clock.real_now()))
    return SignedIn(seen, actor)


# every signed-in request asks this: session, person, organisation, and a row for each role
_SEEN = (
    select(
        WebSession.id.label("session_id"),
        WebSession.user_id,
        WebSession.expires_at,
        WebSession.last_seen_at,
        WebSession.factor_at,
        User.name.label("person"),
        User.password_changed_at,
        User.factor_secret.is_not(None).label("has_factor"),
        Organisation.id,
        Organisation.name,
        Organisation.kind,
        Organisation.function,
        Organisation.jurisdiction_code,
        Membership.role,
        Membership.organisation_id.label("role_in"),
        Membership.authorisation_id,
        Membership.scope,
    )
    .join(User, User.id == WebSession.user_id)
    .join(Organisation, Organisation.id == WebSession.organisation_id)
    .join(Membership, Membership.user_id == WebSession.user_id)
    .where(
        WebSession.token_digest == bindparam("token_digest"),
        WebSession.ended_at.is_(None),
        User.disabled_at.is_(None),
        Membership.until.is_(None),
    )
    .order_by(Membership.id)
)


def _read_session(request: Request) -> tuple[Row[Any], Actor] | None:
    """The live session of the request's cookie with its actor, or None."""
    token = request.cookies.get(cookie_name())
    if not token or len(token) > 100 or not token.isascii():
        return None
    rows = fetch(_SEEN, token_digest=keyed_digest("session", token))
    if not rows:
        return None
    seen = rows[0]
    now = clock.real_now()
    idle = timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"])
    if seen.function is not OrganisationFunction.PARTY:
        idle = idle / 2
    if now >= seen.expires_at or now - seen.last_seen_at >= idle:
        return None
    if any(row.authorisation_id is not None for row in rows):
        # an agent's role holds no longer than the authority behind it
        user, place = (
            db.session.get_one(User, seen.user_id),
            db.session.get_one(Organisation, seen.id),
        )
        actor = actor_for(user, place, seen.session_id)
    else:
        actor = actor_of(
            (seen.user_id, seen.person),
            seen,
            (row.role for row in rows if row.role_in == seen.id),
            scope=scope_among(row for row in rows if row.role_in == seen.id),
            session_id=seen.session_id,
            elsewhere=any(row.role_in != seen.id for row in rows),
        )
    return (seen, actor) if actor.roles else None


def _touch(session_id: int, now: datetime) -> None:
    db.session.execute(
        update(WebSession).where(WebSession.id == session_id).values(last_seen_at=now)
    )
