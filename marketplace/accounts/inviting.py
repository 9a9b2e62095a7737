"""How a person comes to an organisation: invited, and opening the account alone.

Nobody ever sets another person's password. One person has one account: who has one already
takes up the invitation with it.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import keyed_digest
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.languages import in_language
from marketplace.notifications.actions import send_letter

from .models import Authorisation, Invitation, Organisation, User
from .organising import create_user, grant_role, refuse_conflict
from .passwords import HashedPassword
from .permissions import HOME_OF_ROLE, OFFICIALS, OWN_STAFF, Permission, Role
from .queries import below, live_memberships, live_roles, user_by_public_id
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
    organisation: Organisation,
    name: str,
    role: Role,
    actor: Actor,
    now: datetime,
    email: str | None = None,
) -> str | None:
    """Invite a person into one's own organisation.

    Returns the link's token, shown once, or None when it was mailed to ``email`` instead.
    """
    if actor.organisation_id != organisation.id or role not in own_roles(actor):
        raise Refused(_("只能邀请本单位人员"), rule="invite.own")
    invitation = _propose(organisation, name, role, False, actor, now, email)
    return issue_link(invitation, now)


def grant_own_role(
    user: User, organisation: Organisation, role: Role, actor: Actor, now: datetime
) -> None:
    """Give one more role to somebody who is already staff of one's own organisation."""
    if actor.organisation_id != organisation.id or not live_roles(user.id, organisation.id):
        raise Missing(user.public_id)
    if role not in own_roles(actor):
        raise Refused(_("只能设置本单位的角色"), rule="invite.own")
    grant_role(user, organisation, role, actor, now)


def colleague(actor: Actor, public_id: str) -> User:
    """Somebody with a role in the actor's own organisation; Missing for everybody else."""
    user = user_by_public_id(public_id)
    if not live_roles(user.id, actor.organisation_id or 0):
        raise Missing(public_id)
    return user


def invite_agent(authorisation: Authorisation, actor: Actor, now: datetime) -> str:
    """The link by which an agent takes up an authorisation; returns its token, shown once."""
    invitation = _propose(
        authorisation.owner, authorisation.agent_name, Role.OWNER_AGENT, False, actor, now
    )
    invitation.authorisation_id = authorisation.id
    token = issue_link(invitation, now)
    assert token is not None
    return token


def propose_official(
    organisation: Organisation,
    name: str,
    role: Role,
    actor: Actor,
    now: datetime,
    email: str | None = None,
    user: User | None = None,
) -> Invitation:
    """Propose a role in the bureau or a department; another administrator approves it.

    With ``user`` for an existing account of an office, else for a person who then opens one.
    """
    if role not in OFFICIALS or HOME_OF_ROLE[role] != organisation.function.value:
        raise Invalid(_("该单位不设此角色"), field="role", rule="role.home")
    if user is not None:
        _refuse_stranger(user, name, actor)
        refuse_conflict(user, organisation, role)
    invitation = _propose(organisation, name, role, True, actor, now, email)
    invitation.user_id = user.id if user is not None else None
    db.session.flush()
    return invitation


def _refuse_stranger(user: User, name: str, actor: Actor) -> None:
    """A role is given only to an official of the own area, named rightly, never to oneself."""
    area = below(actor.jurisdiction or "")
    places = [each.organisation for each in live_memberships(user.id)]
    here = any(
        each.jurisdiction_code in area and each.function.value in ("bureau", "department")
        for each in places
    )
    if not here:
        raise Invalid(_("没有该登录名的本级账号，请核对"), field="login", rule="official.unknown")
    if user.id == actor.user_id:
        raise Refused(_("不能为自己提议角色"), rule="two_people")
    if not same_name(user.name, name):
        raise Invalid(_("姓名与该账号不符"), field="name", rule="invitation.name")


def same_name(left: str, right: str) -> bool:
    """Whether two names are one, however wide their characters were typed."""
    plain = [unicodedata.normalize("NFKC", each).replace(" ", "") for each in (left, right)]
    return plain[0] == plain[1]


