"""Who may see and make the inspection of a contract."""

from __future__ import annotations

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from .models import ContractInspection


def inspection_for(actor: Actor, public_id: str) -> ContractInspection:
    """An inspection of the officer's area; raises Missing."""
    found = by_public_id(ContractInspection, public_id)
    if not supervises(actor, found.jurisdiction_code):
        raise Missing(f"inspection {public_id}")
    return found
