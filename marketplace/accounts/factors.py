"""The second factor: a code of the moment from the person's own device, or a recovery code.

(RELIABILITY section 13.1; RFC 6238.) Times here are real ones: a device knows no demo clock.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import pyotp
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, or_, select, update

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest, protect, same, unprotect
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.finding import by_public_id

from .models import FactorReset, OrganisationFunction, RecoveryCode, User, WebSession
from .permissions import SECOND_FACTOR, Permission, Role
from .queries import live_memberships, real_now
from .rules import FACTOR_LIMITS, RECOVERY_CODES, STEP_SECONDS
from .sessions import TooMany, count, end_sessions, make_room, refund, renew_session

_ALPHABET = "23456789bcdfghjkmnpqrstvwxyz"


def must_have_factor(roles: frozenset[str]) -> bool:
    """Whether one of these roles asks for a second factor here."""
    return bool(current_app.config["SECOND_FACTOR"]) and any(
        role.value in roles for role in SECOND_FACTOR
    )


def held_to(actor: Actor) -> frozenset[str]:
    """The roles by which a second factor is asked for: whoever keeps a firm's file under a written
    authority is held to what its administrator is."""
    if actor.may(Permission.FIRM_FILE):
        return actor.roles | {Role.FIRM_ADMIN.value}
    return actor.roles


def offer_factor(session: WebSession) -> None:
    """Make a new key to be set up in this session; nothing counts until its first code."""
    session.factor_offer = protect(f"factor:{session.user_id}", pyotp.random_base32())
    db.session.flush()


def offered_key(session: WebSession) -> str | None:
    """The key being set up in this session, in the letters a person can type."""
    if session.factor_offer is None:
        return None
    return unprotect(f"factor:{session.user_id}", session.factor_offer)


def offered_address(session: WebSession, issuer: str) -> str | None:
    """What the picture carries: ``otpauth://totp/…``."""
    key = offered_key(session)
    if key is None:
        return None
    return pyotp.TOTP(key).provisioning_uri(name=session.user.login, issuer_name=issuer)


def confirm_factor(
    session: WebSession, code: str, actor: Actor, now: datetime
) -> tuple[str, list[str]]:
    """Set the factor up with its first code; returns (new session token, ten recovery codes).

    Every other session of the person ends. Raises Invalid, TooMany; Conflict with nothing offered.
    """
    user = lock(session.user)
    key = offered_key(session)
    if key is None:
        raise Conflict(_("请先开始设置二次验证"), rule="factor.none")
    spent = _count_attempt(user)
    step = _matching_step(key, _clean(code))
    if step is None:
        raise Invalid(
            _("验证码不正确，请核对手机时间后重新输入"), field="code", rule="factor.wrong"
        )
    refund(spent)
    at = real_now()
    user.factor_secret = session.factor_offer
    user.factor_since = at
    user.factor_step = step
    db.session.flush()
    codes = _new_recovery_codes(user, now)
    end_sessions(WebSession.user_id == user.id, WebSession.id != session.id)
    token = renew_session(session, factor_at=at, confirmed_at=at, factor_offer=None)
    audit.record("factor.set", actor, user, now)
    return token, codes


def pass_factor(session: WebSession, code: str, actor: Actor, now: datetime) -> str:
    """The second step of signing in, or a confirmation: returns the token of a new session id.

    Raises Invalid or TooMany; the caller commits either way, since the guess is counted.
    """
    user = lock(session.user)
    kind = use_code(user, code)
    at = real_now()
    if session.factor_at is None:
        make_room(user.id, session.organisation, but=session.id)
    token = renew_session(session, factor_at=at, confirmed_at=at)
    audit.record("factor.passed", actor, session, now, by=kind)
    return token


