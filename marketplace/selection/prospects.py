"""How many firms could enter a need that is still being written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.models import InvestmentKind, Need
from marketplace.ratings.rules.entries import Grade

from . import queries

FEW = 3


@dataclass(frozen=True)
class Prospect:
    """``offering`` firms are listed for the item, ``eligible`` of them could enter now."""

    item_name: str
    offering: int
    eligible: int

    @property
    def few(self) -> bool:
        """Fewer than three: requirements only one or two can meet are looked into."""
        return self.eligible < FEW


def prospect(
    item_code: str, owner_id: int, investment: str, minimum_grade: str, now: datetime
) -> Prospect:
    """The prospect of a need of an owner with these answers; an answer that is none of the form's
    counts as not given. Raises Missing for an item the list in force does not hold. Nothing is
    stored."""
    owner = accounts.organisation(owner_id)
    lineage = accounts.lineage(owner.jurisdiction_code)
    item = catalogue.item(item_code, clock.local_day(now), lineage)
    need = Need(
        jurisdiction_code=owner.jurisdiction_code,
        owner_id=owner_id,
        item_code=item.code,
        investment=_known(InvestmentKind, investment) or InvestmentKind.ENTERPRISE,
        minimum_grade=_known(Grade, minimum_grade),
        qualifications=list(item.qualifications),
        any_qualification=item.qualification_rule == "any",
    )
    register = accounts.register_of(owner.jurisdiction_code)
    return Prospect(
        item_name=item.name,
        offering=len(intermediaries.organisations_offering(register, item.code)),
        eligible=len(queries.eligible_firm_ids(need, now)),
    )


def _known(kind: type, value: str) -> object | None:
    try:
        return kind(value)
    except ValueError:
        return None
