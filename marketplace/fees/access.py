"""Who may see a stored price check: the public, who asked, the offices over its area."""

from __future__ import annotations

from flask_babel import gettext as _

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import PriceCheck
from .rules.judging import Gate

_PUBLISHED = (Gate.BUDGET, Gate.AWARD)


def check_for(actor: Actor | None, public_id: str) -> PriceCheck:
    """A check this reader may see: budgets and awards are published with their need; the rest,
    and whatever was refused, is for the organisation that asked and the officers of its area.
    Raises Missing otherwise."""
    found = queries.check(public_id)
    if found.stage in _PUBLISHED and not found.refused:
        return found
    if supervises(actor, found.jurisdiction_code):
        return found
    if actor is not None and found.organisation_id == actor.organisation_id is not None:
        return found
    raise Missing(_("没有这份价格核对"), rule="fees.check")
