"""Whose contacts may be looked at when a choice brings people together, and by whom.

(RELIABILITY section 13.3: officers on a reason; owner and winner each other after the award.)
"""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.masking import masked
from marketplace.accounts.overseeing import supervises
from marketplace.accounts.permissions import Permission
from marketplace.accounts.revealing import Datum
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.projects import access as needs

from . import queries


def contact_of_need(actor: Actor, public_id: str, field: str) -> Datum:
    """Whom an owner named in its need: for officers of the area and the firm that won it."""
    need = needs.public_need(public_id)
    if field != "contact" or not (supervises(actor, need.jurisdiction_code) or _won(actor, need)):
        raise Missing(public_id)
    shown = f"{masked(need.contact_name, 'name')} {masked(need.contact_phone, 'contact')}"
    return Datum(_("需求联系人"), shown, need.owner_id)


def contact_of_winner(actor: Actor, public_id: str, field: str) -> Datum:
    """Whom the firm that won a need named for its business: for the owner, once the award is
    accepted. ``public_id`` is the need's. (RELIABILITY section 13.3: each other after the award.)
    """
    need = needs.public_need(public_id)
    firm = queries.winning_firm(need)
    buys = actor.may(Permission.NEED_EDIT) or actor.may(Permission.NEED_APPROVE)
    if firm is None or field != "agent" or actor.organisation_id != need.owner_id or not buys:
        raise Missing(public_id)
    shown = f"{masked(firm.agent_name, 'name')} {masked(firm.agent_phone, 'contact')}"
    return Datum(_("中选机构经办人"), shown, firm.organisation_id)


def _won(actor: Actor, need: needs.Need) -> bool:
    award = queries.final_award(need)
    return (
        award is not None
        and award.entry.organisation_id == actor.organisation_id
        and actor.may(Permission.FIRM_ENTER)
    )
