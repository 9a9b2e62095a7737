"""Soft measures: of an area, of a firm, waiting for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from marketplace.foundation.db import as_written, db
from marketplace.foundation.finding import by_public_id

from .models import Measure, MeasureKind, MeasureStatus

SENT = (
    MeasureStatus.OPEN,
    MeasureStatus.REPLIED,
    MeasureStatus.OVERDUE,
    MeasureStatus.CLOSED,
)


def measure(public_id: str) -> Measure:
    """By its public id; raises Missing."""
    return by_public_id(Measure, public_id)


def is_taken_in(reference: str, jurisdiction_code: str) -> bool:
    """Whether a hotline order of this number was taken in here already."""
    found = select(Measure.id).where(
        Measure.kind == MeasureKind.HOTLINE,
        Measure.reference == reference,
        Measure.jurisdiction_code == jurisdiction_code,
    )
    return db.session.scalar(found.limit(as_written(1))) is not None


def measures(codes: Sequence[str], kind: MeasureKind | None = None) -> Select[Measure]:
    """Measures of these jurisdictions: those not closed first, then newest."""
    query = (
        select(Measure)
        .where(Measure.jurisdiction_code.in_(codes))
        .options(joinedload(Measure.organisation))
    )
    if kind is not None:
        query = query.where(Measure.kind == kind)
    return query.order_by(Measure.closed_at.is_(None).desc(), Measure.id.desc())


def measures_of(organisation_id: int) -> list[Measure]:
    """What a firm was sent, newest first."""
    return list(
        db.session.scalars(
            select(Measure)
            .where(
                Measure.organisation_id == organisation_id,
                Measure.status.in_(SENT),
                Measure.kind != MeasureKind.TRANSFER,
            )
            .order_by(Measure.id.desc())
            .limit(50)
        )
    )


def talks_held(codes: Sequence[str], now: datetime) -> list[Measure]:
    """Talks whose time has come and whose record is still missing, the earliest first."""
    return list(
        db.session.scalars(
            select(Measure)
            .where(
                Measure.kind == MeasureKind.TALK,
                Measure.status == MeasureStatus.OPEN,
                Measure.meeting_at <= now,
                Measure.jurisdiction_code.in_(codes),
            )
            .order_by(Measure.meeting_at, Measure.id)
            .limit(100)
            .options(joinedload(Measure.organisation))
        )
    )


def waiting(codes: Sequence[str], status: MeasureStatus) -> list[Measure]:
    """Measures at one step, the one that has waited longest first."""
    return list(
        db.session.scalars(
            select(Measure)
            .where(Measure.status == status, Measure.jurisdiction_code.in_(codes))
            .order_by(Measure.status_since, Measure.id)
            .limit(100)
            .options(joinedload(Measure.organisation))
        )
    )
