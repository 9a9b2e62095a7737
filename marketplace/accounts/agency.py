"""代办: a person acts for an owner under a written, recorded, revocable authority.

The right begins and ends with the authority: its days are asked at every request, and its
revocation ends the sessions in the same transaction. The acts record the person, the owner and
the authorisation (``foundation.audit``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit, calendar, clock, policy
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from .inviting import invite_agent
from .masking import masked_name
from .models import Authorisation, Membership, Organisation
from .organising import end_membership
from .overseeing import oversees
from .permissions import Permission, Role
from .queries import lineage
from .rules import AgencyPolicy, next_agency_reminder

REMIND_AT = time(9, 0)


@dataclass(frozen=True)
class Scope:
    """What an agent may do for the owner; publishing, awarding and signing are never in it."""

    prepare: bool  # write needs, propose the selection and the contract, check what is delivered
    evaluate: bool
    objections: bool


def authorise_agent(
    owner: Organisation,
    *,
    agent_name: str,
    document_number: str,
    document: StoredFile,
    scope: Scope,
    starts_on: date,
    ends_on: date,
    actor: Actor,
    now: datetime,
) -> tuple[Authorisation, str]:
    """Record an authority for an agent; returns it and the token of the agent's link, shown once.

    Raises Refused for anybody but the owner's approver, Invalid naming the field.
    """
    if actor.organisation_id != owner.id or Role.OWNER_APPROVER.value not in actor.roles:
        raise Refused(_("只能由本单位审批人授权"), rule="authorisation.own")
    today = clock.local_day(now)
    if ends_on < starts_on or ends_on < today:
        raise Invalid(
            _("授权截止日期不得早于起始日期和今天"), field="ends_on", rule="authorisation.period"
        )
    longest = _policy(owner, today).longest_days
    if (ends_on - starts_on).days > longest:
        raise Invalid(
            _("一次授权最长 %(n)d 日，到期可重新授权", n=longest),
            field="ends_on",
            rule="authorisation.longest",
        )
    if not (scope.prepare or scope.evaluate or scope.objections):
        raise Invalid(_("请至少选择一项授权事项"), field="scope", rule="authorisation.scope")
    row = Authorisation(
        owner_id=owner.id,
        agent_name=agent_name,
        document_number=document_number,
        document_id=document.id,
        may_prepare=scope.prepare,
        may_evaluate=scope.evaluate,
        may_object=scope.objections,
        starts_on=starts_on,
        ends_on=ends_on,
        granted_by=actor.user_id,
        granted_at=now,
        next_check_at=_next(owner, ends_on, today),
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "authorisation.granted",
        actor,
        row,
        now,
        document=document.sha256,
        starts_on=starts_on,
        ends_on=ends_on,
        prepare=scope.prepare,
        evaluate=scope.evaluate,
        objections=scope.objections,
    )
    return row, invite_agent(row, actor, now)


def revoke_authorisation(row: Authorisation, reason: str, actor: Actor, now: datetime) -> None:
    """Withdraw an authority: the agent's right and sessions end in this transaction.

    The owner's approver may, and the agent. Raises Missing for anybody else, Conflict when it is
    over already.
    """
    if not _may_revoke(actor, row):
        raise Missing(row.public_id)
    lock(row)
    if row.revoked_at is not None or clock.local_day(now) > row.ends_on:
        raise Conflict(_("该授权已经撤销或到期"), rule="authorisation.over")
    row.revoked_at = now
    row.revoked_by = actor.user_id
    row.reason = reason
    row.next_check_at = None
    audit.record("authorisation.revoked", actor, row, now)
    _end_right(row, actor, now)


def authorisation_to_revoke(actor: Actor, public_id: str) -> Authorisation:
    """An authorisation for those who may withdraw it: the owner's approver, the agent."""
    row = authorisation_for(actor, public_id)
    if not _may_revoke(actor, row):
        raise Missing(public_id)
    return row


def _may_revoke(actor: Actor, row: Authorisation) -> bool:
    own = actor.organisation_id == row.owner_id and Role.OWNER_APPROVER.value in actor.roles
    return own or actor.user_id == row.agent_id


def advance_authorisation(row: Authorisation, actor: Actor, now: datetime) -> None:
    """The clock: remind of the coming end; end the membership of an authority that is over."""
    row.next_check_at = None
    today = clock.local_day(now)
    left = (row.ends_on - today).days
    told = f"代办授权将于 {left} 天后到期" if left >= 0 else "代办授权已到期"
    send(
        row.owner_id,
        told,
        f"代办员{masked_name(row.agent_name)}的授权书 {row.document_number} "
        f"有效期至 {row.ends_on.isoformat()}。需要继续代办的，请重新授权。",
        "/owner/agents",
        f"authorisation:{row.id}:{max(left, -1)}",
        now,
        address=row.owner.email,
    )
    if left >= 0:
        row.next_check_at = _next(row.owner, row.ends_on, today)
        return
    _end_right(row, actor, now)
    audit.record("authorisation.expired", CLOCK, row, now)


def _policy(owner: Organisation, day: date) -> AgencyPolicy:
    return policy.in_force(AgencyPolicy, lineage(owner.jurisdiction_code), day).values


def _next(owner: Organisation, ends_on: date, today: date) -> datetime:
    """The next reminder, else the instant at which the authority is over."""
    day = next_agency_reminder(_policy(owner, today), ends_on, today)
    over = calendar.moment(ends_on + timedelta(days=1), time(0, 0))
    return calendar.moment(day, REMIND_AT) if day else over


def _end_right(row: Authorisation, actor: Actor, now: datetime) -> None:
    for membership in db.session.scalars(
        select(Membership).where(Membership.authorisation_id == row.id, Membership.until.is_(None))
    ):
        end_membership(membership, actor, now)


def authorisation_for(actor: Actor, public_id: str) -> Authorisation:
    """An authorisation as seen by the owner, the agent or those who audit its area; else Missing."""
    row = db.session.scalar(select(Authorisation).where(Authorisation.public_id == public_id))
    if row is not None and (
        row.owner_id == actor.organisation_id
        or row.agent_id == actor.user_id
        or (actor.may(Permission.AUDIT_READ) and oversees(actor, row.owner.jurisdiction_code))
    ):
        return row
    raise Missing(public_id)
