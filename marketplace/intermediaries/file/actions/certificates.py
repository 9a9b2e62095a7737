"""Certificates: registered, announced before their end."""

from __future__ import annotations

from datetime import date, datetime, time

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from ... import queries
from ...applying import must_be
from ...models import Firm, Qualification
from ...rules import next_reminder

REMIND_AT = time(9, 0)


def add_qualification(
    firm: Firm,
    *,
    type: str,
    number: str,
    issuer: str,
    valid_from: date,
    valid_until: date | None,
    actor: Actor,
    now: datetime,
    grade: str | None = None,
    file: StoredFile | None = None,
) -> Qualification:
    """Register a certificate. It serves for entries once an officer has verified it."""
    must_be(firm, firm.may_be_supplemented)
    today = clock.local_day(now)
    if valid_from > today:
        raise Invalid(_("发证日期不能晚于今天"), field="valid_from", rule="period")
    if valid_until is not None and valid_until < valid_from:
        raise Invalid(_("有效期截止日不能早于发证日期"), field="valid_until", rule="period")
    if valid_until is not None and valid_until < today:
        raise Invalid(
            _("该资质已过有效期，请登记现行有效的证书"), field="valid_until", rule="period"
        )
    twin = select(Qualification.id).where(
        Qualification.type == type,
        Qualification.number == number,
        Qualification.ended_at.is_(None),
        (Qualification.firm_id == firm.id) | Qualification.verified_at.is_not(None),
    )
    if db.session.scalar(twin) is not None:
        raise Invalid(_("该证书编号已经登记，请核对编号"), field="number", rule="twin")
    row = Qualification(
        firm_id=firm.id,
        type=type,
        grade=grade or None,
        number=number,
        issuer=issuer,
        valid_from=valid_from,
        valid_until=valid_until,
        file_id=file.id if file else None,
        registered_at=now,
        next_check_at=_reminder(firm, valid_until, today),
    )
    db.session.add(row)
    db.session.flush()
    audit.record("qualification.registered", actor, row, now, firm=firm.id, type=type, grade=grade)
    return row


def _reminder(firm: Firm, valid_until: date | None, today: date) -> datetime | None:
    if valid_until is None:
        return None
    values = queries.admission_policy(firm.register_code, today).values
    day = next_reminder(valid_until, today, values.reminder_days)
    return moment(day, REMIND_AT) if day else None


def advance_qualification(row: Qualification, actor: Actor, now: datetime) -> None:
    """Announce the coming end of a certificate, or that it is over, and set the next reminder."""
    row.next_check_at = None
    if row.ended_at is not None or row.valid_until is None:
        return
    today = clock.local_day(now)
    left = (row.valid_until - today).days
    if left >= 0:
        subject = f"资质将于 {left} 天后到期"
        mend = "请及时换证并登记。"
    else:
        subject = "资质已到期"
        mend = "相应事项已不能报名，请换证后登记。"
    send(
        row.firm.organisation_id,
        subject,
        f"“{row.type}”（{row.number}）有效期至 {row.valid_until.isoformat()}。{mend}",
        "/firm",
        f"qualification:{row.id}:{row.valid_until}:{max(left, -1)}",
        now,
        address=row.firm.organisation.email,
    )
    row.next_check_at = _reminder(row.firm, row.valid_until, today)
