"""Applications for credit repair, and from when one may be granted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.queries import lineage
from marketplace.foundation import calendar, clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.finding import by_public_id

from ..models import BlacklistingStatus, Card, CardStatus, Case, Cause
from ..national.queries import last_end
from ..queries import cards_of, cases_of
from ..rules import Colour, SanctionsPolicy, Severity
from .models import OPEN_REPAIRS, CreditRepair, RepairStatus

REPAIRABLE_CARDS = (CardStatus.SUSPENDED, CardStatus.CORRECTED, CardStatus.ENDED)


def repair(public_id: str) -> CreditRepair:
    """By its public id; raises Missing."""
    return by_public_id(CreditRepair, public_id)


def repairable(decision: Card | Case) -> bool:
    """Whether a sanction stands that could be repaired; a yellow card once it is corrected."""
    if isinstance(decision, Card):
        return decision.status in REPAIRABLE_CARDS
    row = decision.blacklisting
    return row is not None and row.status is BlacklistingStatus.IN_FORCE


def is_stayed(decision: Card | Case) -> bool:
    """Whether a review has stopped the sanction for the time being: nothing to repair meanwhile."""
    if isinstance(decision, Card):
        return decision.status is CardStatus.STAYED
    row = decision.blacklisting
    return row is not None and row.status is BlacklistingStatus.STAYED


def follows_source(decision: Card | Case, now: datetime) -> bool:
    """Whether it rests on the national list: repaired where the listing was decided, not here."""
    if isinstance(decision, Card) or decision.cause is not Cause.DISHONESTY_LIST:
        return False
    codes = lineage(decision.jurisdiction_code)
    return last_end(decision.organisation, codes, now) is not None


def severity_of(decision: Card | Case) -> Severity:
    """How grave it is for repair: a yellow card is slight, a red one ordinary."""
    if isinstance(decision, Card):
        return Severity.SLIGHT if decision.colour is Colour.YELLOW else Severity.ORDINARY
    assert decision.severity is not None
    return decision.severity


def repairable_from(decision: Card | Case) -> date:
    """The first day on which repair may be asked for: the shortest publicity is over."""
    assert decision.decided_at is not None
    assert decision.edition_id is not None
    values = policy.by_id(SanctionsPolicy, decision.edition_id).values
    months = values.shortest_shown(severity_of(decision))
    return calendar.add_months(clock.local_day(decision.decided_at), months)


def open_repair(decision: Card | Case) -> CreditRepair | None:
    """The application that is being dealt with."""
    column = CreditRepair.card_id if isinstance(decision, Card) else CreditRepair.case_id
    return db.session.scalar(
        select(CreditRepair).where(
            column == decision.id,
            CreditRepair.status.in_(OPEN_REPAIRS),
        )
    )


@dataclass(frozen=True)
class RepairTerm:
    """A sanction that stands and the first day on which its repair may be asked for."""

    decision: Card | Case
    title: Any
    first: date

    @property
    def is_card(self) -> bool:
        """A card, not a blacklisting."""
        return isinstance(self.decision, Card)


def repair_terms(organisation_id: int, now: datetime) -> list[RepairTerm]:
    """What an organisation may have repaired here, whether already or later, the soonest first."""
    found: list[Card | Case] = [*cards_of(organisation_id), *cases_of(organisation_id)]
    terms = [
        RepairTerm(
            each,
            each.title if isinstance(each, Card) else _l("列入本平台黑名单"),
            repairable_from(each),
        )
        for each in found
        if repairable(each) and not follows_source(each, now) and open_repair(each) is None
    ]
    return sorted(terms, key=lambda term: term.first)


def repairs_of(organisation_id: int) -> list[CreditRepair]:
    """A firm's own applications, newest first."""
    return list(
        db.session.scalars(
            select(CreditRepair)
            .where(CreditRepair.organisation_id == organisation_id)
            .order_by(CreditRepair.id.desc())
            .limit(50)
        )
    )


def repairs(codes: Sequence[str], granted: bool = True) -> Select[CreditRepair]:
    """Applications to these jurisdictions: those waiting first, soonest due first; those granted
    are for auditors."""
    query = select(CreditRepair).where(CreditRepair.jurisdiction_code.in_(codes))
    if not granted:
        query = query.where(CreditRepair.status != RepairStatus.GRANTED)
    return query.order_by(
        CreditRepair.status.in_(OPEN_REPAIRS).desc(), CreditRepair.due_at, CreditRepair.id.desc()
    ).options(joinedload(CreditRepair.organisation), joinedload(CreditRepair.card))


def waiting(codes: Sequence[str], status: RepairStatus) -> list[CreditRepair]:
    """Applications at one step, soonest due first."""
    return list(db.session.scalars(repairs(codes).where(CreditRepair.status == status).limit(100)))
