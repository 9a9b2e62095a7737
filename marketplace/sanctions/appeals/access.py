"""Who may see an appeal, and who decides it."""

from __future__ import annotations

from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from ..access import is_officer, reads
from ..models import Card, Case
from . import queries
from .models import Appeal


def appeal_for(actor: Actor, public_id: str) -> Appeal:
    """The appeal, for the firm, the bureau whose decision it is and those above; raises Missing.

    Once the sanction is repaired, of the officers for auditors only.
    """
    found = queries.appeal(public_id)
    if found.organisation_id == actor.organisation_id or reads(actor, found.decision):
        return found
    raise Missing(f"appeal {public_id}")


def may_review(actor: Actor, found: Appeal) -> bool:
    """Whether somebody decides it: of the superior office, and no part in the decision."""
    return (
        actor.may(Permission.SANCTION_REVIEW)
        and is_officer(actor, found.jurisdiction_code)
        and actor.user_id not in took_part(found.decision)
    )


def appeal_to_review(actor: Actor, public_id: str) -> Appeal:
    """The appeal, for whoever may decide it; raises Missing."""
    found = queries.appeal(public_id)
    if not may_review(actor, found):
        raise Missing(f"appeal {public_id}")
    return found


def took_part(decision: Card | Case) -> set[int | None]:
    """Who reported, proposed or decided."""
    people: set[int | None] = {decision.proposed_by, decision.decided_by}
    if isinstance(decision, Case):
        people.add(decision.reported_by)
    return people - {None}