def _propose(
    organisation: Organisation,
    name: str,
    role: Role,
    needs_approval: bool,
    actor: Actor,
    now: datetime,
    email: str | None = None,
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
        email=email or None,
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


def approve_official(invitation: Invitation, actor: Actor, now: datetime) -> str | None:
    """Approve a proposed role, by another person than proposed it or gets it (I22a).

    A role for an existing account is given at once. Otherwise returns the link's token, or None
    when it was mailed.
    """
    lock(invitation)
    if invitation.approved_by is not None or not invitation.needs_approval:
        raise Conflict(_("该账号已经审批"), rule="invitation.approved")
    if invitation.withdrawn_at is not None:
        raise Conflict(_("该提议已经撤回"), rule="invitation.withdrawn")
    if actor.user_id in (invitation.proposed_by, invitation.user_id):
        raise Refused(_("提议人和本人不能审批该账号"), rule="two_people")
    invitation.approved_by = actor.user_id
    invitation.approved_at = now
    audit.record("invitation.approved", actor, invitation, now)
    if invitation.user is not None:
        grant_role(invitation.user, invitation.organisation, invitation.role, actor, now)
        invitation.used_at = now
        db.session.flush()
        return None
    return issue_link(invitation, now)


def withdraw_invitation(invitation: Invitation, actor: Actor, now: datetime) -> None:
    """Take back an invitation nobody has used; its link opens nothing any more."""
    own = invitation.organisation_id == actor.organisation_id and actor.may(Permission.STAFF_MANAGE)
    office = (
        invitation.needs_approval
        and (actor.may(Permission.USER_PROPOSE) or actor.may(Permission.USER_APPROVE))
        and invitation.organisation.jurisdiction_code == actor.jurisdiction
    )
    if not own and not office:
        raise Missing(invitation.public_id)
    lock(invitation)
    if invitation.used_at is not None or invitation.withdrawn_at is not None:
        raise Conflict(_("该邀请已经使用或撤回"), rule="invitation.used")
    invitation.withdrawn_at = now
    audit.record("invitation.withdrawn", actor, invitation, now)


def issue_link(invitation: Invitation, now: datetime) -> str | None:
    """Make the link's token; mails it where an address was given, else returns it.

    Whoever reads mail at that address in a known language is written to in it; an invited person
    whose language nobody knows is written to in every language of the site.
    """
    token = new_token(invitation, now)
    db.session.flush()
    if not invitation.email:
        return token
    send_letter(
        **letter_of(invitation, token, _language_at(invitation.email)),
        now=now,
    )
    return None


def new_token(invitation: Invitation, now: datetime) -> str:
    """A token for an invitation; only its digest is kept."""
    token = secrets.token_urlsafe(24)
    invitation.token_digest = keyed_digest("invitation", token)
    invitation.expires_at = now + INVITATION_LIFE
    return token


def letter_of(invitation: Invitation, token: str, known: str | None) -> dict[str, Any]:
    """What is mailed with a link, in the one language its reader is known to read, or in all."""
    letters = [
        _letter(invitation, code)
        for code in ([known] if known else current_app.config["LANGUAGES"])
    ]
    return {
        "address": invitation.email,
        "subject": " / ".join(subject for subject, _body in letters),
        "body": "\n".join(body for _subject, body in letters),
        "link": f"/invitations/{token}",
        "key": f"invitation:{invitation.id}",
        "language": known,
    }


def _language_at(email: str) -> str | None:
    """The language kept with the one account of a mail address; None when it tells nothing."""
    found = set(db.session.scalars(select(User.language).where(User.email == email)))
    return found.pop() if len(found) == 1 else None


def _letter(invitation: Invitation, language: str) -> tuple[str, str]:
    """Subject and text in one language."""
    place = invitation.organisation.name
    with in_language(language):
        return (
            _("开通账号：%(place)s", place=place),
            _(
                "%(name)s：%(place)s邀请您以“%(role)s”身份办理业务。请在 7 天内打开链接开通账号，"
                "链接只能使用一次，请勿转发。",
                name=invitation.name,
                place=place,
                role=invitation.role.title,
            ),
        )


def invitation_for(token: str, now: datetime) -> Invitation:
    """The invitation a link opens; Missing when it is unknown, used, withdrawn or over."""
    found = db.session.scalar(
        select(Invitation).where(Invitation.token_digest == keyed_digest("invitation", token))
    )
    over = found is None or found.expires_at is None or now >= found.expires_at
    if found is None or over or found.used_at is not None or found.withdrawn_at is not None:
        raise Missing("invitation")
    if found.authorisation is not None and found.authorisation.revoked_at is not None:
        raise Missing("invitation")
    return found


def accept_invitation(
    invitation: Invitation,
    login: str,
    password: str | HashedPassword,
    now: datetime,
    email: str | None = None,
) -> User:
    """Open the invited person's account, once. Raises Invalid naming login or password."""
    use_up(invitation, now)
    user = create_user(
        login,
        invitation.name,
        password,
        invitation.organisation,
        (invitation.role,),
        _granter(invitation),
        now,
        email=email or invitation.email,
        authorisation=invitation.authorisation,
    )
    _authorise(invitation, user, now)
    return user


def join_with_account(invitation: Invitation, user: User, now: datetime) -> None:
    """Take up an invitation with the account one has, once; the names must agree."""
    use_up(invitation, now)
    if not same_name(user.name, invitation.name):
        raise Refused(_("邀请对象与当前账号姓名不符，请由本人登录后办理"), rule="invitation.name")
    if invitation.needs_approval and user.id in (invitation.proposed_by, invitation.approved_by):
        raise Refused(_("提议人和审批人不能使用该邀请"), rule="two_people")
    grant_role(
        user,
        invitation.organisation,
        invitation.role,
        _granter(invitation),
        now,
        invitation.authorisation,
    )
    _authorise(invitation, user, now)


def use_up(invitation: Invitation, now: datetime) -> None:
    """Mark an invitation as used; Conflict for who comes second, at the same moment too."""
    lock(invitation)
    if invitation.used_at is not None or invitation.withdrawn_at is not None:
        raise Conflict(_("该邀请已经使用"), rule="invitation.used")
    invitation.used_at = now


def _granter(invitation: Invitation) -> Actor:
    return Actor(user_id=invitation.approved_by or invitation.proposed_by, name="")


def _authorise(invitation: Invitation, user: User, now: datetime) -> None:
    authority = invitation.authorisation
    if authority is None:
        return
    lock(authority)
    if authority.revoked_at is not None:
        raise Conflict(_("该授权已经撤销"), rule="authorisation.revoked")
    authority.agent_id = user.id
    authority.accepted_at = now
    audit.record("authorisation.accepted", Actor(user.id, ""), authority, now)
    db.session.flush()
