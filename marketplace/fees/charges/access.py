"""Who may see an audit of charges: the organisation that made it; an office's, the offices over
its area too."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import Charge, ChargeAudit, ChargeUpload


def audit_for(actor: Actor, public_id: str) -> ChargeAudit:
    """An audit this actor may see; raises Missing otherwise."""
    found = queries.audit(public_id)
    if found.organisation_id == actor.organisation_id is not None:
        return found
    if found.by_office and supervises(actor, found.jurisdiction_code):
        return found
    raise Missing(_("没有这份核对"), rule="charges.audit")


def charge_for(actor: Actor, public_id: str, number: int) -> Charge:
    """One row of such an audit; raises Missing."""
    found = queries.charge(audit_for(actor, public_id), number)
    if found is None:
        raise Missing(_("没有这份核对"), rule="charges.charge")
    return found


def upload_for(actor: Actor, public_id: str) -> ChargeUpload:
    """A file the actor's own organisation uploaded; raises Missing otherwise."""
    found = queries.upload(public_id)
    if found.organisation_id == actor.organisation_id is not None:
        return found
    raise Missing(_("没有这份核对"), rule="charges.upload")
