"""What a firm does with its own file: draft, supplement, send, pause, leave."""

from __future__ import annotations

from datetime import date, datetime, time

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import credit_code
from marketplace.accounts import queries as accounts
from marketplace.accounts.identity import checked_identity, is_identity
from marketplace.accounts.models import Organisation, OrganisationFunction, OrganisationKind
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from . import queries
from .models import Firm, FirmStatus, Offering, Practitioner, Qualification, Shareholder
from .reviewing import enter_register
from .rules import next_reminder

REMIND_AT = time(9, 0)
BARRED_KINDS = (
    OrganisationKind.AGENCY,
    OrganisationKind.NATURAL_PERSON,
    OrganisationKind.VILLAGE_COMMITTEE,
)


def open_file(organisation: Organisation, register: str, actor: Actor, now: datetime) -> Firm:
    """Begin a firm's file on a register, or return the one it has."""
    found = queries.firm_of(organisation.id, register)
    if found is not None:
        return found
    party = organisation.function is OrganisationFunction.PARTY
    if not party or organisation.kind in BARRED_KINDS:
        raise Conflict(_("机关、村（居）民委员会和自然人不能入驻为中介服务机构"), rule="firm.kind")
    firm = Firm(
        organisation_id=organisation.id,
        register_code=register,
        application=1,
        decoupled=False,
        paused=False,
    )
    lifecycle.begin(firm, FirmStatus.DRAFT, actor, now)
    return firm


def reopen_file(firm: Firm, actor: Actor, now: datetime) -> None:
    """Begin a new application after a refusal, a removal or leaving."""
    lock(firm)
    lifecycle.move(firm, FirmStatus.DRAFT, actor, now)
    firm.application += 1
    for column in (
        "submitted_at",
        "form_due_at",
        "returned_at",
        "return_notice",
        "checked_by",
        "checked_at",
        "recommendation",
        "check_reason",
        "decided_by",
        "decided_at",
        "decision_reason",
        "publicity_ends_at",
        "publicity_closed_at",
        "committed_at",
        "committed_by",
    ):
        setattr(firm, column, None)


