"""Who may see an uploaded register: the officers of the bureau that keeps the register."""

from __future__ import annotations

from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from ..access import register_here
from ..models import Firm
from . import queries
from .models import ImportRow, RegisterImport


def import_for(actor: Actor, public_id: str) -> RegisterImport:
    """An upload for the register of the officer's own bureau; raises Missing."""
    found = by_public_id(RegisterImport, public_id)
    if actor.jurisdiction is None or found.jurisdiction_code != register_here(actor):
        raise Missing(f"register import {public_id}")
    return found


def unclaimed_for(actor: Actor, public_id: str) -> tuple[Firm, ImportRow]:
    """A firm of the officer's own register that was taken over, with the row it came from; raises
    Missing."""
    firm = by_public_id(Firm, public_id)
    row = queries.origin(firm.id)
    if actor.jurisdiction is None or row is None or firm.register_code != register_here(actor):
        raise Missing(f"firm {public_id}")
    return firm, row
