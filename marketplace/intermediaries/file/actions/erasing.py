"""Old personal values of the history of files, and of authorities that ended long ago, are erased;
digests stay, and that it was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import Row, Select, delete, func, select, update

from config import Settings
from marketplace.foundation import audit, calendar, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Conflict, Invalid

from ...models import Firm
from ..models import FieldChange, FieldValue, FirmAgent, HistoryErasure
from .histories import PERSONAL_FIELDS

AT_ONCE = 2_000
SHORTEST, LONGEST = 5, 200


def kept_years() -> int:
    """For how many years what a personal field was, and an ended authority, is kept."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.personal_history_years


def kept_since(now: datetime) -> datetime:
    """What changed or ended before this instant is past its retention."""
    day = calendar.add_months(clock.local_day(now), -12 * kept_years())
    return calendar.moment(day, datetime.min.time())


def _past(register: str, now: datetime) -> Select[int]:
    return (
        select(FieldValue.id)
        .join(FieldChange, FieldChange.id == FieldValue.change_id)
        .join(Firm, Firm.id == FieldChange.firm_id)
        .where(
            Firm.register_code == register,
            FieldChange.field.in_(PERSONAL_FIELDS),
            FieldChange.at < kept_since(now),
        )
        .order_by(FieldValue.id)
    )


def past_retention(register: str, now: datetime) -> Sequence[Row[Any]]:
    """How many values of each personal field of a register are past their retention, and since
    when the oldest is kept."""
    past = _past(register, now).subquery()
    found: Sequence[Any] = db.session.execute(
        select(FieldChange.field, func.count(), func.min(FieldChange.at))
        .join(FieldValue, FieldValue.change_id == FieldChange.id)
        .join(past, past.c.id == FieldValue.id)
        .group_by(FieldChange.field)
        .order_by(FieldChange.field)
    ).all()
    return found


def _past_authorities(register: str, now: datetime) -> Select[int]:
    return (
        select(FirmAgent.id)
        .join(Firm, Firm.id == FirmAgent.firm_id)
        .where(
            Firm.register_code == register,
            FirmAgent.ended_at < kept_since(now),
            FirmAgent.name != "",
        )
        .order_by(FirmAgent.id)
    )


def authorities_past_retention(register: str, now: datetime) -> tuple[int, datetime | None]:
    """How many ended authorities of a register are past their retention, and when the first of
    them ended."""
    past = _past_authorities(register, now).subquery()
    count, oldest = db.session.execute(
        select(func.count(), func.min(FirmAgent.ended_at)).join(past, past.c.id == FirmAgent.id)
    ).one()
    return int(count), oldest


def erase_past_retention(register: str, reason: str, actor: Actor, now: datetime) -> HistoryErasure:
    """Erase what of a register is past its retention, so many of each kind at once. Raises
    Conflict where there is none. Nothing brings it back.

    Of an authority the name and the phone go now, its paper when the clock next comes by: bytes
    do not come back where a transaction fails.
    """
    reason = reason.strip()
    if not SHORTEST <= len(reason) <= LONGEST:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field="reason",
            rule="file.erasing",
        )
    keys = list(db.session.scalars(_past(register, now).limit(as_written(AT_ONCE))))
    ended = list(db.session.scalars(_past_authorities(register, now).limit(as_written(AT_ONCE))))
    if not keys and not ended:
        raise Conflict(_("没有保存期满的个人信息"), rule="file.erasing")
    db.session.execute(
        delete(FieldValue)
        .where(FieldValue.id.in_(keys))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(FirmAgent)
        .where(FirmAgent.id.in_(ended))
        .values(name="", phone="", next_check_at=now)
        .execution_options(synchronize_session=False)
    )
    row = HistoryErasure(
        register_code=register,
        before=kept_since(now),
        count=len(keys),
        authorities=len(ended),
        reason=reason,
        user_id=actor.user_id,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "history_erasures.erased",
        actor,
        row,
        now,
        register=register,
        count=row.count,
        authorities=row.authorities,
    )
    return row


def erasures(register: str, limit: int = 20) -> list[HistoryErasure]:
    """What was erased of a register, the last first."""
    return list(
        db.session.scalars(
            select(HistoryErasure)
            .where(HistoryErasure.register_code == register)
            .order_by(HistoryErasure.id.desc())
            .limit(as_written(limit))
        )
    )
