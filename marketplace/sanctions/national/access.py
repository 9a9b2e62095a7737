"""Who may see an uploaded list: the offices over the place it was uploaded for."""

from __future__ import annotations

from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from ..access import is_officer
from . import queries
from .models import NationalImport


def upload_for(actor: Actor, public_id: str) -> NationalImport:
    """The upload, for an officer who oversees its place; raises Missing."""
    found = queries.upload(public_id)
    if not is_officer(actor, found.jurisdiction_code):
        raise Missing(f"national import {public_id}")
    return found


def own_upload(actor: Actor, public_id: str) -> NationalImport:
    """The upload, for an officer of the bureau it was uploaded in; raises Missing."""
    found = upload_for(actor, public_id)
    if actor.jurisdiction != found.jurisdiction_code:
        raise Missing(f"national import {public_id}")
    return found
