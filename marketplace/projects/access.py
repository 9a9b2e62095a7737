"""Which needs a person may open: their own organisation's, and what the public may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from marketplace.foundation import policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions.consequences import follows_too

from . import queries
from .models import Need, NeedAttachment, NeedCorrection
from .rules import GRADES, SelectionPolicy


def _no_government_money(grade: Grade, lineage: Sequence[str], day: date) -> Any:
    """Said of a grade below the least that government-invested needs ask for."""
    least = policy.in_force(SelectionPolicy, lineage, day).values.government_minimum_grade
    # a D takes on nothing new at all
    if grade is Grade.D or GRADES.index(grade.value) <= GRADES.index(least):
        return None
    return _l("不得承接政府投资项目")


follows_too(_no_government_money)


def need_for(actor: Actor, public_id: str) -> Need:
    """A need of the actor's own organisation; anybody else's answers Missing."""
    need = queries.need(public_id)
    if need.owner_id != actor.organisation_id or (need.is_ordered and not need.is_public):
        # what stands behind an order is handled on the order's page
        raise Missing(f"need {public_id}")
    return need


def public_need(public_id: str) -> Need:
    """A need the public may see: everything that was ever published."""
    need = queries.need(public_id)
    if not need.is_public:
        raise Missing(f"need {public_id}")
    return need


def correction_for(actor: Actor, public_id: str) -> NeedCorrection:
    """A correction of one of the actor's own needs."""
    correction = queries.correction(public_id)
    if correction.need.owner_id != actor.organisation_id:
        raise Missing(f"correction {public_id}")
    return correction


def attachment_for(actor: Actor | None, public_id: str) -> NeedAttachment:
    """A file of a published need, or of one of the actor's own."""
    found = queries.attachment(public_id)
    need = queries.need_by_id(found.need_id)
    own = actor is not None and need.owner_id == actor.organisation_id
    if not (own or need.is_public):
        raise Missing(f"attachment {public_id}")
    return found
