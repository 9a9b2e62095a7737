"""Who may propose a change of an item, and who works on a new edition."""

from __future__ import annotations

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.overseeing import supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from ..rules.items import Item
from .models import ItemProposal, ListDraft


def home_code(actor: Actor) -> str:
    """The place whose list an officer works on; raises Missing without one."""
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    return actor.jurisdiction


def office_of(actor: Actor) -> Organisation:
    """The actor's office; raises Missing without one."""
    if actor.organisation_id is None:
        raise Missing("no office")
    return accounts.organisation(actor.organisation_id)


def is_department(actor: Actor) -> bool:
    """Whether the actor speaks for a department, and so for its own items alone."""
    return office_of(actor).function is OrganisationFunction.DEPARTMENT


def may_propose(actor: Actor, item: Item) -> bool:
    """A department of its own items, the bureau of every one."""
    if not actor.may(Permission.CATALOGUE_PROPOSE):
        return False
    return not is_department(actor) or office_of(actor).office_code == item.department_code


def proposal_for(actor: Actor, public_id: str) -> ItemProposal:
    """A proposal: for the office that made it and officers of its place and above, of other
    departments none. Raises Missing."""
    found = by_public_id(ItemProposal, public_id)
    own = found.organisation_id == actor.organisation_id
    if not own and (is_department(actor) or not supervises(actor, found.jurisdiction_code)):
        raise Missing(f"proposal {public_id}")
    return found


def own_proposal(actor: Actor, public_id: str) -> ItemProposal:
    """A proposal for the list of the officer's own place; raises Missing."""
    found = by_public_id(ItemProposal, public_id)
    if found.jurisdiction_code != actor.jurisdiction:
        raise Missing(f"proposal {public_id}")
    return found


def draft_for(actor: Actor, public_id: str) -> ListDraft:
    """A new edition of the officer's place or one below; raises Missing."""
    found = by_public_id(ListDraft, public_id)
    if not supervises(actor, found.jurisdiction_code):
        raise Missing(f"list draft {public_id}")
    return found


def own_draft(actor: Actor, public_id: str) -> ListDraft:
    """A new edition of the officer's own place; raises Missing."""
    found = by_public_id(ListDraft, public_id)
    if found.jurisdiction_code != actor.jurisdiction:
        raise Missing(f"list draft {public_id}")
    return found