def use_code(user: User, code: str) -> str:
    """Use up a code of the device or a recovery code; returns which kind it was.

    Counted before it is compared, in one statement each, so that guesses made at the same moment
    cannot slip past each other; a right one is not counted.
    """
    if user.factor_secret is None:
        raise Conflict(_("尚未设置二次验证"), rule="factor.none")
    spent = _count_attempt(user)
    given = _clean(code)
    if _use_step(user, given):
        refund(spent)
        return "totp"
    if _use_recovery(user, given):
        refund(spent)
        return "recovery"
    audit.note("factor.failed", Actor(user.id, user.name), ("users", user.id))
    raise Invalid(_("验证码不正确或已使用过"), field="code", rule="factor.wrong")


def renew_recovery_codes(user: User, actor: Actor, now: datetime) -> list[str]:
    """Ten new recovery codes; the old ones stop working. Shown once, only digests are kept."""
    lock(user)
    if user.factor_secret is None:
        raise Conflict(_("尚未设置二次验证"), rule="factor.none")
    codes = _new_recovery_codes(user, now)
    audit.record("factor.codes_renewed", actor, user, now)
    return codes


def recovery_codes_left(user: User) -> int:
    """How many recovery codes are unused."""
    return len(
        db.session.scalars(
            select(RecoveryCode.id).where(
                RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None)
            )
        ).all()
    )


def drop_factor(user: User, actor: Actor, now: datetime) -> None:
    """Give up one's own factor where no role asks for it."""
    lock(user)
    roles = {membership.role.value for membership in live_memberships(user.id)}
    if must_have_factor(frozenset(roles)):
        raise Refused(_("您的角色须使用二次验证，不能关闭"), rule="factor.obligatory")
    _take_off(user)
    audit.record("factor.dropped", actor, user, now)


# ---- a lost factor: two administrators ------------------------------------------------------


def propose_factor_reset(user: User, reason: str, actor: Actor, now: datetime) -> FactorReset:
    """Propose taking a lost factor off an account; another person approves. Raises Missing."""
    if not may_reset_factor(actor, user, Permission.USER_PROPOSE):
        raise Missing(user.public_id)
    if user.id == actor.user_id:
        raise Refused(_("不能为自己提议重置"), rule="two_people")
    lock(user)
    if user.factor_secret is None:
        raise Invalid(_("该账号没有设置二次验证"), field="login", rule="factor.none")
    waiting = select(FactorReset.id).where(
        FactorReset.user_id == user.id,
        FactorReset.approved_at.is_(None),
        FactorReset.withdrawn_at.is_(None),
    )
    if db.session.scalar(waiting) is not None:
        raise Conflict(_("该账号已有待批准的重置"), field="login", rule="factor.reset")
    row = FactorReset(user_id=user.id, reason=reason, proposed_by=actor.user_id, proposed_at=now)
    db.session.add(row)
    db.session.flush()
    audit.record("factor.reset_proposed", actor, user, now)
    return row


def approve_factor_reset(row: FactorReset, actor: Actor, now: datetime) -> None:
    """Approve: the factor, its codes and every session of the person end at once (I22a)."""
    if not may_reset_factor(actor, row.user, Permission.USER_APPROVE):
        raise Missing(row.public_id)
    lock(row)
    if row.approved_at is not None or row.withdrawn_at is not None:
        raise Conflict(_("该重置已经办理"), rule="factor.reset_done")
    if actor.user_id in (row.proposed_by, row.user_id):
        raise Refused(_("提议人和本人不能批准重置"), rule="two_people")
    row.approved_by = actor.user_id
    row.approved_at = now
    _take_off(lock(row.user))
    end_sessions(WebSession.user_id == row.user_id)
    audit.record("factor.reset", actor, row.user, now, proposed_by=row.proposed_by)


def may_reset_factor(actor: Actor, user: User, permission: Permission) -> bool:
    """Whose factor an administrator may take off: anybody's of the own area but the superior's.

    Two supervisors do it for their own office, which no administrator of a bureau may touch.
    """
    from .queries import below

    places = [membership.organisation for membership in live_memberships(user.id)]
    superior = [each for each in places if each.function is OrganisationFunction.SUPERIOR]
    if superior:
        return Role.SUPERVISOR.value in actor.roles and any(
            each.id == actor.organisation_id for each in superior
        )
    if not actor.may(permission) or not places:
        return False
    area = set(below(actor.jurisdiction or ""))
    return all(each.jurisdiction_code in area for each in places)


