"""Awards: of a need, what a firm must answer, what an owner must pick or approve."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.foundation.db import db
from marketplace.foundation.finding import by_public_id
from marketplace.intermediaries.models import Firm
from marketplace.projects.models import (
    Need,
    NeedStatus,
    SelectionMethod,
)

from ..models import (
    LIVE_AWARDS,
    Award,
    AwardStatus,
)
from .rounds import undecided_annulment


def award_of(need: Need) -> Award | None:
    """The award that lives, from proposal to acceptance."""
    return db.session.scalar(
        select(Award).where(Award.need_id == need.id, Award.status.in_(LIVE_AWARDS))
    )


def final_award(need: Need) -> Award | None:
    """The award that is final and accepted: what a contract is made from."""
    return db.session.scalar(
        select(Award).where(Award.need_id == need.id, Award.status == AwardStatus.ACCEPTED)
    )


def winning_firm(need: Need) -> Firm | None:
    """The registration behind the accepted award; None while nobody has accepted."""
    award = final_award(need)
    return db.session.get(Firm, award.entry.firm_id) if award is not None else None


def awards_of(need: Need) -> list[Award]:
    """Every award of a need, oldest first."""
    return list(
        db.session.scalars(select(Award).where(Award.need_id == need.id).order_by(Award.id))
    )


def award(public_id: str) -> Award:
    """By public id; raises Missing."""
    return by_public_id(Award, public_id)


def awards_to_accept(organisation_id: int) -> list[Award]:
    """What a firm must accept or decline, by deadline; nothing whose draw may yet be annulled."""
    return list(
        db.session.scalars(
            select(Award)
            .where(
                Award.organisation_id == organisation_id,
                Award.status == AwardStatus.OFFERED,
                ~undecided_annulment(),
            )
            .order_by(Award.accept_by, Award.id)
        )
    )


def picks_to_approve(organisation_id: int) -> list[Award]:
    """Direct picks that wait for an owner's approver, oldest first."""
    return list(
        db.session.scalars(
            select(Award)
            .join(Need, Need.id == Award.need_id)
            .where(Need.owner_id == organisation_id, Award.status == AwardStatus.PROPOSED)
            .order_by(Award.id)
        )
    )


def needs_to_pick(organisation_id: int, now: datetime) -> list[Need]:
    """Needs of an owner whose list is frozen and whose firm is to be picked."""
    live = select(Award.need_id).where(Award.status.in_(LIVE_AWARDS))
    return list(
        db.session.scalars(
            select(Need)
            .where(
                Need.owner_id == organisation_id,
                Need.status == NeedStatus.SELECTING,
                Need.method == SelectionMethod.DIRECT_PICK,
                Need.choice_at <= now,
                Need.id.not_in(live),
            )
            .order_by(Need.choice_at, Need.id)
        )
    )
