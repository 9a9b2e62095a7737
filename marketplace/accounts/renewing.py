"""Passwords changed by their owner, or set anew by a mailed link used once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.foundation.languages import in_language
from marketplace.notifications.actions import send_letter

from .models import FormerPassword, OrganisationFunction, PasswordReset, User, WebSession
from .organising import check_password
from .passwords import HashedPassword, hashed, matches
from .queries import home_of, live_memberships, user_by_login
from .rules import (
    FORMER_PASSWORDS,
    RESET_LIFE,
    RESET_PAUSE,
    RESETS_A_DAY,
    ROTATION,
    ROTATION_OFFICIAL,
)
from .sessions import confirm_password, end_sessions, renew_session


def change_password(
    session: WebSession, current: str, new: str, address: str, actor: Actor, now: datetime
) -> str:
    """Set a new password after the present one; returns the token of the new session id.

    All comparisons run between transactions (see ``passwords``), so call it first of all. The
    person's other sessions end. Raises TooMany, Invalid naming the field.
    """
    try:
        confirm_password(session, current, address, now)
    except Invalid as error:
        raise Invalid(error.message, field="current", rule=error.rule) from error
    ready = prepare_password(session.user, new, field="password")
    user = lock(session.user)
    _store(user, ready, now)
    end_sessions(WebSession.user_id == user.id, WebSession.id != session.id)
    token = renew_session(session)
    audit.record("password.changed", actor, user, now)
    return token


def prepare_password(user: User, new: str, field: str) -> HashedPassword:
    """Check a new password against every rule, the last five included, and hash it.

    Ends the reading transaction before the comparisons. Raises Invalid naming ``field``.
    """
    places = [each.organisation for each in live_memberships(user.id)]
    function = next(
        (each.function for each in places if each.function is not OrganisationFunction.PARTY),
        OrganisationFunction.PARTY,
    )
    words = (user.login, user.name, *(each.name for each in places))
    check_password(new, function, words, field=field)
    former = db.session.scalars(
        select(FormerPassword.password_hash)
        .where(FormerPassword.user_id == user.id)
        .order_by(FormerPassword.id.desc())
        .limit(FORMER_PASSWORDS)
    ).all()
    former = [*former, user.password_hash]
    db.session.rollback()
    for each in dict.fromkeys(former):
        if matches(each, new):
            raise Invalid(
                _("不能使用最近 %(n)d 次用过的密码", n=FORMER_PASSWORDS),
                field=field,
                rule="password.former",
            )
    return hashed(new)


def _store(user: User, ready: HashedPassword, now: datetime) -> None:
    user.password_hash = ready.value
    user.password_changed_at = now
    db.session.add(FormerPassword(user_id=user.id, password_hash=ready.value, since=now))
    db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    db.session.flush()


# ---- a forgotten password -------------------------------------------------------------------


def renew_by(user: User) -> datetime:
    """When a password should be changed by: 90 days for officials, 180 for others (等保三级)."""
    official = any(
        each.organisation.function is not OrganisationFunction.PARTY
        for each in live_memberships(user.id)
    )
    return user.password_changed_at + (ROTATION_OFFICIAL if official else ROTATION)


def must_renew(user: User, now: datetime) -> bool:
    """Whether the password's time is over and a new one comes before anything else.

    Not in a demo: its visitors are signed in by one click and hold no password.
    """
    if not current_app.config["SECOND_FACTOR"] or current_app.config["IS_DEMO"]:
        return False
    return renew_by(user) <= now


def is_settled(changed_at: datetime, now: datetime) -> bool:
    """Whether a password changed then is within the shortest time any may be kept: nobody need
    be asked further."""
    return now - changed_at < min(ROTATION, ROTATION_OFFICIAL)


def ask_reset(login: str, now: datetime) -> None:
    """Note that somebody asked, known or not: the same work for every name."""
    db.session.add(PasswordReset(login=login.strip().lower()[:60], asked_at=now, next_check_at=now))
    db.session.flush()


def issue_reset(row: PasswordReset, actor: Actor, now: datetime) -> None:
    """The clock: mail a link where the name is an account's with an address; else do nothing.

    In the person's own language. At most five a day and one a minute for an account.
    """
    row.next_check_at = None
    user = user_by_login(row.login)
    if user is None or user.disabled_at is not None or not user.email or home_of(user) is None:
        return
    lock(user)
    issued = db.session.scalars(
        select(PasswordReset.asked_at).where(
            PasswordReset.user_id == user.id,
            PasswordReset.token_digest.is_not(None),
            PasswordReset.asked_at > now - timedelta(days=1),
        )
    ).all()
    if len(issued) >= RESETS_A_DAY or any(now - at < RESET_PAUSE for at in issued):
        return
    token = secrets.token_urlsafe(32)
    row.user_id = user.id
    row.token_digest = keyed_digest("reset", token)
    row.expires_at = now + RESET_LIFE
    db.session.flush()
    audit.record("password.reset_issued", actor, user, now)
    with in_language(user.language):
        subject = _("重新设置密码")
        body = _(
            "%(name)s：有人申请重新设置您的密码。链接 30 分钟内有效，只能使用一次。"
            "如非本人操作，不必理会，密码不变。",
            name=user.name,
        )
    send_letter(
        user.email,
        subject,
        body,
        f"/password-reset/{token}",
        f"reset:{row.id}",
        now,
        language=user.language,
    )


def reset_for(token: str, now: datetime) -> PasswordReset:
    """What a mailed link opens; Missing when it is unknown, used or over."""
    row = db.session.scalar(
        select(PasswordReset).where(PasswordReset.token_digest == keyed_digest("reset", token))
    )
    if row is None or row.used_at is not None or row.expires_at is None or now >= row.expires_at:
        raise Missing("reset")
    return row


def use_reset(token: str, new: str, now: datetime) -> None:
    """Set the password a mailed link allows, once. Every session ends; nobody is signed in.

    The second factor stays as it is. Raises Missing, Conflict, Invalid naming ``password``.
    """
    user = db.session.get_one(User, reset_for(token, now).user_id)
    ready = prepare_password(user, new, field="password")
    row = reset_for(token, now)
    used: Any = db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.id == row.id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:
        raise Conflict(_("该链接已经使用"), rule="reset.used")
    user = lock(db.session.get_one(User, row.user_id))
    if user.disabled_at is not None:
        raise Missing("reset")
    _store(user, ready, now)
    end_sessions(WebSession.user_id == user.id)
    audit.record("password.reset", Actor(user.id, ""), user, now)
