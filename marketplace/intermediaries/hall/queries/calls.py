"""Calls and the applications to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, func, literal_column, select

from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db, fetch

from ... import queries as register_queries
from ...models import Firm
from ..models import (
    IN_LINE,
    PUBLIC,
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallSeat,
)


def public_calls(register: str) -> Select[HallCall]:
    """The published calls of a register, the newest first."""
    return (
        select(HallCall)
        .where(HallCall.register_code == register, HallCall.status.in_(PUBLIC))
        .order_by(HallCall.published_at.desc(), HallCall.id.desc())
    )


def calls(codes: Sequence[str]) -> Select[HallCall]:
    """All calls of these registers, the newest first."""
    return select(HallCall).where(HallCall.register_code.in_(codes)).order_by(HallCall.id.desc())


def calls_with(statuses: Iterable[CallStatus], codes: Sequence[str]) -> list[HallCall]:
    """The calls of these places at one of these steps, the oldest first."""
    return list(
        db.session.scalars(
            calls(codes)
            .where(HallCall.status.in_(list(statuses)))
            .order_by(None)
            .order_by(HallCall.id)
            .limit(as_written(100))
        )
    )


def calls_to_seat(codes: Sequence[str], now: datetime) -> list[HallCall]:
    """Settled calls whose term runs, with seats not taken and firms in line, the oldest first."""
    taken = (
        select(func.count())
        .select_from(HallSeat)
        .where(HallSeat.call_id == HallCall.id, HallSeat.ended_at.is_(None))
        .scalar_subquery()
    )
    in_line = exists().where(
        HallApplication.call_id == HallCall.id, HallApplication.status.in_(IN_LINE)
    )
    rows = db.session.scalars(
        select(HallCall)
        .where(
            HallCall.register_code.in_(codes),
            HallCall.status == CallStatus.AWARDED,
            HallCall.term_ends_on >= clock.local_day(now),
            in_line,
            taken < HallCall.seats,
        )
        .order_by(HallCall.id)
        .limit(as_written(100))
    )
    return list(rows)


def applications(call: HallCall) -> list[HallApplication]:
    """The applications to a call: as ranked, before that as received; withdrawn ones last."""
    rows = db.session.scalars(select(HallApplication).where(HallApplication.call_id == call.id))
    return sorted(
        rows,
        key=lambda each: (
            each.status is ApplicationStatus.WITHDRAWN,
            each.place if each.place is not None else 10**6,
            each.received_at,
            each.id,
        ),
    )


def application_of(call: HallCall, firm_id: int) -> HallApplication | None:
    """The application of a firm to a call, withdrawn or not."""
    return db.session.scalar(
        select(HallApplication).where(
            HallApplication.call_id == call.id, HallApplication.firm_id == firm_id
        )
    )


def applications_of(firm_id: int) -> list[HallApplication]:
    """A firm's applications, the newest first."""
    return list(
        db.session.scalars(
            select(HallApplication)
            .where(HallApplication.firm_id == firm_id)
            .order_by(HallApplication.id.desc())
            .limit(as_written(100))
        )
    )


def in_line(call: HallCall) -> list[HallApplication]:
    """Who may still be called to a window by a call, in the order of the ranking."""
    return list(
        db.session.scalars(
            select(HallApplication)
            .where(HallApplication.call_id == call.id, HallApplication.status.in_(IN_LINE))
            .order_by(HallApplication.place, HallApplication.id)
            .execution_options(populate_existing=True)
        )
    )


def seats_taken(call: HallCall) -> int:
    """How many seats of a call are taken now."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(HallSeat)
            .where(HallSeat.call_id == call.id, HallSeat.ended_at.is_(None))
        )
        or 0
    )


def open_calls(register: str, now: datetime) -> list[Row[Any]]:
    """The calls that take applications now, as a page of the register names them."""
    return list(
        db.session.execute(
            select(HallCall.public_id, HallCall.title, HallCall.seats, HallCall.apply_by)
            .where(
                HallCall.register_code == register,
                HallCall.status == CallStatus.OPEN,
                HallCall.apply_by > now,
            )
            .order_by(HallCall.apply_by, HallCall.id)
            .limit(as_written(10))
        )
    )


_TO_ANSWER = (
    select(
        HallCall.public_id,
        HallCall.title,
        HallCall.item_codes,
        HallCall.published_at,
        HallCall.apply_by,
    )
    .where(
        HallCall.register_code == bindparam("register"),
        HallCall.status == CallStatus.OPEN,
        HallCall.apply_by > bindparam("now"),
        ~exists().where(
            HallApplication.call_id == HallCall.id, HallApplication.firm_id == bindparam("firm_id")
        ),
    )
    .order_by(HallCall.apply_by, HallCall.id)
    .limit(literal_column("10"))
)


def calls_to_answer(firm: Firm, now: datetime) -> list[Row[Any]]:
    """The calls that take applications now and to which a listed firm with one of their items has
    said nothing, the first to close first."""
    if not firm.is_listed:
        return []
    found = fetch(_TO_ANSWER, register=firm.register_code, firm_id=firm.id, now=now)
    if not found:
        return []
    offered = {each.item_code for each in register_queries.shown_offerings(firm.id)}
    return [each for each in found if offered & set(each.item_codes or offered)]
