"""Departures: the one under way, those that wait, when somebody may come back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from marketplace.accounts import queries as accounts
from marketplace.foundation import calendar, clock, policy
from marketplace.foundation.db import as_written, db
from marketplace.foundation.policy import Edition

from ..likeness.queries import predecessors
from ..models import Firm, FirmStatus, Qualification
from ..queries import items_of, offerings
from .models import Departure, DepartureStatus
from .rules import LeavingPolicy, days_without

UNDER_WAY = (
    DepartureStatus.NOTICED,
    DepartureStatus.HEARD,
    DepartureStatus.PROPOSED,
    DepartureStatus.APPEALED,
)


def leaving_policy(register: str, day: date) -> Edition[LeavingPolicy]:
    """The edition in force for a register on a day."""
    return policy.in_force(LeavingPolicy, accounts.lineage(register), day)


def under_way(firm_id: int) -> Departure | None:
    """The departure of a firm that has not ended."""
    return db.session.scalar(
        select(Departure).where(Departure.firm_id == firm_id, Departure.ended_at.is_(None))
    )


def of_firm(firm_id: int) -> list[Departure]:
    """Every departure of a firm, newest first."""
    return list(
        db.session.scalars(
            select(Departure)
            .where(Departure.firm_id == firm_id)
            .order_by(Departure.id.desc())
            .limit(as_written(50))
        )
    )


def departures(registers: Sequence[str]) -> Select[Departure]:
    """Departures on these registers, those under way first, newest first."""
    return (
        select(Departure)
        .join(Firm, Firm.id == Departure.firm_id)
        .where(Firm.register_code.in_(registers))
        .order_by(Departure.ended_at.is_(None).desc(), Departure.id.desc())
        .options(joinedload(Departure.firm).joinedload(Firm.organisation))
    )


def waiting(registers: Sequence[str], limit: int) -> list[Departure]:
    """Those an officer has to go on with, oldest first."""
    query = (
        departures(registers)
        .where(Departure.status.in_(UNDER_WAY))
        .order_by(None)
        .order_by(Departure.status_since, Departure.id)
        .limit(as_written(limit))
    )
    return list(db.session.scalars(query))


def declared() -> Select[int]:
    """The ids of departures declared and not carried out yet, oldest first."""
    return (
        select(Departure.id)
        .where(Departure.status == DepartureStatus.DECLARED)
        .order_by(Departure.id)
    )


def days_without_qualification(firm: Firm, today: date) -> int | None:
    """Since how many days no verified certificate of a firm is valid; None while one is, or where
    nothing it offers asks for one."""
    items = items_of(firm, today)
    if not any(
        items[each.item_code].requirements for each in offerings(firm.id) if each.item_code in items
    ):
        return None
    rows = db.session.execute(
        select(Qualification.valid_until, Qualification.ended_at).where(
            Qualification.firm_id == firm.id, Qualification.verified_at.is_not(None)
        )
    )
    ends: list[date | None] = []
    for until, ended_at in rows:
        taken_off = clock.local_day(ended_at) if ended_at is not None else None
        ends.append(min(filter(None, (until, taken_off)), default=None))
    return days_without(ends, today)


def back_from(firm: Firm, now: datetime) -> datetime | None:
    """Until when the body of a firm, also under a former name, has to wait before it may come
    back to the register; None where it need not."""
    values = leaving_policy(firm.register_code, clock.local_day(now)).values
    months = {
        FirmStatus.LEFT: values.return_months_voluntary,
        FirmStatus.REMOVED: values.return_months_removed,
    }
    bodies = [firm.organisation_id, *predecessors(firm.organisation_id)]
    ends = [
        calendar.moment(
            calendar.add_months(clock.local_day(each.status_since), months[each.status]),
            datetime.min.time(),
        )
        for each in db.session.scalars(
            select(Firm).where(
                Firm.organisation_id.in_(bodies),
                Firm.register_code == firm.register_code,
                Firm.status.in_(months),
            )
        )
        if months[each.status]
    ]
    end = max(ends, default=None)
    return end if end is not None and end > now else None
