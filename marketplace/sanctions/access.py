"""Who may see a card or a case: the firm concerned and the offices over its jurisdiction."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.models import Organisation
from marketplace.accounts.overseeing import oversees, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Invalid, Missing

from . import queries
from .models import BlacklistingStatus, Card, CardStatus, Case


def is_officer(actor: Actor, jurisdiction_code: str) -> bool:
    """An office that oversees the jurisdiction."""
    return supervises(actor, jurisdiction_code)


def reads(actor: Actor, decision: Card | Case) -> bool:
    """Whether an officer reads it: one that was repaired stays for auditors only.

    (RULES section 11)
    """
    if not is_officer(actor, decision.jurisdiction_code):
        return False
    return actor.may(Permission.AUDIT_READ) or not is_repaired(decision)


def is_repaired(decision: Card | Case) -> bool:
    """Whether credit repair has taken the sanction off every page."""
    if isinstance(decision, Card):
        return decision.status is CardStatus.REPAIRED
    row = decision.blacklisting
    return row is not None and row.status is BlacklistingStatus.REPAIRED


def concerned(actor: Actor, organisation: Organisation) -> Organisation:
    """The organisation a card or case shall be about, if it belongs to the officer's area.

    Raises Invalid naming the field: a firm of another city is that city's to judge.
    """
    if not oversees(actor, organisation.jurisdiction_code):
        raise Invalid(
            _("该单位不属于本辖区，请移送其所在地的管理机构处理"),
            field="credit_code",
            rule="sanction.area",
        )
    return organisation


def card_for(actor: Actor, public_id: str) -> Card:
    """The card, for an officer or (once issued) the firm concerned; raises Missing."""
    found = queries.card(public_id)
    if reads(actor, found):
        return found
    hidden = (CardStatus.PROPOSED, CardStatus.REJECTED)
    if found.organisation_id == actor.organisation_id and found.status not in hidden:
        return found
    raise Missing(f"card {public_id}")


def case_for(actor: Actor, public_id: str) -> Case:
    """The case, for an officer or the firm concerned; raises Missing."""
    found = queries.case(public_id)
    if reads(actor, found):
        return found
    if found.organisation_id == actor.organisation_id:
        return found
    raise Missing(f"case {public_id}")


def card_for_officer(actor: Actor, public_id: str) -> Card:
    """The card, for an officer who oversees it; raises Missing."""
    found = queries.card(public_id)
    if not reads(actor, found):
        raise Missing(f"card {public_id}")
    return found


def case_for_officer(actor: Actor, public_id: str) -> Case:
    """The case, for an officer who oversees it; raises Missing."""
    found = queries.case(public_id)
    if not reads(actor, found):
        raise Missing(f"case {public_id}")
    return found
