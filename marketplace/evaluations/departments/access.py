"""Only the firm of a contract and the department of its item mark each other."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.contracts.models import Contract
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from ..rules import Direction
from . import queries


def contract_for(actor: Actor, public_id: str) -> tuple[Contract, Direction]:
    """A contract in whose pair the actor's organisation marks, and how. Raises Missing."""
    contract = db.session.scalar(select(Contract).where(Contract.public_id == public_id))
    direction = queries.direction_of(contract, actor.organisation_id) if contract else None
    if contract is None or direction is None:
        raise Missing(f"contract {public_id}")
    return contract, direction


def department_for(actor: Actor) -> Organisation:
    """The actor's own department. Raises Missing for whoever is of none."""
    office = db.session.get(Organisation, actor.organisation_id or 0)
    if office is None or office.function is not OrganisationFunction.DEPARTMENT:
        raise Missing("department")
    return office
