"""Windows and who sits there, at this instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, select

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation import clock, policy
from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.policy import Edition
from marketplace.ratings.models import Capacity, RatingSubject
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.queries import BarKind

from ... import queries as register_queries
from ...models import Firm, FirmStatus
from ..models import HallCall, HallSeat, HallWindow
from ..rules import GRADE_ORDER, HallPolicy


def hall_policy(register: str, day: date) -> Edition[HallPolicy]:
    """The hall's edition in force for a register on a day."""
    return policy.in_force(HallPolicy, accounts.lineage(register), day)


def edition_of(call: HallCall, day: date) -> Edition[HallPolicy]:
    """The edition a call goes by: that of its publication, before it the one in force."""
    if call.edition_id is not None:
        return policy.by_id(HallPolicy, call.edition_id)
    return hall_policy(call.register_code, day)


_IN_D = exists().where(
    RatingSubject.organisation_id == Firm.organisation_id,
    RatingSubject.register == Firm.register_code,
    RatingSubject.capacity == Capacity.INTERMEDIARY,
    RatingSubject.grade == Grade.D,
)
# in two steps: a planner that knows nothing of a small table of seats begins with all the firms
_LIVE = (
    select(HallSeat.id, HallSeat.firm_id, HallWindow.number, HallWindow.register_code)
    .join(HallWindow, HallWindow.id == HallSeat.window_id)
    .where(HallSeat.ended_at.is_(None))
    .order_by(HallSeat.id)
)
_SITTING = _LIVE.where(
    HallWindow.register_code == bindparam("register"),
    HallSeat.from_at <= bindparam("now"),
    HallSeat.ends_at > bindparam("now"),
)
_SEATED = select(Firm.id, Firm.organisation_id, Firm.status, _IN_D.label("in_d")).where(
    Firm.id.in_(bindparam("firm_ids", expanding=True))
)
# a suspicion hides a firm as long as it lasts; these end its seat
_ENDING = frozenset({BarKind.BLACKLISTED, BarKind.RED_CARD, BarKind.NATIONAL})


@dataclass(frozen=True)
class Seat:
    """A seat that has not ended, and what its firm is at this instant."""

    id: int
    firm_id: int
    number: int
    register_code: str
    organisation_id: int
    status: FirmStatus
    in_d: bool


def _seats(rows: Sequence[Row[Any]]) -> list[Seat]:
    if not rows:
        return []
    keys = sorted({each.firm_id for each in rows})
    firms = {each.id: each for each in fetch(_SEATED, firm_ids=keys)}
    return [
        Seat(
            each.id,
            each.firm_id,
            each.number,
            each.register_code,
            firms[each.firm_id].organisation_id,
            firms[each.firm_id].status,
            bool(firms[each.firm_id].in_d),
        )
        for each in rows
    ]


def _sitting(register: str, now: datetime) -> list[Seat]:
    """The seats that hold at this instant: of firms that are listed and that nothing bars."""
    if not hall_policy(register, clock.local_day(now)).values.windows:
        return []
    found = [
        each
        for each in _seats(fetch(_SITTING, register=register, now=now))
        if each.status is FirmStatus.LISTED and not each.in_d
    ]
    if not found:
        return []
    barred = sanctions.bars_of([each.organisation_id for each in found], register, None, now)
    return [each for each in found if each.organisation_id not in barred]


def windows_on(register: str, now: datetime) -> dict[int, int]:
    """The number of the window at which each firm of a register sits at this instant, by firm.

    Firms that are barred, in D or off the register are gone the same second; who is not in it is
    served online.
    """
    return {each.firm_id: each.number for each in _sitting(register, now)}


@dataclass(frozen=True)
class Sitting:
    """Who sits where until when, as lists show it."""

    window: HallWindow
    seat: HallSeat
    organisation: Organisation
    grade: Grade
    score: int | None
    items: Sequence[str]


