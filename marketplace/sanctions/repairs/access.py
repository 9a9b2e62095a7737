"""Who may see an application for credit repair, and who deals with it."""

from __future__ import annotations

from marketplace.accounts.permissions import Permission
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from ..access import is_officer
from ..appeals.access import took_part
from . import queries
from .models import CreditRepair, RepairStatus


def repair_for(actor: Actor, public_id: str) -> CreditRepair:
    """The application, for the firm and the offices over it; raises Missing.

    Once granted, of the officers for auditors and whoever verified or decided it.
    """
    found = queries.repair(public_id)
    if found.organisation_id == actor.organisation_id:
        return found
    reads = (
        found.status is not RepairStatus.GRANTED
        or actor.may(Permission.AUDIT_READ)
        or actor.user_id in (found.verified_by, found.decided_by)
    )
    if not reads or not is_officer(actor, found.jurisdiction_code):
        raise Missing(f"repair {public_id}")
    return found


def repair_for_officer(actor: Actor, public_id: str) -> CreditRepair:
    """The application, for the office that made the decision; raises Missing."""
    found = queries.repair(public_id)
    if actor.jurisdiction != found.jurisdiction_code or not is_officer(
        actor, found.jurisdiction_code
    ):
        raise Missing(f"repair {public_id}")
    return found


def may_verify(actor: Actor, found: CreditRepair) -> bool:
    """An operator of the office that made the decision."""
    return actor.may(Permission.SANCTION_PROPOSE) and actor.jurisdiction == found.jurisdiction_code


def may_decide(actor: Actor, found: CreditRepair) -> bool:
    """An approver of that office with no part in the sanction or the verification."""
    return (
        actor.may(Permission.SANCTION_DECIDE)
        and actor.jurisdiction == found.jurisdiction_code
        and actor.user_id not in {*took_part(found.decision), found.verified_by}
    )
