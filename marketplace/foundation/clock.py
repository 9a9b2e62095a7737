"""One clock: the database's, plus an offset that only demo and tests may set.

UTC in storage and code, Asia/Shanghai on pages and in every rule about days.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from . import epoch
from .db import Base, db

SHANGHAI = ZoneInfo("Asia/Shanghai")


class ClockOffset(Base):
    """The single row that shifts time, in microseconds; refused outside demo and tests."""

    __tablename__ = "clock_offset"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    microseconds: Mapped[int]


def now() -> datetime:
    """The instant by the database's clock (aware, UTC). After a lock, read it again.

    Within one request that only reads it stands still.
    """
    return _instant(epoch.present())


def real_now() -> datetime:
    """The database's clock without the offset of demo time."""
    return epoch.present().clock


def _instant(reading: epoch.Reading) -> datetime:
    if not current_app.config["CLOCK_MOVABLE"]:
        return reading.clock
    return reading.clock + timedelta(microseconds=reading.offset_microseconds)


def present() -> epoch.Reading:
    """The reading that this request, or this moment, goes by."""
    return epoch.present()


def today() -> date:
    """The calendar day in Shanghai."""
    return local_day(now())


def written(instant: datetime) -> str:
    """The moment in Shanghai as official Chinese texts write it: 2026年11月23日 17:00."""
    at = instant.astimezone(SHANGHAI)
    return f"{written_day(at)} {at:%H:%M}"


def written_day(day: date) -> str:
    """The day as official Chinese texts write it: 2026年11月23日."""
    return f"{day.year}年{day.month}月{day.day}日"


def local_day(instant: datetime) -> date:
    """The Shanghai day an instant falls on."""
    return instant.astimezone(SHANGHAI).date()


def offset() -> timedelta:
    """How far demo time runs from real time."""
    microseconds = db.session.scalar(select(ClockOffset.microseconds).where(ClockOffset.id == 1))
    return timedelta(microseconds=microseconds or 0)


def advance(step: timedelta) -> None:
    """Move demo or test time forward (or, before any event exists, back)."""
    set_offset(offset() + step)


def set_to(instant: datetime) -> None:
    """Make ``now()`` begin at ``instant``."""
    set_offset(offset() + (instant - now()))


def set_offset(value: timedelta) -> None:
    """Store the offset. Raises RuntimeError where time may not be moved."""
    if not current_app.config["CLOCK_MOVABLE"]:
        raise RuntimeError("the clock can be moved in demo and tests only")
    row = db.session.get(ClockOffset, 1)
    if row is None:
        row = ClockOffset(id=1, microseconds=0)
        db.session.add(row)
    row.microseconds = value // timedelta(microseconds=1)
    db.session.flush()
    epoch.forget_present()
