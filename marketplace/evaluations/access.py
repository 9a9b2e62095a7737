"""Only the parties of a contract may mark, each for itself."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.contracts.models import Contract
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from . import queries
from .rules import Direction


def contract_for(actor: Actor, public_id: str) -> tuple[Contract, Direction]:
    """A contract the actor's organisation is party to, and its direction. Raises Missing."""
    contract = db.session.scalar(select(Contract).where(Contract.public_id == public_id))
    direction = queries.direction_of(contract, actor.organisation_id) if contract else None
    if contract is None or direction is None:
        raise Missing(f"contract {public_id}")
    return contract, direction
