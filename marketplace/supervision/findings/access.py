"""Who may read and answer a finding."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.accounts.overseeing import oversees
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from .models import AuditFinding


def finding_for(actor: Actor, public_id: str) -> AuditFinding:
    """A finding of the actor's area: for whoever audits, and for the bureau that it asks.

    Raises Missing.
    """
    found = db.session.scalar(select(AuditFinding).where(AuditFinding.public_id == public_id))
    if found is None:
        raise Missing(f"finding {public_id}")
    audits = actor.may(Permission.AUDIT_READ) and oversees(actor, found.sample.jurisdiction_code)
    answers = actor.may(Permission.FINDING_ANSWER) and oversees(actor, found.jurisdiction_code)
    if not (audits or answers):
        raise Missing(f"finding {public_id}")
    return found
