"""Reads of cases of off-list demands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select

from marketplace.foundation.db import as_written, db

from .models import ENDED, DemandStatus, OffListDemand


def cases(codes: Sequence[str], department_id: int | None = None) -> Select[OffListDemand]:
    """The cases of these places, the newest first; of one department those taken in."""
    query = select(OffListDemand).where(OffListDemand.jurisdiction_code.in_(codes))
    if department_id is not None:
        query = query.where(
            OffListDemand.department_id == department_id,
            OffListDemand.status.not_in((DemandStatus.REPORTED, DemandStatus.NOT_TAKEN)),
        )
    return query.order_by(OffListDemand.id.desc())


def reported_by(organisation_id: int) -> Select[OffListDemand]:
    """What an organisation reported, the newest first."""
    return (
        select(OffListDemand)
        .where(OffListDemand.reporter_id == organisation_id)
        .order_by(OffListDemand.id.desc())
    )


def waiting(
    statuses: Iterable[DemandStatus], codes: Sequence[str], department_id: int | None = None
) -> list[OffListDemand]:
    """The cases at one of these steps, the oldest first."""
    query = cases(codes, department_id).where(OffListDemand.status.in_(list(statuses)))
    return list(
        db.session.scalars(query.order_by(None).order_by(OffListDemand.id).limit(as_written(100)))
    )


def under_way(reporter_id: int, department_id: int, item_name: str) -> OffListDemand | None:
    """A case of the same reporter about the same demand that is not ended."""
    return db.session.scalar(
        select(OffListDemand).where(
            OffListDemand.reporter_id == reporter_id,
            OffListDemand.department_id == department_id,
            OffListDemand.item_name == item_name,
            OffListDemand.status.not_in(ENDED),
        )
    )


def upheld_in(department_id: int, begins: datetime, ends: datetime) -> list[int]:
    """The keys of the cases found true against a department, decided from ``begins`` on and
    before ``ends``."""
    return list(
        db.session.scalars(
            select(OffListDemand.id)
            .where(
                OffListDemand.department_id == department_id,
                OffListDemand.status == DemandStatus.UPHELD,
                OffListDemand.decided_at >= begins,
                OffListDemand.decided_at < ends,
            )
            .order_by(OffListDemand.id)
        )
    )


def upheld_by_department(
    department_ids: Iterable[int], begins: datetime, ends: datetime
) -> dict[int, int]:
    """How many cases were found true in a time, by department, in one statement."""
    rows = db.session.execute(
        select(OffListDemand.department_id, func.count())
        .where(
            OffListDemand.department_id.in_(list(department_ids)),
            OffListDemand.status == DemandStatus.UPHELD,
            OffListDemand.decided_at >= begins,
            OffListDemand.decided_at < ends,
        )
        .group_by(OffListDemand.department_id)
    )
    return {row[0]: row[1] for row in rows}


def by_ids(ids: Iterable[int]) -> list[OffListDemand]:
    """Cases by their keys, the oldest first, the first 500."""
    return list(
        db.session.scalars(
            select(OffListDemand)
            .where(OffListDemand.id.in_(list(ids)))
            .order_by(OffListDemand.id)
            .limit(as_written(500))
        )
    )
