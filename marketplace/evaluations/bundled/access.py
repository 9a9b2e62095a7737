"""Who sees what a department's score rests on."""

from __future__ import annotations

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.overseeing import area_of, supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db


def may_open(actor: Actor | None, department: Organisation) -> bool:
    """Whether the contracts and checks behind a score, and the running year, may be seen: by the
    department itself and by the officers above it, never by another department."""
    if actor is None:
        return False
    if actor.organisation_id == department.id:
        return True
    return not _of_a_department(actor) and supervises(actor, department.jurisdiction_code)


def departments_for(actor: Actor) -> list[Organisation]:
    """The departments whose standing an officer sees: all of the area, of a department its own."""
    if _of_a_department(actor):
        return [db.session.get_one(Organisation, actor.organisation_id)]
    return accounts.departments_of(area_of(actor))


def _of_a_department(actor: Actor) -> bool:
    office = db.session.get(Organisation, actor.organisation_id or 0)
    return office is not None and office.function is OrganisationFunction.DEPARTMENT
