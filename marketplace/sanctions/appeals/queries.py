"""Appeals: by decision, of a firm, waiting for the superior bureau."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import joinedload

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.queries import lineage
from marketplace.foundation.db import db
from marketplace.foundation.finding import by_public_id

from ..models import Blacklisting, BlacklistingStatus, Card, CardStatus, Case
from .models import Appeal, AppealStatus


def appeal(public_id: str) -> Appeal:
    """By its public id; raises Missing."""
    return by_public_id(Appeal, public_id)


def appeal_against(decision: Card | Case) -> Appeal | None:
    """The appeal against a decision; there is one at most."""
    column = Appeal.card_id if isinstance(decision, Card) else Appeal.case_id
    return db.session.scalar(select(Appeal).where(column == decision.id))


def appeals_of(organisation_id: int) -> list[Appeal]:
    """A firm's own appeals, newest first."""
    return list(
        db.session.scalars(
            select(Appeal)
            .where(Appeal.organisation_id == organisation_id)
            .order_by(Appeal.id.desc())
            .limit(50)
        )
    )


def appeals(codes: Sequence[str], repaired: bool = True) -> Select[Appeal]:
    """Appeals against decisions of these jurisdictions: those waiting first, soonest due first;
    those against repaired sanctions are for auditors."""
    query = select(Appeal).where(Appeal.jurisdiction_code.in_(codes))
    if not repaired:
        query = query.where(
            ~exists().where(Card.id == Appeal.card_id, Card.status == CardStatus.REPAIRED),
            ~exists().where(
                Blacklisting.case_id == Appeal.case_id,
                Blacklisting.status == BlacklistingStatus.REPAIRED,
            ),
        )
    return query.order_by(
        Appeal.decided_at.is_(None).desc(), Appeal.due_at, Appeal.id.desc()
    ).options(joinedload(Appeal.organisation), joinedload(Appeal.card))


def waiting(codes: Sequence[str]) -> list[Appeal]:
    """Appeals to be decided, soonest due first."""
    return list(
        db.session.scalars(appeals(codes).where(Appeal.status == AppealStatus.FILED).limit(100))
    )


def reviewing_offices(jurisdiction_code: str) -> list[Organisation]:
    """The superior offices over a jurisdiction, which decide appeals."""
    return list(
        db.session.scalars(
            select(Organisation)
            .where(
                Organisation.function == OrganisationFunction.SUPERIOR,
                Organisation.jurisdiction_code.in_(lineage(jurisdiction_code)),
            )
            .order_by(Organisation.id)
        )
    )
