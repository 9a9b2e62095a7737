"""Branches, agents, professionals on their way from one firm to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased, joinedload

from marketplace.foundation.db import as_written, db

from ...models import Firm, Practitioner
from ..models import TO_DECIDE, Branch, FirmAgent, Transfer, TransferStatus


def branches_of(firm_id: int) -> list[Branch]:
    """The branches on file now, by name."""
    return list(
        db.session.scalars(
            select(Branch)
            .where(Branch.firm_id == firm_id, Branch.ended_at.is_(None))
            .order_by(Branch.name, Branch.id)
        )
    )


def agents_of(firm_id: int) -> list[FirmAgent]:
    """Everybody who was authorised for a firm, the last first."""
    return list(
        db.session.scalars(
            select(FirmAgent).where(FirmAgent.firm_id == firm_id).order_by(FirmAgent.id.desc())
        )
    )


def agent_now(firm_id: int) -> FirmAgent | None:
    """Who is authorised now."""
    return db.session.scalar(
        select(FirmAgent).where(FirmAgent.firm_id == firm_id, FirmAgent.ended_at.is_(None))
    )


def standing(number: str) -> Practitioner | None:
    """The professional of this certificate, wherever registered now."""
    return db.session.scalar(
        select(Practitioner).where(Practitioner.number == number, Practitioner.ended_at.is_(None))
    )


def expiring_people(firm_id: int, day: date, within_days: int = 60) -> list[Practitioner]:
    """Professionals whose certificate ends within so many days, or has ended."""
    return list(
        db.session.scalars(
            select(Practitioner)
            .where(
                Practitioner.firm_id == firm_id,
                Practitioner.ended_at.is_(None),
                Practitioner.valid_until <= day + timedelta(days=within_days),
            )
            .order_by(Practitioner.valid_until, Practitioner.id)
        )
    )


def transfers(firm_id: int) -> list[Transfer]:
    """What a firm asked for or is asked to release, the newest first."""
    return list(
        db.session.scalars(
            select(Transfer)
            .where(or_(Transfer.firm_id == firm_id, Transfer.from_firm_id == firm_id))
            .order_by(Transfer.id.desc())
            .limit(as_written(200))
        )
    )


def transfers_for(codes: Sequence[str]) -> Select[Transfer]:
    """The requests officers of these registers see (either firm's), to be decided first."""
    other = aliased(Firm)
    return (
        select(Transfer)
        .join(Firm, Firm.id == Transfer.firm_id)
        .join(other, other.id == Transfer.from_firm_id)
        .where(Firm.register_code.in_(codes) | other.register_code.in_(codes))
        .order_by(Transfer.status.in_(TO_DECIDE).desc(), Transfer.id.desc())
    )


def waiting_transfers(codes: Sequence[str], limit: int) -> list[Transfer]:
    """Those an officer of the present firm's register decides, by deadline."""
    return list(
        db.session.scalars(
            select(Transfer)
            .join(Firm, Firm.id == Transfer.from_firm_id)
            .where(Firm.register_code.in_(codes), Transfer.status.in_(TO_DECIDE))
            .options(joinedload(Transfer.firm).joinedload(Firm.organisation))
            .order_by(Transfer.decide_by, Transfer.id)
            .limit(as_written(limit))
        )
    )


def to_answer(firm_id: int) -> list[Transfer]:
    """Requests a firm must answer, by deadline."""
    return list(
        db.session.scalars(
            select(Transfer)
            .where(Transfer.from_firm_id == firm_id, Transfer.status == TransferStatus.ASKED)
            .order_by(Transfer.answer_by, Transfer.id)
            .limit(as_written(100))
        )
    )
