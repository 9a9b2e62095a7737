"""Who may see a stored price check: the public, who asked, the offices over its area."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts.overseeing import supervises
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Missing

from . import queries
from .models import PriceCheck
from .rules.judging import Gate

_PUBLISHED = (Gate.BUDGET, Gate.AWARD)

# table of what a quote is made for, or stands on → whether quotes of this row are closed
_closed: dict[str, Callable[[int, datetime], bool]] = {}


def quotes_closed_by(table: str, closed: Callable[[int, datetime], bool]) -> None:
    """Have ``closed(key, at)`` say of a row of ``table`` whether what was quoted for it at that
    instant may be read by officers; for the packages above, which know what a quote is made
    for."""
    _closed[table] = closed


# table of what a price stands on → the organisations it was agreed between
_parties: dict[str, Callable[[int], tuple[int, ...]]] = {}


def agreed_between(table: str, parties: Callable[[int], tuple[int, ...]]) -> None:
    """Have ``parties(key)`` name the organisations that a row of ``table`` binds: whichever of
    them asked about its price, the others may read the answer."""
    _parties[table] = parties


def _binds(check: PriceCheck, organisation_id: int) -> bool:
    table, key = check.subject_type, check.subject_id
    if check.refused or table not in _parties or key is None:
        return False
    return organisation_id in _parties[table](key)


def _is_closed(check: PriceCheck) -> bool:
    for table, key in (
        (check.matter_type, check.matter_id),
        (check.subject_type, check.subject_id),
    ):
        if table in _closed and key is not None:
            return _closed[table](key, check.checked_at)
    return False


def check_for(actor: Actor | None, public_id: str) -> PriceCheck:
    """A check this reader may see: budgets and awards are published with their need; the rest,
    and whatever was refused, is for the organisation that asked, for the other side of what was
    agreed, and for the officers of its area: a quote for these only when the quotes of its need
    are closed. Raises Missing otherwise."""
    found = queries.check(public_id)
    if found.stage in _PUBLISHED and not found.refused:
        return found
    if supervises(actor, found.jurisdiction_code) and (
        found.stage is not Gate.QUOTE or _is_closed(found)
    ):
        return found
    own = actor.organisation_id if actor is not None else None
    if own is not None and (found.organisation_id == own or _binds(found, own)):
        return found
    raise Missing(_("没有这份价格核对"), rule="fees.check")
