"""Whose matters an office looks after: those of its own area and of the areas below it.

Every package's ``access`` asks here; what lies outside answers as if it were not there.
"""

from __future__ import annotations

from flask import current_app
from sqlalchemy import Select, select

from marketplace.foundation.actor import Actor

from .models import Organisation
from .permissions import Permission
from .queries import below, lineage


def oversees(actor: Actor | None, jurisdiction_code: str) -> bool:
    """Whether the actor's office is that of the jurisdiction or stands above it."""
    return actor is not None and actor.jurisdiction in lineage(jurisdiction_code)


def supervises(actor: Actor | None, jurisdiction_code: str) -> bool:
    """The same of somebody who may look into other people's matters at all: an officer."""
    return (
        actor is not None
        and actor.may(Permission.SUPERVISION_VIEW)
        and oversees(actor, jurisdiction_code)
    )


def area_of(actor: Actor) -> list[str]:
    """The jurisdictions an office looks after, its own first: what its lists are drawn from.

    Somebody without an area is taken for this installation's.
    """
    return below(actor.jurisdiction or current_app.config["JURISDICTION"])


def organisations_of(actor: Actor) -> Select[int]:
    """The keys of the organisations in the actor's area, to be used inside another query."""
    return select(Organisation.id).where(Organisation.jurisdiction_code.in_(area_of(actor)))
