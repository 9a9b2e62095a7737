"""Windows of the hall and who sits there."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation import epoch
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from ...models import Firm
from .calls import HallApplication, HallCall

LIVE = text("ended_at IS NULL")


class HallWindow(PublicIdMixin, Model):
    """A window of a register's hall, by its number, until it is closed."""

    __tablename__ = "hall_windows"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        Index(
            "uq_hall_windows_open",
            "register_code",
            "number",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )

    register_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    number: Mapped[int]
    location: Mapped[str] = mapped_column(String(80))
    opened_by: Mapped[int | None]
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SeatStatus(Status):
    """Where a seat stands."""

    SITTING = "sitting", _l("在席"), "good"
    EXPIRED = "expired", _l("期满"), "ended"
    GIVEN_UP = "given_up", _l("主动退出"), "ended"
    LOST = "lost", _l("失去席位"), "bad"


class HallSeat(PublicIdMixin, LifecycleMixin, Model):
    """A firm at a window from a day to the end of a term, by the result of a call.

    Whether it may sit is asked at the moment of use: one whose firm is barred or off the register
    shows nowhere, and the clock ends it.
    """

    __tablename__ = "hall_seats"
    __table_args__ = (
        CheckConstraint("ends_at > from_at", name="period"),
        CheckConstraint("(status = 'sitting') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("status NOT IN ('lost', 'given_up') OR reason IS NOT NULL", name="reason"),
        Index(
            "uq_hall_seats_window",
            "window_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        Index(
            "uq_hall_seats_firm",
            "firm_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )
    MOVES: ClassVar = {
        SeatStatus.SITTING: frozenset({SeatStatus.EXPIRED, SeatStatus.GIVEN_UP, SeatStatus.LOST})
    }

    window_id: Mapped[int] = mapped_column(ForeignKey("hall_windows.id"))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    call_id: Mapped[int] = mapped_column(ForeignKey("hall_calls.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("hall_applications.id"), unique=True)
    status: Mapped[SeatStatus] = mapped_column(EnumText(SeatStatus))
    from_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    last_day: Mapped[date] = mapped_column(Date)
    ended_at: Mapped[datetime | None]
    seated_by: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(500))

    window: Mapped[HallWindow] = relationship()
    firm: Mapped[Firm] = relationship()
    call: Mapped[HallCall] = relationship()
    application: Mapped[HallApplication] = relationship()


epoch.watch_public(HallSeat, "ended_at")
