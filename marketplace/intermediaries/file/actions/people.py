"""Who works for a firm and who stands behind it: professionals, the controlling shareholder."""

from __future__ import annotations

from datetime import date, datetime, time

from flask_babel import gettext as _

from marketplace.accounts import credit_code
from marketplace.accounts.identity import checked_identity, is_identity
from marketplace.accounts.masking import masked_certificate, masked_name
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.notifications.actions import send

from ... import queries as register
from ...models import Firm, Practitioner, Shareholder
from .. import queries
from ..rules import next_day
from .histories import keep_history
from .standing import must_be

REMIND_AT = time(9, 0)


def digest_of_holder(identity: str, field: str, person: bool = False) -> str:
    """The digest of a person's identity number or, unless a ``person`` is asked for, a body's
    credit code; raises Invalid naming the field."""
    compact = identity.strip().upper()
    if person or is_identity(compact):
        number = checked_identity(compact, field)
    else:
        number = credit_code.checked(compact, field)
    return register.person_digest(number)


def set_controller(
    firm: Firm, name: str | None, identity: str | None, actor: Actor, now: datetime
) -> None:
    """Write into an application who holds more than half (a person's identity number or a body's
    credit code). Without a name the present one ends; a listed firm states a change instead.
    """
    must_be(firm, firm.may_be_written)
    present = register.controller(firm.id)
    digest = None
    if name and identity:
        digest = digest_of_holder(identity, "controller_identity")
        if present and present.name == name and present.identity_digest == digest:
            return
    elif name and (present is None or present.name != name):
        raise Invalid(
            _("请填写控股股东的证件号码或统一社会信用代码"),
            field="controller_identity",
            rule="controller",
        )
    elif name:
        return
    before = present.name if present else None
    put_controller(firm, name, digest, actor, now)
    keep_history(firm, "controller", before, name, actor, now)


def put_controller(
    firm: Firm, name: str | None, digest: str | None, actor: Actor, now: datetime
) -> None:
    """End the shareholder on file and register the next, if any."""
    present = register.controller(firm.id)
    if present is not None:
        present.ended_at = now
        db.session.flush()
    if name and digest:
        db.session.add(
            Shareholder(firm_id=firm.id, name=name, identity_digest=digest, registered_at=now)
        )
    db.session.flush()
    audit.record("firm.controller", actor, firm, now, registered=bool(name))


def put_practitioner(
    firm: Firm,
    name: str,
    profession: str,
    number: str,
    valid_until: date | None,
    actor: Actor,
    now: datetime,
) -> Practitioner:
    """The row of a professional, with its reminders and its line of history."""
    row = Practitioner(
        firm_id=firm.id,
        name=name,
        profession=profession,
        number=number,
        valid_until=valid_until,
        registered_at=now,
        next_check_at=_reminder(firm, valid_until, now),
    )
    db.session.add(row)
    db.session.flush()
    audit.record("practitioner.registered", actor, row, now, firm=firm.id)
    keep_history(firm, "practitioner", None, f"{name} {profession} {number}", actor, now)
    return row


def extend_practitioner(
    row: Practitioner, valid_until: date | None, actor: Actor, now: datetime
) -> None:
    """A professional's certificate was prolonged (or has no end)."""
    must_be(row.firm, row.firm.may_be_supplemented)
    lock(row)
    if row.ended_at is not None:
        raise Conflict(_("该登记已经撤下"), rule="ended")
    refuse_past(valid_until, now)
    if row.valid_until is not None and valid_until is not None and valid_until <= row.valid_until:
        raise Invalid(_("新的有效期应晚于原有效期"), field="valid_until", rule="renewal")
    before = row.valid_until.isoformat() if row.valid_until else "长期"
    after = valid_until.isoformat() if valid_until else "长期"
    row.valid_until = valid_until
    row.next_check_at = _reminder(row.firm, valid_until, now)
    db.session.flush()
    audit.record("practitioner.extended", actor, row, now, firm=row.firm_id)
    keep_history(
        row.firm, "practitioner", f"{row.name} {before}", f"{row.name} {after}", actor, now
    )


def advance_practitioner(row: Practitioner, actor: Actor, now: datetime) -> None:
    """Announce the coming end of a professional's certificate; set the next reminder."""
    row.next_check_at = None
    if row.ended_at is not None or row.valid_until is None:
        return
    left = (row.valid_until - clock.local_day(now)).days
    if left < 0:
        return
    who = f"{masked_name(row.name)}（{masked_certificate(row.number)}）"
    send(
        row.firm.organisation_id,
        f"执业人员证书将于 {left} 天后到期",
        f"{who}的{row.profession}证书有效期至 {row.valid_until.isoformat()}。请及时更新。",
        "/firm/practitioners",
        f"practitioner:{row.id}:{row.valid_until}:{left}",
        now,
        address=row.firm.organisation.email,
    )
    row.next_check_at = _reminder(row.firm, row.valid_until, now)


def _reminder(firm: Firm, valid_until: date | None, now: datetime) -> datetime | None:
    if valid_until is None:
        return None
    today = clock.local_day(now)
    values = queries.file_policy(firm.register_code, today).values
    day = next_day(valid_until, today, values.reminder_days)
    return moment(day, REMIND_AT) if day else None


def refuse_past(valid_until: date | None, now: datetime) -> None:
    """Raise Invalid for a certificate that is over."""
    if valid_until is not None and valid_until < clock.local_day(now):
        raise Invalid(
            _("该证书已过有效期，请登记现行有效的证书"), field="valid_until", rule="period"
        )
