"""Who may open a question: the owner it is put to; who asked it only an auditor learns."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.overseeing import supervises
from marketplace.accounts.permissions import Permission
from marketplace.accounts.revealing import Datum
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import NeedQuestion


def question_to(actor: Actor, public_id: str) -> NeedQuestion:
    """A question put to the actor's own organisation."""
    found = queries.question(public_id)
    if found.need.owner_id != actor.organisation_id:
        raise Missing(f"question {public_id}")
    return found


def looks_up_askers(actor: Actor | None, jurisdiction_code: str) -> bool:
    """Whether somebody audits this place: nobody else learns who asked."""
    return (
        actor is not None
        and actor.may(Permission.AUDIT_READ)
        and supervises(actor, jurisdiction_code)
    )


def asker_of(actor: Actor, public_id: str, field: str) -> Datum:
    """Who asked, for an auditor of the place on a reason."""
    found = queries.question(public_id)
    if field != "asker" or not looks_up_askers(actor, found.need.jurisdiction_code):
        raise Missing(public_id)
    return Datum(_("提问机构"), str(_("不公开")), found.organisation_id)
