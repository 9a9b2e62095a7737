"""Who may see and make the inspection of a contract, and who may go on from what it found."""

from __future__ import annotations

from marketplace.accounts.overseeing import oversees, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from .models import ContractInspection, InspectionStatus


def inspection_for(actor: Actor, public_id: str) -> ContractInspection:
    """An inspection of the officer's area; raises Missing."""
    found = by_public_id(ContractInspection, public_id)
    if not supervises(actor, found.jurisdiction_code):
        raise Missing(f"inspection {public_id}")
    return found


def may_propose_card(actor: Actor, found: ContractInspection) -> bool:
    """Whether an officer proposes a card for what it found: a firm of another city is that
    city's to judge."""
    return (
        found.status is InspectionStatus.FAULTS
        and actor.may(Permission.SANCTION_PROPOSE)
        and oversees(actor, found.organisation.jurisdiction_code)
    )


def faulty_inspection_for(actor: Actor, public_id: str) -> ContractInspection:
    """An inspection that found faults, for whoever may propose a card for them; raises Missing."""
    found = inspection_for(actor, public_id)
    if not may_propose_card(actor, found):
        raise Missing(f"inspection {public_id}")
    return found
