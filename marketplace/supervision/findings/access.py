"""Who may read and answer a finding."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, or_, select

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import below, bureau, lineage
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing

from ..models import AuditSample
from .models import AuditFinding


def readable(actor: Actor) -> ColumnElement[bool]:
    """The findings somebody may read: of samples drawn in his area, for whoever audits; of what
    belongs to his area, for the offices that answer and those above them."""
    if actor.jurisdiction is None:
        return false()
    here = below(actor.jurisdiction)
    ways = []
    if actor.may(Permission.AUDIT_READ):
        drawn = select(AuditSample.id).where(AuditSample.jurisdiction_code.in_(here))
        ways.append(AuditFinding.sample_id.in_(drawn))
    if actor.may(Permission.FINDING_ANSWER):
        ways.append(AuditFinding.jurisdiction_code.in_(here))
    return or_(false(), *ways)


def finding_for(actor: Actor, public_id: str) -> AuditFinding:
    """A finding that the actor may read. Raises Missing."""
    found = db.session.scalar(
        select(AuditFinding).where(AuditFinding.public_id == public_id, readable(actor))
    )
    if found is None:
        raise Missing(f"finding {public_id}")
    return found


def answers_for(actor: Actor, found: AuditFinding) -> bool:
    """Whether the actor is of the bureau that a finding asks: nobody above it answers for it."""
    asked = bureau(found.jurisdiction_code).id
    return actor.may(Permission.FINDING_ANSWER) and actor.organisation_id == asked


def asked_of(actor: Actor) -> ColumnElement[bool]:
    """The findings that ask the actor's own bureau: those of its place, and of the places below it
    that have no bureau of their own."""
    if actor.jurisdiction is None:
        return false()
    offices = {
        code: key
        for key, code in db.session.execute(
            select(Organisation.id, Organisation.jurisdiction_code)
            .where(Organisation.function == OrganisationFunction.BUREAU)
            .order_by(Organisation.id.desc())
        )
    }
    asked = [
        code
        for code in below(actor.jurisdiction)
        if next((offices[up] for up in lineage(code) if up in offices), None)
        == actor.organisation_id
    ]
    return AuditFinding.jurisdiction_code.in_(asked)
