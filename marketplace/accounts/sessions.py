"""Signing in and out: sessions kept on the server, failures counted, answers all alike."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, DomainError, Invalid, Missing

from .models import Organisation, OrganisationFunction, SignInThrottle, User, WebSession
from .passwords import dummy_hash, matches
from .queries import home_of, live_roles, real_now, user_by_login
from .rules import (
    ADDRESS_FAILURES,
    ADDRESS_WINDOW,
    FAILURES_FORGOTTEN,
    wait_after,
)

SESSIONS_OF_OFFICIAL = 1
SESSIONS_OF_PARTY = 3
OFFICIAL_SESSION_HOURS = 8


class TooMany(DomainError):
    """Too many attempts from here or on this name; the same whether or not the name exists."""

    status = 429


def sign_in(login: str, password: str, address: str, agent: str, now: datetime) -> str:
    """Compare a password and open a session; returns its token.

    The reading transaction is ended before the slow comparison, so that no lock is held while
    hashing. Every failure has the same words and takes as long. Raises TooMany or Invalid; the
    caller counts an Invalid with ``count_failure`` after its answer.
    """
    login = login.strip().lower()
    if blocked_until(login, address, now) is not None:
        raise TooMany(_("尝试次数过多，请稍后再试"), rule="sign_in.throttled")
    user = user_by_login(login)
    home = home_of(user) if user is not None and user.disabled_at is None else None
    stored = user.password_hash if user is not None and home is not None else dummy_hash()
    db.session.rollback()
    right = matches(stored, password)
    user = user_by_login(login)
    home = home_of(user) if user is not None and user.disabled_at is None else None
    if not right or user is None or home is None or user.password_hash != stored:
        raise Invalid(_("登录名或密码不正确"), rule="sign_in.wrong")
    db.session.execute(delete(SignInThrottle).where(SignInThrottle.key == _account_key(login)))
    return begin_session(user, home, clock.now(), address, agent)


def confirm_password(session: WebSession, password: str, address: str, now: datetime) -> None:
    """Compare the password of who is signed in; TooMany or Invalid, which the caller counts.

    Ends the reading transaction before the slow comparison: call it first of all.
    """
    login, stored = session.user.login, session.user.password_hash
    if blocked_until(login, address, now) is not None:
        raise TooMany(_("尝试次数过多，请稍后再试"), rule="sign_in.throttled")
    db.session.rollback()
    right = matches(stored, password)
    if not right or session.user.password_hash != stored or session.ended_at is not None:
        raise Invalid(_("密码不正确"), field="password", rule="password.wrong")


def blocked_until(login: str, address: str, now: datetime) -> datetime | None:
    """Until when this name or this address has to wait, or None."""
    latest = db.session.scalars(
        select(SignInThrottle.blocked_until).where(
            SignInThrottle.key.in_([_account_key(login), _address_key(address)]),
            SignInThrottle.blocked_until > now,
        )
    ).all()
    return max((each for each in latest if each is not None), default=None)


def count_failure(login: str, address: str, now: datetime) -> None:
    """Count one wrong password, for the name and for the address, each in one statement."""
    login = login.strip().lower()
    by_account = count(_account_key(login), FAILURES_FORGOTTEN, now)
    by_address = count(_address_key(address), ADDRESS_WINDOW, now)
    _block(_account_key(login), now + wait_after(by_account), now)
    if by_address >= ADDRESS_FAILURES:
        _block(_address_key(address), now + ADDRESS_WINDOW, now)
    audit.record(
        "sign_in.failed",
        Actor(None, ""),
        ("sign_in", _account_key(login)[:32]),
        now,
        failures=by_account,
    )


def count(key: str, window: timedelta, now: datetime) -> int:
    """Add one to a counter that begins anew after ``window`` without a hit; returns its state."""
    insert = sqlite_insert if db.session.get_bind().dialect.name == "sqlite" else pg_insert
    fresh = SignInThrottle.last_at < now - window
    counted = db.session.execute(
        insert(SignInThrottle)
        .values(key=key, failures=1, last_at=now)
        .on_conflict_do_update(
            index_elements=[SignInThrottle.key],
            set_={
                "failures": case((fresh, 1), else_=SignInThrottle.failures + 1),
                "last_at": now,
            },
        )
        .returning(SignInThrottle.failures)
    ).scalar_one()
    return int(counted)


def refund(keys: list[str]) -> None:
    """Take one hit back from each counter: what was counted beforehand turned out right."""
    db.session.execute(
        update(SignInThrottle)
        .where(SignInThrottle.key.in_(keys), SignInThrottle.failures > 0)
        .values(failures=SignInThrottle.failures - 1)
    )


def _block(key: str, until: datetime, now: datetime) -> None:
    if until > now:
        db.session.execute(
            update(SignInThrottle).where(SignInThrottle.key == key).values(blocked_until=until)
        )


def _account_key(login: str) -> str:
    return keyed_digest("throttle", f"account:{login}")


def _address_key(address: str) -> str:
    return keyed_digest("throttle", f"address:{address}")


def begin_session(
    user: User,
    organisation: Organisation,
    now: datetime,
    address: str | None = None,
    agent: str | None = None,
    factor_passed: bool = False,
) -> str:
    """Open a session and return its token; only the token's digest is stored.

    Officials hold one session at a time, firms and owners three; the oldest gives way. While a
    second factor is owed only others that owe it give way: a stolen password alone must not throw
    the person out (``make_room`` follows the factor).
    """
    lock(user)
    started = real_now()
    owes = user.factor_secret is not None and not factor_passed
    if owes and current_app.config["SECOND_FACTOR"]:
        _end_oldest(
            SESSIONS_OF_PARTY - 1, WebSession.user_id == user.id, WebSession.factor_at.is_(None)
        )
    else:
        make_room(user.id, organisation, but=0)
    token = secrets.token_urlsafe(32)
    session = WebSession(
        token_digest=keyed_digest("session", token),
        user_id=user.id,
        organisation_id=organisation.id,
        created_at=started,
        last_seen_at=started,
        expires_at=started + _longest(organisation),
        factor_at=started if factor_passed else None,
        confirmed_at=started if factor_passed else None,
        address=(address or "")[:60] or None,
        agent=(agent or "")[:200] or None,
    )
    db.session.add(session)
    db.session.flush()
    actor = Actor(user_id=user.id, name=user.name, organisation_id=organisation.id)
    audit.record("session.begun", actor, session, now)
    return token


def _kept(organisation: Organisation) -> int:
    official = organisation.function is not OrganisationFunction.PARTY
    return SESSIONS_OF_OFFICIAL if official else SESSIONS_OF_PARTY


def _longest(organisation: Organisation) -> timedelta:
    official = organisation.function is not OrganisationFunction.PARTY
    return timedelta(
        hours=OFFICIAL_SESSION_HOURS if official else current_app.config["SESSION_HOURS"]
    )


def make_room(user_id: int, organisation: Organisation, but: int) -> None:
    """End a person's oldest sessions, so that one (``but``, when it is there) more has room."""
    _end_oldest(_kept(organisation) - 1, WebSession.user_id == user_id, WebSession.id != but)


