"""Only whom the bureau served rates; officers of the area call back."""

from __future__ import annotations

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import matters, queries
from .matters import Matter
from .models import ServiceFollowUp


def matter_for(actor: Actor, kind: str, public_id: str) -> Matter:
    """A decided matter of the actor's own organisation. Raises Missing."""
    found = matters.matter(kind, public_id)
    if actor.organisation_id != found.organisation_id:
        raise Missing(f"{kind} {public_id}")
    return found


def follow_up_for(actor: Actor, public_id: str) -> ServiceFollowUp:
    """A call-back of the officer's area. Raises Missing."""
    found = queries.follow_up(public_id)
    if not supervises(actor, found.rating.jurisdiction_code):
        raise Missing(f"follow-up {public_id}")
    return found