def keeps_factors(actor: Actor) -> bool:
    """Whether lost factors are this person's business at all."""
    return (
        actor.may(Permission.USER_PROPOSE)
        or actor.may(Permission.USER_APPROVE)
        or Role.SUPERVISOR.value in actor.roles
    )


def may_propose_resets(actor: Actor) -> bool:
    """Whether this person may propose a reset for anybody."""
    return actor.may(Permission.USER_PROPOSE) or Role.SUPERVISOR.value in actor.roles


def factor_resets_for(actor: Actor) -> list[tuple[FactorReset, bool]]:
    """Proposed resets nobody has approved that concern this person, oldest first, each with
    whether this person may approve it."""
    waiting = db.session.scalars(
        select(FactorReset)
        .where(FactorReset.approved_at.is_(None), FactorReset.withdrawn_at.is_(None))
        .order_by(FactorReset.id)
        .limit(200)
    ).all()
    rows = []
    for row in waiting:
        approves = may_reset_factor(actor, row.user, Permission.USER_APPROVE)
        if approves or may_reset_factor(actor, row.user, Permission.USER_PROPOSE):
            rows.append((row, approves and actor.user_id not in (row.proposed_by, row.user_id)))
    return rows


def factor_reset(public_id: str) -> FactorReset:
    """By the random id used in addresses; raises Missing."""
    return by_public_id(FactorReset, public_id)


# ---- codes ----------------------------------------------------------------------------------


def _clean(code: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code)).lower()


def _matching_step(key: str, given: str) -> int | None:
    """The half minute a code belongs to: the present one, or one beside it."""
    if not re.fullmatch(r"[0-9]{6}", given):
        return None
    present = int(real_now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(key)
    found = None
    for step in (present - 1, present, present + 1):
        if same(totp.at(step * STEP_SECONDS), given):
            found = step
    return found


def _use_step(user: User, given: str) -> bool:
    step = _matching_step(unprotect(f"factor:{user.id}", user.factor_secret or ""), given)
    if step is None:
        return False
    used: Any = db.session.execute(
        update(User)
        .where(User.id == user.id, or_(User.factor_step.is_(None), User.factor_step < step))
        .values(factor_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount == 1)


def _use_recovery(user: User, given: str) -> bool:
    used: Any = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_digest == _recovery_digest(user, given),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=real_now())
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount == 1)


def _new_recovery_codes(user: User, now: datetime) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = []
    for _number in range(RECOVERY_CODES):
        letters = "".join(secrets.choice(_ALPHABET) for _letter in range(12))
        codes.append("-".join((letters[:4], letters[4:8], letters[8:])))
        db.session.add(
            RecoveryCode(
                user_id=user.id, code_digest=_recovery_digest(user, _clean(codes[-1])), made_at=now
            )
        )
    db.session.flush()
    return codes


def _recovery_digest(user: User, given: str) -> str:
    return keyed_digest("recovery", f"{user.id}:{given}")


def _take_off(user: User) -> None:
    user.factor_secret = None
    user.factor_since = None
    user.factor_step = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.flush()


def _count_attempt(user: User) -> list[str]:
    """Count one attempt in each window; returns the counters, to be refunded when it was right.

    Raises TooMany beyond 5 in 5 minutes, 20 in an hour, 50 in a day.
    """
    now = real_now()
    keys = []
    worst = False
    for limit, window in FACTOR_LIMITS:
        bucket = int(now.timestamp()) // int(window.total_seconds())
        name = f"factor:{user.id}:{int(window.total_seconds())}:{bucket}"
        keys.append(keyed_digest("throttle", name))
        worst |= count(keys[-1], window + timedelta(seconds=1), now) > limit
    if worst:
        # an attempt refused here was never compared, so it must not push the other limits on
        refund(keys)
        raise TooMany(_("验证码错误次数过多，请稍后再试"), field="code", rule="factor.throttled")
    return keys
