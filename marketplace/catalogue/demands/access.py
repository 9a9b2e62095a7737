"""Who sees a case: whoever reported it, the department once it is taken in, the officers above."""

from __future__ import annotations

from marketplace.accounts.models import OrganisationFunction
from marketplace.accounts.overseeing import supervises
from marketplace.accounts.queries import organisation
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from .models import DemandStatus, OffListDemand


def is_department(actor: Actor) -> bool:
    """Whether the actor speaks for a department."""
    return (
        actor.organisation_id is not None
        and organisation(actor.organisation_id).function is OrganisationFunction.DEPARTMENT
    )


def is_told_of_reporter(actor: Actor, case: OffListDemand) -> bool:
    """The reporter itself and the officers above; the department never learns who it was."""
    if case.reporter_id == actor.organisation_id:
        return True
    return not is_department(actor) and supervises(actor, case.jurisdiction_code)


def case_for(actor: Actor, public_id: str) -> OffListDemand:
    """A case the actor has a part in; raises Missing."""
    found = by_public_id(OffListDemand, public_id)
    answers = found.department_id == actor.organisation_id and found.status not in (
        DemandStatus.REPORTED,
        DemandStatus.NOT_TAKEN,
    )
    if not answers and not is_told_of_reporter(actor, found):
        raise Missing(f"off-list demand {public_id}")
    return found


def case_of_bureau(actor: Actor, public_id: str) -> OffListDemand:
    """A case the actor's own bureau works on; raises Missing."""
    found = case_for(actor, public_id)
    if found.jurisdiction_code != actor.jurisdiction or is_department(actor):
        raise Missing(f"off-list demand {public_id}")
    return found


def case_of_department(actor: Actor, public_id: str) -> OffListDemand:
    """A case the actor's department is to answer; raises Missing."""
    found = case_for(actor, public_id)
    if found.department_id != actor.organisation_id:
        raise Missing(f"off-list demand {public_id}")
    return found
