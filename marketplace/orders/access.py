"""Who may open an order: its owner; a firm its own part, once it was asked; others get 404."""

from __future__ import annotations

from marketplace.accounts.permissions import Permission
from marketplace.contracts import access as contracts
from marketplace.contracts.models import Deliverable
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.projects import access as projects

from . import queries
from .models import Order, OrderAsk


def order_for(actor: Actor, public_id: str) -> Order:
    """An order of the actor's own organisation."""
    found = queries.order(public_id)
    if found.owner_id != actor.organisation_id:
        raise Missing(f"order {public_id}")
    return found


def ask_for(actor: Actor, public_id: str) -> OrderAsk:
    """What the actor's own firm was asked; a firm still waiting in the sequence knows nothing."""
    found = queries.ask(public_id)
    if found.organisation_id != actor.organisation_id or found.asked_at is None:
        raise Missing(f"ask {public_id}")
    return found


def may_confirm(actor: Actor, found: Order) -> bool:
    """Whether the actor's role can bind the owner: the approver, or whoever acts alone."""
    if found.two_person:
        return actor.may(Permission.NEED_APPROVE) and actor.user_id != found.proposer_id
    return actor.may(Permission.NEED_APPROVE) or actor.may(Permission.NEED_EDIT)


def delivery_of_quick(actor: Actor, public_id: str) -> Deliverable:
    """A delivery the actor's own organisation accepts with its marks: that of a 小额快选."""
    found: Deliverable = contracts.deliverable_for(actor, public_id)
    order = queries.of_need(found.contract.need_id)
    if order is None or not order.quick or found.contract.owner_id != actor.organisation_id:
        raise Missing(f"delivery {public_id}")
    return found


def concluded_need(public_id: str) -> Order:
    """The order behind a published need."""
    found = queries.of_need(projects.public_need(public_id).id)
    if found is None:
        raise Missing(f"need {public_id} has no order")
    return found
