"""Who a request comes from: the session cookie read, checked, and touched."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from flask import Request, current_app, request
from flask_login import LoginManager, UserMixin
from sqlalchemy import select, update

from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db
from marketplace.foundation.web import later

from .factors import must_have_factor
from .models import OrganisationFunction, User, WebSession
from .queries import actor_for, real_now

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

    def __init__(self, user: User, session: WebSession, actor: Actor) -> None:
        self.user = user
        self.session = session
        self.actor = actor

    def get_id(self) -> str:
        """The session is the identity; nothing is kept in a signed cookie."""
        return str(self.session.id)


def owed_factor(session: WebSession, roles: frozenset[str]) -> Owed | None:
    """The second factor a session still owes: the code, or first of all setting it up."""
    if session.factor_at is not None or not current_app.config["SECOND_FACTOR"]:
        return None
    if session.user.factor_secret is not None:
        return Owed.ENTER
    return Owed.SET_UP if must_have_factor(roles) else None


def waiting_session() -> WebSession | None:
    """The session of this request when its second factor is still owed."""
    found = _read_session(request)
    return found[0] if found is not None and owed_factor(found[0], found[1].roles) else None


def cookie_name() -> str:
    """``__Host-sid`` over https, ``sid`` in the plain-http profile on a loopback address."""
    return "__Host-sid" if current_app.config["SECURE_COOKIES"] else "sid"


@login_manager.request_loader
def load_signed_in(request: Request) -> SignedIn | None:
    """Who the request comes from; nobody while a second factor is owed, but at its own pages."""
    found = _read_session(request)
    if found is None:
        return None
    session, actor = found
    if owed_factor(session, actor.roles) and request.endpoint not in AT_THE_DOOR:
        return None
    now = real_now()
    if now - session.last_seen_at >= TOUCH_EVERY:
        session_id = session.id
        later(lambda _at: _touch(session_id, real_now()))
    return SignedIn(session.user, session, actor)


def _read_session(request: Request) -> tuple[WebSession, Actor] | None:
    """The live session of the request's cookie with its actor, or None."""
    token = request.cookies.get(cookie_name())
    if not token or len(token) > 100 or not token.isascii():
        return None
    session = db.session.scalar(
        select(WebSession).where(WebSession.token_digest == keyed_digest("session", token))
    )
    if session is None or session.ended_at is not None:
        return None
    now = real_now()
    idle = timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"])
    if session.organisation.function is not OrganisationFunction.PARTY:
        idle = idle / 2
    if now >= session.expires_at or now - session.last_seen_at >= idle:
        return None
    if session.user.disabled_at is not None:
        return None
    actor = actor_for(session.user, session.organisation, session.id)
    return (session, actor) if actor.roles else None


def _touch(session_id: int, now: datetime) -> None:
    db.session.execute(
        update(WebSession).where(WebSession.id == session_id).values(last_seen_at=now)
    )
