"""Cards and cases: in force, of a firm, at a step, and how long they may be appealed against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import aliased, joinedload

from marketplace.foundation import policy
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import as_written, db
from marketplace.foundation.finding import by_public_id
from marketplace.ratings.models import EntryKind, RatingEntry

from ..models import (
    Blacklisting,
    BlacklistingStatus,
    Card,
    CardStatus,
    Case,
    CaseStatus,
)
from ..rules import SanctionsPolicy
from .bars import PUBLIC_CARDS

STANDING_CARDS = (
    CardStatus.CORRECTING,
    CardStatus.REPORTED,
    CardStatus.UNCORRECTED,
    CardStatus.CORRECTED,
    CardStatus.SUSPENDED,
    CardStatus.STAYED,
    CardStatus.ENDED,
)
OWN_CARDS = (*STANDING_CARDS, CardStatus.REVOKED, CardStatus.REPAIRED)


def cards_in_force(
    now: datetime,
    organisation_id: int | None = None,
    limit: int = 100,
    codes: Sequence[str] | None = None,
) -> list[Card]:
    """Yellow cards being corrected and red cards that suspend now; what the public may read."""
    query = select(Card).where(
        Card.status.in_(PUBLIC_CARDS), or_(Card.until_at.is_(None), Card.until_at > now)
    )
    if organisation_id is not None:
        query = query.where(Card.organisation_id == organisation_id)
    if codes is not None:
        query = query.where(Card.jurisdiction_code.in_(codes))
    return list(
        db.session.scalars(
            query.order_by(Card.decided_at.desc(), Card.id.desc()).limit(as_written(limit))
        )
    )


def card(public_id: str) -> Card:
    """By its public id; raises Missing."""
    return by_public_id(Card, public_id)


def case(public_id: str) -> Case:
    """By its public id; raises Missing."""
    return by_public_id(Case, public_id)


def issued_cards(organisation_id: int, register_codes: Sequence[str]) -> list[Card]:
    """Every card issued to a firm in these jurisdictions, oldest first."""
    return list(
        db.session.scalars(
            select(Card)
            .where(
                Card.organisation_id == organisation_id,
                Card.jurisdiction_code.in_(register_codes),
                Card.status.in_(STANDING_CARDS),
            )
            .order_by(Card.decided_at, Card.id)
        )
    )


def follower_of(found: Card) -> Card | None:
    """The red card the clock or an officer made of an uncorrected yellow one."""
    return db.session.scalar(select(Card).where(Card.follows_id == found.id))


def cards_of(organisation_id: int, limit: int = 50) -> list[Card]:
    """A firm's own cards, newest first; those only proposed are not its business yet."""
    return list(
        db.session.scalars(
            select(Card)
            .where(Card.organisation_id == organisation_id, Card.status.in_(OWN_CARDS))
            .order_by(Card.id.desc())
            .limit(as_written(limit))
        )
    )


def cases_of(organisation_id: int, limit: int = 50) -> list[Case]:
    """A firm's own cases, newest first."""
    return list(
        db.session.scalars(
            select(Case)
            .where(Case.organisation_id == organisation_id)
            .order_by(Case.id.desc())
            .limit(as_written(limit))
        )
    )


@dataclass(frozen=True)
class AppealPeriod:
    """A decision on an organisation and until when it may be appealed against."""

    title: str
    decided_at: datetime
    until: datetime
    card: Card | None = None
    case: Case | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether the period still runs."""
        return now < self.until


def appeal_periods(organisation_id: int, now: datetime) -> list[AppealPeriod]:
    """Decisions on an organisation with their appeal periods, the open ones first, then latest.

    ``appeal_days`` working days of the edition the decision was made under. (RULES section 11)
    """
    found = [
        AppealPeriod(str(card.title), card.decided_at, appeal_end(card), card=card)
        for card in cards_of(organisation_id)
        if card.decided_at is not None and card.edition_id is not None
    ] + [
        AppealPeriod(str(case.cause.title), case.decided_at, appeal_end(case), case=case)
        for case in cases_of(organisation_id)
        if case.status is CaseStatus.DECIDED and case.decided_at is not None
    ]
    found.sort(key=lambda period: period.decided_at, reverse=True)
    return sorted(found, key=lambda period: not period.is_open(now))


def appeal_end(decision: Card | Case) -> datetime:
    """Until when a decision may be appealed against, by the edition it was made under."""
    assert decision.decided_at is not None
    assert decision.edition_id is not None
    values = policy.by_id(SanctionsPolicy, decision.edition_id).values
    return working_calendar().deadline(decision.decided_at, values.appeal_days)


def cases(
    jurisdiction_codes: Sequence[str], status: CaseStatus | None = None, repaired: bool = True
) -> Select[Case]:
    """Cases of these jurisdictions, open ones first, then newest; repaired ones are for auditors."""
    query = select(Case).where(Case.jurisdiction_code.in_(jurisdiction_codes))
    if not repaired:
        query = query.where(
            ~exists().where(
                Blacklisting.case_id == Case.id,
                Blacklisting.status == BlacklistingStatus.REPAIRED,
            )
        )
    if status is not None:
        query = query.where(Case.status == status)
    return query.order_by(Case.decided_at.is_(None).desc(), Case.id.desc())


def entries_of(decision: Card | Case, from_the_start: bool = False) -> list[RatingEntry]:
    """The rating entries that rest on a decision and were not reversed, oldest first.

    ``from_the_start``: those too that were reversed from a later day than they took effect.
    """
    reversals = aliased(RatingEntry)
    undone = exists().where(reversals.reverses_id == RatingEntry.id)
    if from_the_start:
        undone = undone.where(reversals.takes_effect_on <= RatingEntry.takes_effect_on)
    return list(
        db.session.scalars(
            select(RatingEntry)
            .where(
                RatingEntry.evidence_type == decision.__tablename__,
                RatingEntry.evidence_id == decision.id,
                RatingEntry.kind.in_((EntryKind.CONDUCT, EntryKind.VETO)),
                ~undone,
            )
            .order_by(RatingEntry.id)
        )
    )


def cases_with(status: CaseStatus, jurisdiction_codes: Sequence[str]) -> list[Case]:
    """Open cases at one step, the one that has waited longest first."""
    return list(
        db.session.scalars(
            select(Case)
            .where(Case.status == status, Case.jurisdiction_code.in_(jurisdiction_codes))
            .order_by(Case.status_since, Case.id)
            .limit(100)
            .options(joinedload(Case.organisation))
        )
    )


def cards_with(status: CardStatus, jurisdiction_codes: Sequence[str]) -> list[Card]:
    """Cards at one step, the one that has waited longest first."""
    return list(
        db.session.scalars(
            select(Card)
            .where(Card.status == status, Card.jurisdiction_code.in_(jurisdiction_codes))
            .order_by(Card.status_since, Card.id)
            .limit(100)
            .options(joinedload(Card.organisation))
        )
    )
