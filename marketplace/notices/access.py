"""Who may read or answer an objection."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.accounts.overseeing import oversees, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from .models import Objection, PublicNotice


def may_read(actor: Actor | None, objection: Objection) -> bool:
    """The text of an objection is for who filed it and for the offices that oversee it."""
    if actor is None:
        return False
    if actor.organisation_id == objection.organisation_id:
        return True
    return supervises(actor, objection.notice.jurisdiction_code)


def may_answer(actor: Actor | None, objection: Objection) -> bool:
    """Officers of the notice's jurisdiction or above, never the organisation that objected."""
    return (
        actor is not None
        and actor.may(Permission.OBJECTION_ANSWER)
        and oversees(actor, objection.notice.jurisdiction_code)
        and actor.organisation_id != objection.organisation_id
    )


def objection_to_answer(actor: Actor, public_id: str) -> Objection:
    """The objection, for an officer who may answer it; raises Missing."""
    found = db.session.scalar(
        select(Objection)
        .join(PublicNotice, Objection.notice_id == PublicNotice.id)
        .where(Objection.public_id == public_id)
    )
    if found is None or not may_answer(actor, found):
        raise Missing(f"objection {public_id}")
    return found