def save_file(
    firm: Firm,
    *,
    legal_representative: str,
    legal_identity: str | None,
    agent_name: str,
    agent_phone: str,
    introduction: str,
    decoupled: bool,
    licence: StoredFile | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the subject part of an application. An empty identity or licence keeps the former."""
    must_be(firm, firm.may_be_written)
    organisation = firm.organisation
    organisation.legal_representative = legal_representative or None
    if legal_identity:
        firm.legal_digest = queries.person_digest(
            checked_identity(legal_identity, "legal_identity")
        )
    firm.agent_name = agent_name or None
    firm.agent_phone = agent_phone or None
    firm.introduction = introduction or None
    firm.decoupled = decoupled
    if licence is not None:
        firm.licence_file_id = licence.id
    db.session.flush()
    audit.record("firm.saved", actor, firm, now, decoupled=decoupled, licence=firm.licence_file_id)


def set_controller(
    firm: Firm, name: str | None, identity: str | None, actor: Actor, now: datetime
) -> None:
    """Register who holds more than half (a person's identity number or a body's credit code).

    Without a name the present one ends.
    """
    must_be(firm, firm.may_be_supplemented)
    present = queries.controller(firm.id)
    if name and identity:
        compact = identity.strip().upper()
        personal = is_identity(compact)
        number = compact if personal else credit_code.checked(compact, "controller_identity")
        digest = queries.person_digest(number)
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
    if present is not None:
        present.ended_at = now
        db.session.flush()
    if name:
        db.session.add(
            Shareholder(firm_id=firm.id, name=name, identity_digest=digest, registered_at=now)
        )
    db.session.flush()
    audit.record("firm.controller", actor, firm, now, registered=bool(name))


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


def add_practitioner(
    firm: Firm, *, name: str, profession: str, number: str, actor: Actor, now: datetime
) -> Practitioner:
    """Register a professional; refused while the same certificate stands with any firm."""
    must_be(firm, firm.may_be_supplemented)
    taken = select(Practitioner.id).where(
        Practitioner.number == number, Practitioner.ended_at.is_(None)
    )
    if db.session.scalar(taken) is not None:
        raise Invalid(
            _("该执业证书已登记在册，同一执业人员只能登记在一家机构"), field="number", rule="twin"
        )
    row = Practitioner(
        firm_id=firm.id, name=name, profession=profession, number=number, registered_at=now
    )
    db.session.add(row)
    db.session.flush()
    audit.record("practitioner.registered", actor, row, now, firm=firm.id)
    return row


def end_record(row: Qualification | Practitioner | Offering, actor: Actor, now: datetime) -> None:
    """Take a certificate, a professional or an offering off the file; the row stays."""
    firm = db.session.get_one(Firm, row.firm_id)
    must_be(firm, firm.may_be_supplemented)
    lock(row)
    if row.ended_at is not None:
        raise Conflict(_("该登记已经撤下"), rule="ended")
    row.ended_at = now
    if isinstance(row, Qualification):
        row.next_check_at = None
    audit.record("firm.record_ended", actor, row, now, firm=row.firm_id)


def submit_application(firm: Firm, committed: bool, actor: Actor, now: datetime) -> None:
    """Send the application to the bureau with the signed commitment.

    Raises Invalid naming the first thing still missing. In mode ``open`` it is listed at once.
    """
    lock(firm)
    now = max(now, clock.now())
    if not firm.may_be_written:
        raise Conflict(_("申请已经提交，请等待审查结果"), rule="firm.status")
    if lacks := queries.missing(firm, now):
        raise Invalid(_("还不能提交：%(what)s", what=";".join(text for _p, text in lacks)))
    if not committed:
        raise Invalid(_("请阅读并勾选入驻承诺"), field="committed", rule="commitment")
    edition = queries.admission_policy(firm.register_code, clock.local_day(now))
    firm.edition_id = edition.id
    firm.submitted_at = now
    firm.committed_at = now
    firm.committed_by = actor.user_id
    firm.form_due_at = working_calendar().deadline(now, edition.values.form_check_working_days)
    lifecycle.move(firm, FirmStatus.SUBMITTED, actor, now, check_at=firm.form_due_at)
    if edition.values.mode == "open":
        enter_register(firm, actor, now)
        return
    send(
        accounts.bureau(firm.register_code).id,
        f"入驻申请待审查：{firm.organisation.name}",
        f"请在 {edition.values.form_check_working_days} 个工作日内完成形式审查。",
        f"/supervision/applications/{firm.public_id}",
        f"firm:{firm.id}:{firm.application}:submitted:{now.isoformat()}",
        now,
    )


def set_availability(
    firm: Firm, paused: bool, capacity: int | None, actor: Actor, now: datetime
) -> None:
    """Pause or resume taking orders; ``capacity`` limits running contracts (None: no limit)."""
    must_be(firm, firm.is_listed)
    if capacity is not None and not 1 <= capacity <= 999:
        raise Invalid(_("承接上限为 1 至 999 份合同"), field="capacity", rule="capacity")
    firm.paused = paused
    firm.capacity = capacity
    audit.record("firm.availability", actor, firm, now, paused=paused, capacity=capacity)


def leave_register(firm: Firm, running_contracts: int, actor: Actor, now: datetime) -> None:
    """Leave of one's own will; refused while contracts run (the caller counts them)."""
    lock(firm)
    if running_contracts:
        raise Conflict(
            _("尚有 %(n)d 份合同未办结，办结后方可退出", n=running_contracts), rule="firm.running"
        )
    lifecycle.move(firm, FirmStatus.LEFT, actor, now)


def must_be(firm: Firm, allowed: bool) -> None:
    if not allowed:
        raise Conflict(
            _("当前状态为“%(now)s”，不能修改", now=firm.status.title), rule="firm.status"
        )
