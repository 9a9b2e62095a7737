"""Who may see an appointment, and which contracts an assessor may mark."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.accounts.overseeing import supervises
from marketplace.contracts.models import Contract
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.finding import by_public_id

from ..models import Evaluation, EvaluationWindow
from ..queries import window_of
from . import awaiting, queries
from .models import AssessorAppointment


def appointment_of(actor: Actor, public_id: str) -> AssessorAppointment:
    """An appointment of the officer's area; raises Missing."""
    found = by_public_id(AssessorAppointment, public_id)
    if not supervises(actor, found.jurisdiction_code):
        raise Missing(f"appointment {public_id}")
    return found


def contract_for(
    actor: Actor, public_id: str, now: datetime
) -> tuple[Contract, EvaluationWindow, Evaluation | None]:
    """A contract the actor's organisation may assess now, or has assessed. Raises Missing.

    What it gave it may read on after its appointment has ended; it may not mark any more.
    """
    contract = db.session.scalar(select(Contract).where(Contract.public_id == public_id))
    window = window_of(contract) if contract is not None else None
    if contract is None or window is None or actor.organisation_id is None:
        raise Missing(f"contract {public_id}")
    own = queries.assessment(window, actor.organisation_id)
    if own is None and awaiting.appointment_for(window, actor.organisation_id, now) is None:
        raise Missing(f"contract {public_id}")
    return contract, window, own
