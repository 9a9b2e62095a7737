"""Whose matter: the firm's own, or one on the officer's register or below."""

from __future__ import annotations

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from .models import Match


def own_match(actor: Actor, public_id: str) -> Match:
    """A matter of the actor's own firm; Missing otherwise."""
    found = by_public_id(Match, public_id)
    if actor.organisation_id is None or found.firm.organisation_id != actor.organisation_id:
        raise Missing(public_id)
    return found


def match_for(actor: Actor, public_id: str) -> Match:
    """A matter on the officer's register or one below; Missing otherwise."""
    found = by_public_id(Match, public_id)
    if not supervises(actor, found.firm.register_code):
        raise Missing(public_id)
    return found
