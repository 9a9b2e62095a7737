"""Who may see an uploaded list, and who may decide about it."""

from __future__ import annotations

from marketplace.accounts.overseeing import oversees
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import DecouplingUpload


def upload_for(actor: Actor, public_id: str) -> DecouplingUpload:
    """The upload, for an officer over its place; raises Missing."""
    found = queries.upload(public_id)
    if not oversees(actor, found.jurisdiction_code):
        raise Missing(f"decoupling upload {public_id}")
    return found


def own_upload(actor: Actor, public_id: str) -> DecouplingUpload:
    """The upload, for an officer of the bureau it was uploaded in; raises Missing."""
    found = upload_for(actor, public_id)
    if actor.jurisdiction != found.jurisdiction_code:
        raise Missing(f"decoupling upload {public_id}")
    return found
