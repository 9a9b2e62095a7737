"""Applications for credit repair, and from when one may be granted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from marketplace.foundation import calendar, clock, policy
from marketplace.foundation.db import db
from marketplace.foundation.finding import by_public_id

from ..models import BlacklistingStatus, Card, CardStatus, Case
from ..rules import Colour, SanctionsPolicy, Severity
from .models import CreditRepair, RepairStatus

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
            CreditRepair.status.in_((RepairStatus.FILED, RepairStatus.VERIFIED)),
        )
    )


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
        CreditRepair.decided_at.is_(None).desc(), CreditRepair.due_at, CreditRepair.id.desc()
    ).options(joinedload(CreditRepair.organisation), joinedload(CreditRepair.card))


def waiting(codes: Sequence[str], status: RepairStatus) -> list[CreditRepair]:
    """Applications at one step, soonest due first."""
    return list(db.session.scalars(repairs(codes).where(CreditRepair.status == status).limit(100)))
