"""Certificates: registered, verified, renewed, announced before their end."""

from __future__ import annotations

from datetime import date, datetime, time

from flask_babel import gettext as _

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict
from marketplace.notifications.actions import send

from ... import queries
from ...models import Firm, Qualification
from ...rules import next_reminder

REMIND_AT = time(9, 0)


def verify_qualification(
    row: Qualification, actor: Actor, now: datetime, by_officer: bool = True
) -> None:
    """Count a certificate as compared with its issuer's register; from now on it serves, and the
    one it renews no longer stands. Not ``by_officer`` where the edition checks afterwards."""
    lock(row)
    if row.ended_at is not None or row.verified_at is not None:
        raise Conflict(_("该资质已经核验或已撤下"), rule="verified")
    old = row.renews
    if old is not None and old.ended_at is None:
        old.ended_at = now
        old.next_check_at = None
        db.session.flush()
    row.verified_at = now
    row.verified_by = actor.user_id if by_officer else None
    db.session.flush()
    audit.record("qualification.verified", actor, row, now, firm=row.firm_id, renews=row.renews_id)


def reminder(firm: Firm, valid_until: date | None, today: date) -> datetime | None:
    """The next moment at which the end of a certificate is told."""
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
        mend = "相应事项已不能报名、不能下单，请换证后登记。"
    send(
        row.firm.organisation_id,
        subject,
        f"“{row.type}”（{row.number}）有效期至 {row.valid_until.isoformat()}。{mend}",
        f"/firm/qualifications/{row.public_id}/renewal",
        f"qualification:{row.id}:{row.valid_until}:{max(left, -1)}",
        now,
        address=row.firm.organisation.email,
    )
    row.next_check_at = reminder(row.firm, row.valid_until, today)
