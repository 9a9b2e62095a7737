"""Who makes call-backs, and who may see whom to call."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.masking import masked
from marketplace.accounts.overseeing import supervises
from marketplace.accounts.permissions import Permission
from marketplace.accounts.revealing import Datum
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import CallbackStatus, EvaluationCallback


def callback_for(actor: Actor, public_id: str) -> EvaluationCallback:
    """A call-back of the officer's area; raises Missing."""
    found = queries.callback(public_id)
    if not supervises(actor, found.jurisdiction_code):
        raise Missing(f"callback {public_id}")
    return found


def contact_of_callback(actor: Actor, public_id: str, field: str) -> Datum:
    """Whom to call: for the officers who make call-backs, while this one waits."""
    found = callback_for(actor, public_id)
    may = actor.may(Permission.EVALUATION_REVIEW) and found.status is CallbackStatus.WAITING
    if field != "contact" or not may:
        raise Missing(public_id)
    contact = queries.contact_of(found)
    shown = f"{masked(contact.name, 'name')} {masked(contact.phone, 'phone')}"
    return Datum(_("回访联系人"), shown, contact.organisation_id)
