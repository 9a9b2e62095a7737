"""How a person leaves an organisation: role by role, all at once, or with the account closed.

An organisation never loses its last keeper, and whatever a right opened ends with it.
"""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Missing, Refused

from .models import Membership, Organisation, OrganisationFunction, User
from .organising import disable_user, end_membership
from .permissions import ADMINISTRATORS, KEEPERS, Permission
from .queries import live_memberships

_OFFICES = (OrganisationFunction.BUREAU, OrganisationFunction.DEPARTMENT)


def end_staff(membership: Membership, actor: Actor, now: datetime) -> None:
    """End a role in one's own organisation, or as security administrator in an office.

    Raises Missing for anybody else's, Refused when nobody would be left to keep the staff.
    """
    if not may_end(actor, membership):
        raise Missing(f"membership {membership.id}")
    _end([membership], actor, now)


def remove_person(user: User, organisation: Organisation, actor: Actor, now: datetime) -> None:
    """End everything a person holds in an organisation, and every session there, at once."""
    held = live_memberships(user.id, organisation.id)
    if not held or not all(may_end(actor, each) for each in held):
        raise Missing(user.public_id)
    _end(held, actor, now)


def disable_official(user: User, actor: Actor, now: datetime) -> None:
    """Close the account of an official of the own area: roles and sessions end with it."""
    check_closable(user, actor)
    _refuse_orphaning(live_memberships(user.id))
    disable_user(user, actor, now)


def check_closable(user: User, actor: Actor) -> None:
    """Raises Missing unless the person is an official of the actor's area, Refused for oneself."""
    held = live_memberships(user.id)
    offices = held and all(
        each.organisation.function in _OFFICES
        and each.organisation.jurisdiction_code == actor.jurisdiction
        for each in held
    )
    if not offices or not actor.may(Permission.USER_APPROVE):
        raise Missing(user.public_id)
    if user.id == actor.user_id:
        raise Refused(_("不能停用自己的账号"), rule="role.own")


def may_end(actor: Actor, membership: Membership) -> bool:
    """Whether an actor keeps the staff among whom this role is held.

    One may always lay down a role of one's own.
    """
    own = membership.organisation_id == actor.organisation_id and actor.may(Permission.STAFF_MANAGE)
    place = membership.organisation
    office = place.function in _OFFICES and place.jurisdiction_code == actor.jurisdiction
    return (
        own
        or (office and actor.may(Permission.USER_APPROVE))
        or (membership.user_id == actor.user_id)
    )


def _end(held: list[Membership], actor: Actor, now: datetime) -> None:
    _refuse_orphaning(held)
    for membership in held:
        if membership.authorisation is not None:
            raise Conflict(_("代办员的角色随授权撤销，请到代办授权办理"), rule="role.authorised")
        end_membership(membership, actor, now)


def _refuse_orphaning(leaving: list[Membership]) -> None:
    """Refuse to end the last keeper's role of an organisation.

    The organisation is locked first: two keepers who end each other's role at the same moment
    would otherwise both see the other one stay.
    """
    ids = [each.id for each in leaving]
    for place in {each.organisation_id: each.organisation for each in leaving}.values():
        kept = {each.role for each in leaving if each.organisation_id == place.id}
        for role in kept & (KEEPERS | ADMINISTRATORS):
            lock(place)
            others = db.session.scalars(
                select(Membership.id).where(
                    Membership.organisation_id == place.id,
                    Membership.role == role,
                    Membership.until.is_(None),
                    Membership.id.not_in(ids),
                )
            ).first()
            if others is None:
                raise Refused(
                    _(
                        "这是该单位最后一个“%(role)s”，请先由他人接任",
                        role=role.title,
                    ),
                    rule="role.last_keeper",
                )
