"""Who may file, read and decide a complaint."""

from __future__ import annotations

from marketplace.accounts.overseeing import oversees, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.projects.models import Need
from marketplace.selection import access as selections

from . import queries
from .models import ComplaintReply, SelectionComplaint
from .rules import About, Refusal, refusal


def need_to_complain_of(actor: Actor, public_id: str) -> Need:
    """A published need whose selection the actor's organisation took part in or objected to;
    raises Missing to strangers."""
    need = selections.public_need(public_id)
    if actor.organisation_id is None or need.owner_id == actor.organisation_id:
        raise Missing(f"need {public_id}")
    standing = queries.standing_of(need, actor.organisation_id)
    if refusal(standing, About.OWNER) is Refusal.STRANGER:
        raise Missing(f"need {public_id}")
    return need


def own_complaint(actor: Actor, public_id: str) -> SelectionComplaint:
    """A complaint of the actor's own organisation; raises Missing."""
    found = queries.complaint(public_id)
    if found.organisation_id != actor.organisation_id:
        raise Missing(f"complaint {public_id}")
    return found


def reply_asked_of(actor: Actor, public_id: str) -> ComplaintReply:
    """What the actor's organisation was asked to say of a complaint; raises Missing."""
    found = queries.complaint(public_id)
    row = queries.reply_of(found, actor.organisation_id) if actor.organisation_id else None
    if row is None:
        raise Missing(f"complaint {public_id}")
    return row


def reply_for(actor: Actor, public_id: str) -> ComplaintReply:
    """A reply for who gave it, for officers of its area, and once the complaint is decided for
    who filed that; raises Missing."""
    row = queries.reply(public_id)
    found = row.complaint
    if row.organisation_id == actor.organisation_id or reads(actor, found):
        return row
    if found.organisation_id == actor.organisation_id and found.decided_at is not None:
        return row
    raise Missing(f"reply {public_id}")


def complaint_for(actor: Actor, public_id: str) -> SelectionComplaint:
    """The complaint, for who filed it and for officers of its area; raises Missing."""
    found = queries.complaint(public_id)
    if found.organisation_id == actor.organisation_id or reads(actor, found):
        return found
    raise Missing(f"complaint {public_id}")


def reads(actor: Actor, found: SelectionComplaint) -> bool:
    """Whether somebody reads it as an officer: of the area, and one about the bureau itself only
    at the superior office."""
    if not actor.may(Permission.SUPERVISION_VIEW):
        return False
    if not supervises(actor, found.jurisdiction_code):
        return False
    return found.about is not About.BUREAU or actor.may(Permission.AUDIT_READ)


def may_decide(actor: Actor, found: SelectionComplaint) -> bool:
    """Whether somebody accepts and decides it: an officer over the place with no part in the
    selection; about the bureau's own conduct an officer of the superior office."""
    return (
        actor.may(Permission.COMPLAINT_DECIDE)
        and oversees(actor, found.jurisdiction_code)
        and reads(actor, found)
        and actor.user_id not in queries.took_part(found.need)
    )


def complaint_to_decide(actor: Actor, public_id: str) -> SelectionComplaint:
    """The complaint, for whoever may decide it; raises Missing."""
    found = queries.complaint(public_id)
    if not may_decide(actor, found):
        raise Missing(f"complaint {public_id}")
    return found
