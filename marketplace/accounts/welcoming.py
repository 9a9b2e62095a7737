"""How a firm that was taken over from an older register comes to its first account.

Two officers stand for the invitation: whoever asked for the take-over and whoever confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select, update

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict
from marketplace.notifications.actions import send_letters

from .inviting import issue_link, letter_of, new_token
from .models import Invitation, Membership, Organisation, User
from .permissions import Role


@dataclass(frozen=True)
class Officers:
    """Who asked for a take-over and who confirmed it, as keys of their accounts."""

    proposed_by: int
    approved_by: int


def invite_firm(
    organisation: Organisation,
    name: str,
    officers: Officers,
    actor: Actor,
    now: datetime,
    email: str | None = None,
) -> str | None:
    """Invite the first administrator of a firm; earlier links open nothing any more.

    Returns the link's token, shown once, or None when it was mailed to ``email`` instead. Raises
    Conflict where somebody acts for the firm already.
    """
    if _claimed([organisation.id]):
        raise Conflict(_("该机构已有账号，由其管理员邀请本单位人员"), rule="invite.claimed")
    db.session.execute(
        update(Invitation)
        .where(
            Invitation.organisation_id == organisation.id,
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    invitation = _invitation(organisation, name, officers, now, email)
    db.session.add(invitation)
    db.session.flush()
    _record(invitation, actor, now)
    return issue_link(invitation, now)


def invite_firms(
    firms: Sequence[tuple[Organisation, str, str]],
    officers: Officers,
    actor: Actor,
    now: datetime,
) -> None:
    """Mail the first administrators of many firms, (organisation, name, address) each, their
    links; firms somebody acts for already are passed over."""
    claimed = _claimed([organisation.id for organisation, _name, _email in firms])
    made = [
        _invitation(organisation, name, officers, now, email)
        for organisation, name, email in firms
        if organisation.id not in claimed
    ]
    tokens = [new_token(each, now) for each in made]
    db.session.add_all(made)
    db.session.flush()
    for each in made:
        _record(each, actor, now)
    known = _languages([each.email or "" for each in made])
    send_letters(
        [
            letter_of(each, token, known.get(each.email or ""))
            for each, token in zip(made, tokens, strict=True)
        ],
        now,
    )


def _invitation(
    organisation: Organisation, name: str, officers: Officers, now: datetime, email: str | None
) -> Invitation:
    return Invitation(
        organisation_id=organisation.id,
        organisation=organisation,
        name=name[:60],
        role=Role.FIRM_ADMIN,
        needs_approval=True,
        proposed_by=officers.proposed_by,
        proposed_at=now,
        approved_by=officers.approved_by,
        approved_at=now,
        email=email or None,
    )


def _record(invitation: Invitation, actor: Actor, now: datetime) -> None:
    audit.record(
        "invitation.approved",
        actor,
        invitation,
        now,
        organisation=invitation.organisation_id,
        role=Role.FIRM_ADMIN.value,
    )


def _claimed(organisation_ids: Sequence[int]) -> set[int]:
    """Of these organisations those somebody has a role in."""
    return set(
        db.session.scalars(
            select(Membership.organisation_id).where(
                Membership.organisation_id.in_(organisation_ids), Membership.until.is_(None)
            )
        )
    )


def _languages(addresses: Sequence[str]) -> dict[str, str | None]:
    """The language kept with the one account of each mail address; those of several tell none."""
    found: dict[str, set[str | None]] = {}
    for address, language in db.session.execute(
        select(User.email, User.language).where(User.email.in_(addresses))
    ):
        found.setdefault(address or "", set()).add(language)
    return {address: each.pop() for address, each in found.items() if len(each) == 1}
