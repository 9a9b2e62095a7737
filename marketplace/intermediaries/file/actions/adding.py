"""A firm adds a certificate or a professional to its file."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile

from ...models import Firm, Practitioner, Qualification
from .. import queries
from ..models import ChangeKind
from .certificates import reminder
from .histories import keep_history
from .people import put_practitioner, refuse_past
from .rechecking import check_added, named
from .standing import must_be


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
    renews: Qualification | None = None,
) -> Qualification:
    """Register a certificate. It serves for entries once an officer has verified it.

    One that ``renews`` another may have its number, must be valid longer, and takes its place
    once verified.
    """
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
    if renews is not None:
        _refuse_no_renewal(renews, valid_until)
    twin = select(Qualification.id).where(
        Qualification.type == type,
        Qualification.number == number,
        Qualification.ended_at.is_(None),
        (Qualification.firm_id == firm.id) | Qualification.verified_at.is_not(None),
    )
    if renews is not None:
        twin = twin.where(Qualification.id != renews.id)
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
        next_check_at=reminder(firm, valid_until, today),
        renews_id=renews.id if renews else None,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("qualification.registered", actor, row, now, firm=firm.id, type=type, grade=grade)
    keep_history(firm, "qualification", None, named(row), actor, now)
    check_added(firm, ChangeKind.QUALIFICATION, row.id, actor, now)
    return row


def _refuse_no_renewal(old: Qualification, valid_until: date | None) -> None:
    if old.ended_at is not None:
        raise Conflict(_("该登记已经撤下"), rule="ended")
    if old.valid_until is None:
        raise Conflict(_("长期有效的证书无须换证"), rule="renewal")
    if valid_until is not None and valid_until <= old.valid_until:
        raise Invalid(
            _("新证书的有效期应晚于原证书（%(day)s）", day=old.valid_until.isoformat()),
            field="valid_until",
            rule="renewal",
        )
    waiting = select(Qualification.id).where(
        Qualification.renews_id == old.id, Qualification.ended_at.is_(None)
    )
    if db.session.scalar(waiting) is not None:
        raise Conflict(_("已经登记换证，请等待核验"), rule="renewal")


def add_practitioner(
    firm: Firm,
    *,
    name: str,
    profession: str,
    number: str,
    actor: Actor,
    now: datetime,
    valid_until: date | None = None,
) -> Practitioner:
    """Register a professional; refused while the same certificate stands with any firm: one who
    stands with another is asked for (``ask_transfer``)."""
    must_be(firm, firm.may_be_supplemented)
    refuse_past(valid_until, now)
    stands = queries.standing(number)
    if stands is not None and stands.firm_id != firm.id:
        raise Invalid(
            _("该执业人员登记在其他机构，请在“执业人员转入”中提出请求"),
            field="number",
            rule="twin",
        )
    if stands is not None:
        raise Invalid(
            _("该执业证书已登记在册，同一执业人员只能登记在一家机构"), field="number", rule="twin"
        )
    row = put_practitioner(firm, name, profession, number, valid_until, actor, now)
    check_added(firm, ChangeKind.PRACTITIONER, row.id, actor, now)
    return row
