"""Who may open an expert's file: the expert, and the officers of the pool's area."""

from __future__ import annotations

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationFunction
from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import Expert


def own_register(actor: Actor) -> str:
    """The register whose pool the actor would belong to."""
    return accounts.register_for(actor.jurisdiction)


def may_apply(actor: Actor) -> bool:
    """Anybody with an account but those who run or supervise the marketplace."""
    return actor.organisation_id is not None and accounts.organisation(
        actor.organisation_id
    ).function not in (OrganisationFunction.BUREAU, OrganisationFunction.SUPERIOR)


def overseen(actor: Actor, public_id: str) -> Expert:
    """An expert of the officer's area; raises Missing."""
    found = queries.expert(public_id)
    if not supervises(actor, found.register_code):
        raise Missing(f"expert {public_id}")
    return found


def of_bureau(actor: Actor, public_id: str) -> Expert:
    """An expert of the very pool the actor's bureau keeps; raises Missing."""
    found = overseen(actor, public_id)
    if found.register_code != actor.jurisdiction:
        raise Missing(f"expert {public_id}")
    return found


def readable(actor: Actor, public_id: str) -> Expert:
    """The expert himself or an officer of the area; raises Missing."""
    found = queries.expert(public_id)
    if found.user_id != actor.user_id and not supervises(actor, found.register_code):
        raise Missing(f"expert {public_id}")
    return found