def sittings(register: str, now: datetime) -> list[Sitting]:
    """Who sits in the hall now, by grade, then reputation, then name."""
    keys = [each.id for each in _sitting(register, now)]
    if not keys:
        return []
    rows = db.session.execute(
        select(
            HallSeat,
            HallWindow,
            Organisation,
            func.coalesce(RatingSubject.grade, Grade.UNGRADED).label("grade"),
            RatingSubject.hundredths,
        )
        .join(HallWindow, HallWindow.id == HallSeat.window_id)
        .join(Firm, Firm.id == HallSeat.firm_id)
        .join(Organisation, Organisation.id == Firm.organisation_id)
        .outerjoin(
            RatingSubject,
            (RatingSubject.organisation_id == Firm.organisation_id)
            & (RatingSubject.register == Firm.register_code)
            & (RatingSubject.capacity == Capacity.INTERMEDIARY),
        )
        .where(HallSeat.id.in_(keys))
    ).all()
    calls = {row.HallSeat.call_id for row in rows}
    wanted = {
        call.id: set(call.item_codes)
        for call in db.session.scalars(select(HallCall).where(HallCall.id.in_(calls)))
    }
    offered = _offered([row.HallSeat.firm_id for row in rows])
    found = [
        Sitting(
            row.HallWindow,
            row.HallSeat,
            row.Organisation,
            Grade(row.grade),
            row.hundredths,
            [
                code
                for code in offered.get(row.HallSeat.firm_id, ())
                if not wanted[row.HallSeat.call_id] or code in wanted[row.HallSeat.call_id]
            ],
        )
        for row in rows
    ]
    return sorted(
        found,
        key=lambda each: (
            GRADE_ORDER[each.grade],
            -(each.score if each.score is not None else -1),
            each.organisation.name,
        ),
    )


def _offered(firm_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for firm_id in firm_ids:
        found[firm_id] = [each.item_code for each in register_queries.shown_offerings(firm_id)]
    return found


def windows(register: str) -> list[HallWindow]:
    """The open windows of a hall, by number."""
    return list(
        db.session.scalars(
            select(HallWindow)
            .where(HallWindow.register_code == register, HallWindow.ended_at.is_(None))
            .order_by(HallWindow.number)
        )
    )


def live_seats(register: str) -> dict[int, HallSeat]:
    """The seats not ended yet, by window, whether or not their firms may sit at this instant."""
    rows = db.session.scalars(
        select(HallSeat)
        .join(HallWindow, HallWindow.id == HallSeat.window_id)
        .where(HallWindow.register_code == register, HallSeat.ended_at.is_(None))
    )
    return {each.window_id: each for each in rows}


def live_seat_at(window: HallWindow) -> HallSeat | None:
    """The seat at a window that has not ended."""
    return db.session.scalar(
        select(HallSeat).where(HallSeat.window_id == window.id, HallSeat.ended_at.is_(None))
    )


def live_seat_of(firm_id: int) -> HallSeat | None:
    """The seat of a firm that has not ended."""
    return db.session.scalar(
        select(HallSeat).where(HallSeat.firm_id == firm_id, HallSeat.ended_at.is_(None))
    )


def seats_of(firm_id: int) -> list[HallSeat]:
    """Every seat a firm ever had, the newest first."""
    return list(
        db.session.scalars(
            select(HallSeat)
            .where(HallSeat.firm_id == firm_id)
            .order_by(HallSeat.id.desc())
            .limit(as_written(100))
        )
    )


def seats_lost(now: datetime) -> list[int]:
    """The seats whose firms may not sit any more: left, removed, barred, in D. One whose admission
    is questioned keeps its seat, unseen, until that is decided."""
    rows = _seats(fetch(_LIVE))
    found = [
        each.id
        for each in rows
        if each.in_d or each.status not in (FirmStatus.LISTED, FirmStatus.QUESTIONED)
    ]
    for register in {each.register_code for each in rows}:
        there = {each.organisation_id: each.id for each in rows if each.register_code == register}
        for organisation_id, bars in sanctions.bars_of(list(there), register, None, now).items():
            if any(bar.kind in _ENDING for bar in bars):
                found.append(there[organisation_id])
    return sorted(set(found))