def _end_oldest(keep: int, *which: Any) -> None:
    """End the oldest live sessions beyond the newest ``keep`` of those that meet the conditions."""
    crowded = db.session.scalars(
        select(WebSession.id)
        .where(WebSession.ended_at.is_(None), *which)
        .order_by(WebSession.id.desc())
        .offset(keep)
    ).all()
    if crowded:
        end_sessions(WebSession.id.in_(crowded))


def renew_session(session: WebSession, **changes: Any) -> str:
    """Give a live session a new id and change it; the old cookie is worth nothing from now on.

    Its absolute end stays. Raises Conflict when it was ended or renewed meanwhile.
    """
    token = secrets.token_urlsafe(32)
    renewed: Any = db.session.execute(
        update(WebSession)
        .where(
            WebSession.id == session.id,
            WebSession.token_digest == session.token_digest,
            WebSession.ended_at.is_(None),
        )
        .values(token_digest=keyed_digest("session", token), **changes)
        .execution_options(synchronize_session=False)
    )
    if renewed.rowcount != 1:
        raise Conflict(_("登录状态已变化，请重新登录"), rule="session.changed")
    db.session.expire(session)
    return token


def switch_organisation(
    session: WebSession, organisation: Organisation, actor: Actor, now: datetime
) -> str:
    """Act in another organisation one has a role in; returns the token of the new session id.

    What was confirmed in the first does not count in the second. Raises Missing.
    """
    lock(session.user)
    if not live_roles(session.user_id, organisation.id):
        raise Missing(organisation.public_id)
    make_room(session.user_id, organisation, but=session.id)
    token = renew_session(
        session,
        organisation_id=organisation.id,
        confirmed_at=None,
        factor_offer=None,
        expires_at=min(session.expires_at, real_now() + _longest(organisation)),
    )
    audit.record("session.switched", actor, session, now, organisation=organisation.id)
    return token


def end_own_session(public_id: str, session: WebSession, actor: Actor, now: datetime) -> None:
    """End one of one's own sessions; Missing for anybody else's."""
    found = db.session.scalar(
        select(WebSession).where(
            WebSession.public_id == public_id,
            WebSession.user_id == session.user_id,
            WebSession.ended_at.is_(None),
        )
    )
    if found is None:
        raise Missing(public_id)
    sign_out(found, actor, now)


def end_other_sessions(session: WebSession, actor: Actor, now: datetime) -> None:
    """End all of a person's sessions but this one."""
    end_sessions(WebSession.user_id == session.user_id, WebSession.id != session.id)
    audit.record("session.others_ended", actor, session, now)


def sign_out(session: WebSession, actor: Actor, now: datetime) -> None:
    """End the session on the server, so that its cookie is worth nothing any more."""
    end_sessions(WebSession.id == session.id)
    audit.record("session.ended", actor, session, now)


def end_sessions(*which: Any) -> None:
    """End the live sessions that meet the conditions."""
    db.session.execute(
        update(WebSession)
        .where(WebSession.ended_at.is_(None), *which)
        .values(ended_at=real_now())
        .execution_options(synchronize_session=False)
    )
