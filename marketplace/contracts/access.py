"""Which contracts a person may open, and on which side they stand there."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.fees.access import agreed_between
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing, Refused
from marketplace.projects import queries as projects
from marketplace.projects.models import Need
from marketplace.selection import queries as selection

from . import queries
from .models import Amendment, Contract, Deliverable, Side


def contract_for(actor: Actor, public_id: str) -> Contract:
    """A contract of the actor's organisation on either side; anybody else's answers Missing."""
    contract = queries.contract(public_id)
    side_of(contract, actor)
    return contract


def side_of(contract: Contract, actor: Actor) -> Side:
    """The side the actor's organisation is on; Missing when on neither."""
    if actor.organisation_id == contract.owner_id:
        return Side.OWNER
    if actor.organisation_id == contract.firm_id:
        return Side.FIRM
    raise Missing(f"contract {contract.public_id}")


def deliverable_for(actor: Actor, public_id: str) -> Deliverable:
    """A delivery under one of the actor's contracts."""
    deliverable = queries.deliverable(public_id)
    side_of(deliverable.contract, actor)
    return deliverable


def amendment_for(actor: Actor, public_id: str) -> Amendment:
    """A change of one of the actor's contracts."""
    amendment = queries.amendment(public_id)
    side_of(amendment.contract, actor)
    return amendment


def awarded_need_for(actor: Actor, public_id: str) -> tuple[Need, Side]:
    """A need with an accepted award that the actor's organisation owns or has won."""
    need = projects.need(public_id)
    award = selection.final_award(need)
    if award is not None:
        if actor.organisation_id == need.owner_id:
            return need, Side.OWNER
        if actor.organisation_id == award.organisation_id:
            return need, Side.FIRM
    raise Missing(f"need {public_id}")


def may_prepare(actor: Actor, side: Side) -> bool:
    """Draft, propose changes; on the firm's side also confirm and deliver."""
    return actor.may(Permission.NEED_EDIT if side is Side.OWNER else Permission.FIRM_CONTRACT)


def may_confirm(actor: Actor, side: Side) -> bool:
    """Bind one's side: contract, change, end of contract."""
    return actor.may(Permission.NEED_APPROVE if side is Side.OWNER else Permission.FIRM_CONTRACT)


def require(allowed: bool) -> None:
    """Refuse somebody who sees the contract but lacks the role for this act."""
    if not allowed:
        raise Refused(_("您的岗位不办理此事，请由本单位有权限的人员办理"), rule="role")


def _parties(contract_id: int) -> tuple[int, ...]:
    contract = queries.contract_by_id(contract_id)
    return contract.owner_id, contract.firm_id


def _parties_of_change(amendment_id: int) -> tuple[int, ...]:
    return _parties(db.session.get_one(Amendment, amendment_id).contract_id)


agreed_between(Contract.__tablename__, _parties)
agreed_between(Amendment.__tablename__, _parties_of_change)
