"""Windows opened and closed, firms seated in their order, seats that end."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.notifications.actions import send

from ..models import FirmStatus
from . import queries
from .calling import said, tell
from .deciding import shut_out_if_barred
from .models import (
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallSeat,
    HallWindow,
    SeatStatus,
)
from .rules import end_of


def open_window(
    register: str, number: int, location: str, actor: Actor, now: datetime
) -> HallWindow:
    """Open a window; no more than the edition in force allows, no number twice."""
    lock(accounts.bureau(register))
    now = max(now, clock.now())
    most = queries.hall_policy(register, clock.local_day(now)).values.windows
    present = queries.windows(register)
    if len(present) >= most:
        raise Conflict(
            _("现行规则规定大厅窗口最多 %(most)s 个，不能再开设", most=most), rule="hall.windows"
        )
    if any(each.number == number for each in present):
        raise Invalid(_("该窗口号已在使用"), field="number", rule="hall.number")
    if number < 1:
        raise Invalid(_("窗口号为正整数"), field="number", rule="hall.number")
    window = HallWindow(
        register_code=register,
        number=number,
        location=location.strip(),
        opened_by=actor.user_id,
        opened_at=now,
    )
    db.session.add(window)
    db.session.flush()
    audit.record("hall_window.opened", actor, window, now, number=number)
    return window


def close_window(window: HallWindow, actor: Actor, now: datetime) -> None:
    """Close a window at which nobody sits."""
    lock(window)
    now = max(now, clock.now())
    if window.ended_at is not None:
        raise Conflict(_("该窗口已经关闭"), rule="hall.window")
    if queries.live_seat_at(window) is not None:
        raise Conflict(_("该窗口有机构在席，任期届满后方可关闭"), rule="hall.taken")
    window.ended_at = now
    audit.record("hall_window.ended", actor, window, now, number=window.number)


def fill_window(window: HallWindow, call: HallCall, actor: Actor, now: datetime) -> HallSeat:
    """Seat the next in the order of a settled call at a free window; the officer chooses the
    window, never the firm. Whoever may not sit now is left out with the reason.

    Raises Conflict when the window is taken, the seats are, or nobody is left.
    """
    lock(window)
    lock(call)
    now = max(now, clock.now())
    _may_fill(window, call, now)
    for each in queries.in_line(call):
        if shut_out_if_barred(each, call, actor, now):
            continue
        if queries.live_seat_of(each.firm_id) is not None:
            continue  # still sits by an earlier call: its turn comes when that ends
        return _seat(window, call, each, actor, now)
    raise Conflict(_("没有可以安排的入选或候补机构"), rule="hall.nobody")


def _may_fill(window: HallWindow, call: HallCall, now: datetime) -> None:
    if window.ended_at is not None:
        raise Conflict(_("该窗口已经关闭"), rule="hall.window")
    if queries.live_seat_at(window) is not None:
        raise Conflict(_("该窗口已有机构在席，请刷新页面"), rule="hall.taken")
    if call.status is not CallStatus.AWARDED or call.term_ends_on is None:
        raise Conflict(_("征集结果尚未生效，不能安排窗口"), rule="hall.status")
    if window.register_code != call.register_code:
        raise Conflict(_("该窗口不属于本次征集的大厅"), rule="hall.window")
    if now >= end_of(call.term_ends_on):
        raise Conflict(_("本次征集的任期已届满，请重新征集"), rule="hall.term")
    if queries.seats_taken(call) >= call.seats:
        raise Conflict(_("本次征集的席位已全部安排"), rule="hall.seats")


def _seat(
    window: HallWindow, call: HallCall, each: HallApplication, actor: Actor, now: datetime
) -> HallSeat:
    assert call.term_ends_on is not None
    ends_at = end_of(call.term_ends_on)
    seat = HallSeat(
        window_id=window.id,
        firm_id=each.firm_id,
        call_id=call.id,
        application_id=each.id,
        from_at=now,
        ends_at=ends_at,
        last_day=call.term_ends_on,
        seated_by=actor.user_id,
    )
    lifecycle.move(each, ApplicationStatus.SEATED, actor, now, window=window.number)
    lifecycle.begin(seat, SeatStatus.SITTING, actor, now, check_at=ends_at)
    tell(
        each.organisation_id,
        call,
        f"请进驻大厅 {window.number} 号窗口",
        f"窗口位置：{window.location}。任期至 {clock.written_day(call.term_ends_on)}。",
        f"seated:{seat.id}",
        now,
    )
    return seat


def give_up(application: HallApplication, reason: str, actor: Actor, now: datetime) -> None:
    """A firm gives up its place in the line, or its seat; the next in order follows."""
    lock(application.call)
    lock(application)
    now = max(now, clock.now())
    if application.status is ApplicationStatus.SEATED:
        seat = db.session.scalar(
            select(HallSeat).where(
                HallSeat.application_id == application.id, HallSeat.ended_at.is_(None)
            )
        )
        if seat is None:
            raise Conflict(_("席位已经结束"), rule="hall.seat")
        end_seat(seat, SeatStatus.GIVEN_UP, said(reason), actor, now)
        return
    application.reason = said(reason)
    lifecycle.move(application, ApplicationStatus.GIVEN_UP, actor, now, reason=application.reason)


def end_seat(
    seat: HallSeat, to: SeatStatus, reason: str | None, actor: Actor, now: datetime
) -> None:
    """End a seat: its window is free, the bureau and the firm are told."""
    lock(seat)
    seat.ended_at = now
    seat.reason = reason
    lifecycle.move(seat, to, actor, now, reason=reason)
    what = {
        SeatStatus.EXPIRED: "大厅席位任期届满",
        SeatStatus.GIVEN_UP: "大厅席位已退出",
        SeatStatus.LOST: "失去大厅席位",
    }[to]
    tell(seat.firm.organisation_id, seat.call, what, reason or "", f"ended:{seat.id}", now)
    send(
        accounts.bureau(seat.window.register_code).id,
        f"大厅 {seat.window.number} 号窗口空出",
        f"{what}。有候补机构的，请按次序安排。",
        "/supervision/hall",
        f"hall_seat:{seat.id}:free",
        now,
    )


def advance_seat(seat: HallSeat, actor: Actor, now: datetime) -> None:
    """The midnight that ends the term has come."""
    seat.next_check_at = None
    if seat.ended_at is None:
        end_seat(seat, SeatStatus.EXPIRED, None, actor, now)


def lose_seat(seat: HallSeat, actor: Actor, now: datetime) -> bool:
    """End the seat of a firm that may not sit any more; False where it may again."""
    lock(seat)
    if seat.ended_at is not None or seat.id not in queries.seats_lost(now):
        return False
    firm = seat.firm
    reason = (
        f"机构状态为“{firm.status.title}”"
        if firm.status is not FirmStatus.LISTED
        else "受到限制或信用等级为 D 级"
    )
    end_seat(seat, SeatStatus.LOST, reason, actor, now)
    return True
