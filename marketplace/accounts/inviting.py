"""How a second person comes to an organisation: invited, and opening the account alone.

Nobody ever sets another person's password.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused

from .models import Invitation, Membership, Organisation, OrganisationFunction, User
from .organising import create_user, end_membership
from .passwords import HashedPassword
from .permissions import HOME_OF_ROLE, OFFICIALS, OWN_STAFF, Permission, Role
from .rules import INVITATION_LIFE


def own_roles(actor: Actor) -> list[Role]:
    """The roles an actor may invite people to in the own organisation."""
    return [
        invited
        for keeper, roles in OWN_STAFF.items()
        if keeper.value in actor.roles
        for invited in roles
    ]


def invite_staff(
    organisation: Organisation, name: str, role: Role, actor: Actor, now: datetime
) -> str:
    """Invite a person into one's own organisation; returns the link's token, shown once."""
    if actor.organisation_id != organisation.id or role not in own_roles(actor):
        raise Refused(_("只能邀请本单位人员"), rule="invite.own")
    invitation = _propose(organisation, name, role, False, actor, now)
    return _issue(invitation, now)


def propose_official(
    organisation: Organisation, name: str, role: Role, actor: Actor, now: datetime
) -> Invitation:
    """Propose an account in the bureau or a department; another administrator approves it."""
    if role not in OFFICIALS or HOME_OF_ROLE[role] != organisation.function.value:
        raise Invalid(_("该单位不设此角色"), field="role", rule="role.home")
    return _propose(organisation, name, role, True, actor, now)


def _propose(
    organisation: Organisation,
    name: str,
    role: Role,
    needs_approval: bool,
    actor: Actor,
    now: datetime,
) -> Invitation:
    if actor.user_id is None:
        raise Refused(_("只能邀请本单位人员"), rule="invite.own")
    invitation = Invitation(
        organisation_id=organisation.id,
        name=name,
        role=role,
        needs_approval=needs_approval,
        proposed_by=actor.user_id,
        proposed_at=now,
    )
    db.session.add(invitation)
    db.session.flush()
    audit.record(
        "invitation.proposed",
        actor,
        invitation,
        now,
        organisation=organisation.id,
        role=role.value,
    )
    return invitation


def approve_official(invitation: Invitation, actor: Actor, now: datetime) -> str:
    """Approve a proposed account; returns the link's token. Not by who proposed it (I22a)."""
    lock(invitation)
    if invitation.proposed_by == actor.user_id:
        raise Refused(_("提议人不能审批自己提议的账号"), rule="two_people")
    if invitation.approved_by is not None or not invitation.needs_approval:
        raise Conflict(_("该账号已经审批"), rule="invitation.approved")
    invitation.approved_by = actor.user_id
    invitation.approved_at = now
    audit.record("invitation.approved", actor, invitation, now)
    return _issue(invitation, now)


def _issue(invitation: Invitation, now: datetime) -> str:
    token = secrets.token_urlsafe(24)
    invitation.token_digest = keyed_digest("invitation", token)
    invitation.expires_at = now + INVITATION_LIFE
    db.session.flush()
    return token


def invitation_for(token: str, now: datetime) -> Invitation:
    """The invitation a link opens; Missing when it is unknown, used or over."""
    found = db.session.scalar(
        select(Invitation).where(Invitation.token_digest == keyed_digest("invitation", token))
    )
    over = found is None or found.expires_at is None or now >= found.expires_at
    if found is None or over or found.used_at is not None:
        raise Missing("invitation")
    return found


def accept_invitation(
    invitation: Invitation, login: str, password: str | HashedPassword, now: datetime
) -> User:
    """Open the invited person's account, once. Raises Invalid naming login or password."""
    lock(invitation)
    if invitation.used_at is not None:
        raise Conflict(_("该邀请已经使用"), rule="invitation.used")
    invitation.used_at = now
    proposer = Actor(user_id=invitation.approved_by or invitation.proposed_by, name="")
    return create_user(
        login,
        invitation.name,
        password,
        invitation.organisation,
        (invitation.role,),
        proposer,
        now,
    )


def end_staff(membership: Membership, actor: Actor, now: datetime) -> None:
    """End a role in one's own organisation, or as security administrator in an office.

    Nobody ends an own role, so that no organisation is left without a keeper by a slip.
    """
    own = membership.organisation_id == actor.organisation_id and actor.may(Permission.STAFF_MANAGE)
    office = membership.organisation.function in (
        OrganisationFunction.BUREAU,
        OrganisationFunction.DEPARTMENT,
    )
    here = membership.organisation.jurisdiction_code == actor.jurisdiction
    if not own and not (office and here and actor.may(Permission.USER_APPROVE)):
        raise Missing(f"membership {membership.id}")
    if membership.user_id == actor.user_id:
        raise Refused(_("不能停用自己的角色"), rule="role.own")
    end_membership(membership, actor, now)
