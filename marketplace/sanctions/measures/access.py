"""Who may see a soft measure: the offices over it, and the firm once it was sent to it."""

from __future__ import annotations

from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.foundation.files import StoredFile

from ..access import is_officer
from . import queries
from .models import Measure, MeasureKind


def measure_for(actor: Actor, public_id: str) -> Measure:
    """The measure; raises Missing. A transfer to another authority is not the firm's to see."""
    found = queries.measure(public_id)
    if is_officer(actor, found.jurisdiction_code):
        return found
    sent = found.kind.for_firm and found.status in queries.SENT
    if found.organisation_id == actor.organisation_id and sent:
        return found
    raise Missing(f"measure {public_id}")


def measure_evidence_for(actor: Actor, found: Measure) -> StoredFile | None:
    """The officer's evidence, as far as a reader of the measure may open it.

    A hotline order names who called: the firm reads the facts in the letter, not the order.
    """
    if found.kind is MeasureKind.HOTLINE and not is_officer(actor, found.jurisdiction_code):
        return None
    return found.evidence_file


def measure_for_officer(actor: Actor, public_id: str) -> Measure:
    """The measure, for an officer who oversees it; raises Missing."""
    found = queries.measure(public_id)
    if not is_officer(actor, found.jurisdiction_code):
        raise Missing(f"measure {public_id}")
    return found
