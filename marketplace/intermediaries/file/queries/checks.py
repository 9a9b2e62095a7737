"""The yearly self-checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import joinedload

from marketplace.foundation.db import as_written, db

from ...models import Firm, FirmStatus
from ..models import SelfCheck, SelfCheckStatus

ON_REGISTER = (FirmStatus.LISTED, FirmStatus.QUESTIONED)
NOT_DONE = (SelfCheckStatus.OPEN, SelfCheckStatus.OVERDUE)


def check_of_year(firm_id: int, year: int) -> SelfCheck | None:
    """A firm's self-check of a year."""
    return db.session.scalar(
        select(SelfCheck).where(SelfCheck.firm_id == firm_id, SelfCheck.year == year)
    )


def waiting_check(firm_id: int) -> SelfCheck | None:
    """The self-check a firm has still to do, the latest."""
    return db.session.scalar(
        select(SelfCheck)
        .where(SelfCheck.firm_id == firm_id, SelfCheck.status.in_(NOT_DONE))
        .order_by(SelfCheck.year.desc())
        .limit(1)
    )


def checks_of(firm_id: int) -> list[SelfCheck]:
    """A firm's self-checks, the latest first."""
    return list(
        db.session.scalars(
            select(SelfCheck).where(SelfCheck.firm_id == firm_id).order_by(SelfCheck.year.desc())
        )
    )


def checks_of_year(codes: Sequence[str], year: int) -> Select[SelfCheck]:
    """The self-checks of a year on these registers, those not done first."""
    return (
        select(SelfCheck)
        .join(Firm, Firm.id == SelfCheck.firm_id)
        .where(Firm.register_code.in_(codes), SelfCheck.year == year)
        .options(joinedload(SelfCheck.firm).joinedload(Firm.organisation))
        .order_by(SelfCheck.status.in_(NOT_DONE).desc(), SelfCheck.due_at, SelfCheck.id)
    )


def first_year(codes: Sequence[str]) -> int | None:
    """The first year of which these registers have self-checks."""
    return db.session.scalar(
        select(func.min(SelfCheck.year))
        .join(Firm, Firm.id == SelfCheck.firm_id)
        .where(Firm.register_code.in_(codes))
    )


def not_done(codes: Sequence[str], limit: int) -> list[SelfCheck]:
    """Overdue ones of firms on the register, the longest first."""
    return list(
        db.session.scalars(
            select(SelfCheck)
            .join(Firm, Firm.id == SelfCheck.firm_id)
            .where(
                Firm.register_code.in_(codes),
                Firm.status.in_(ON_REGISTER),
                SelfCheck.status == SelfCheckStatus.OVERDUE,
            )
            .order_by(SelfCheck.due_at, SelfCheck.id)
            .limit(as_written(limit))
        )
    )


def to_open(
    codes: Sequence[str], year: int, before: datetime, left_alone: Select[int]
) -> Sequence[int]:
    """Firms of these registers listed before an instant without a self-check of the year."""
    made = exists().where(SelfCheck.firm_id == Firm.id, SelfCheck.year == year)
    return db.session.scalars(
        select(Firm.id)
        .where(
            Firm.register_code.in_(codes),
            Firm.status.in_(ON_REGISTER),
            Firm.listed_at < before,
            ~made,
            Firm.id.not_in(left_alone),
        )
        .order_by(Firm.id)
        .limit(as_written(200))
    ).all()


def counts_of_year(codes: Sequence[str], year: int) -> dict[SelfCheckStatus, int]:
    """How many self-checks of a year stand where on these registers."""
    rows = db.session.execute(
        select(SelfCheck.status, func.count())
        .join(Firm, Firm.id == SelfCheck.firm_id)
        .where(Firm.register_code.in_(codes), SelfCheck.year == year)
        .group_by(SelfCheck.status)
    )
    found = {row[0]: row[1] for row in rows}
    return {status: found.get(status, 0) for status in SelfCheckStatus}
