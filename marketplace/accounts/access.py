"""Who a request comes from: the session cookie read, checked, and touched."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Request, current_app
from flask_login import LoginManager, UserMixin
from sqlalchemy import select, update

from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db
from marketplace.foundation.web import later

from .models import OrganisationFunction, User, WebSession
from .queries import actor_for, real_now

TOUCH_EVERY = timedelta(minutes=1)
login_manager = LoginManager()


class SignedIn(UserMixin):
    """What flask-login holds: the person, the session, the actor."""

    def __init__(self, user: User, session: WebSession, actor: Actor) -> None:
        self.user = user
        self.session = session
        self.actor = actor

    def get_id(self) -> str:
        """The session is the identity; nothing is kept in a signed cookie."""
        return str(self.session.id)


def cookie_name() -> str:
    """``__Host-sid`` over https, ``sid`` in the plain-http profile on a loopback address."""
    return "__Host-sid" if current_app.config["SECURE_COOKIES"] else "sid"


@login_manager.request_loader
def load_signed_in(request: Request) -> SignedIn | None:
    """The live session of the request's cookie, or None."""
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
    if not actor.roles:
        return None
    if now - session.last_seen_at >= TOUCH_EVERY:
        session_id = session.id
        later(lambda _at: _touch(session_id, real_now()))
    return SignedIn(session.user, session, actor)


def _touch(session_id: int, now: datetime) -> None:
    db.session.execute(
        update(WebSession).where(WebSession.id == session_id).values(last_seen_at=now)
    )
