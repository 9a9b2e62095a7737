"""A professional goes from one firm to another: asked for, released or refused, decided."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.foundation import clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from ...models import Firm, FirmStatus, Practitioner
from .. import queries
from ..models import TO_DECIDE, UNDER_WAY, ChangeKind, Transfer, TransferStatus
from ..rules import FilePolicy
from .histories import keep_history
from .people import put_practitioner
from .rechecking import check_added, drop_check, named
from .standing import must_be

SHORTEST, LONGEST = 5, 2000
RULE = "file.transfer"
GONE = (FirmStatus.REFUSED, FirmStatus.REMOVED, FirmStatus.LEFT)


def ask_transfer(
    firm: Firm,
    *,
    name: str,
    number: str,
    valid_until: date | None,
    statement: StoredFile | None,
    actor: Actor,
    now: datetime,
) -> Transfer:
    """Ask the firm a professional stands with to release the person.

    Name and number must be those on file there: whoever asks must know the certificate. Raises
    Invalid where no such professional stands with another firm, Conflict while asked for.
    """
    must_be(firm, firm.may_be_supplemented)
    person = queries.standing(number)
    if person is None or person.name != name:
        raise Invalid(
            _("没有找到姓名和证书编号一致的在册执业人员；未在册的可以直接登记"),
            field="number",
            rule=RULE,
        )
    if person.firm_id == firm.id:
        raise Invalid(_("该执业人员已登记在本机构"), field="number", rule=RULE)
    lock(person)
    now = max(now, clock.now())
    if person.ended_at is not None:
        raise Invalid(_("该执业人员刚刚撤下登记，可以直接登记"), field="number", rule=RULE)
    _refuse_second(person)
    if valid_until is not None and valid_until < clock.local_day(now):
        raise Invalid(
            _("该证书已过有效期，请登记现行有效的证书"), field="valid_until", rule="period"
        )
    edition = queries.file_policy(person.firm.register_code, clock.local_day(now))
    row = Transfer(
        practitioner_id=person.id,
        from_firm_id=person.firm_id,
        firm_id=firm.id,
        profession=person.profession,
        valid_until=valid_until,
        statement_id=statement.id if statement else None,
        edition_id=edition.id,
        asked_by=actor.user_id,
        asked_at=now,
        answer_by=working_calendar().deadline(now, edition.values.release_working_days),
    )
    lifecycle.begin(row, TransferStatus.ASKED, actor, now, check_at=row.answer_by)
    _tell(
        row,
        row.from_firm,
        "请答复执业人员转出请求",
        f"{firm.organisation.name}请求将一名{row.profession}转入该机构，"
        f"请于 {clock.written(row.answer_by)} 前答复，逾期由管理机构裁定。",
        now,
    )
    return row


def answer_transfer(row: Transfer, release: bool, reason: str, actor: Actor, now: datetime) -> None:
    """The present firm releases, or refuses with reasons within its time. It may release later
    too, until an officer has decided."""
    lock(row.practitioner)
    lock(row)
    now = max(now, clock.now())
    if release:
        row.answered_by, row.answered_at = actor.user_id, now
        row.answer = reason.strip() or row.answer
        _release(row, TransferStatus.RELEASED, actor, now)
        return
    if row.status is not TransferStatus.ASKED or now >= row.answer_by:
        raise Conflict(_("答复期限已过，不同意转出须由管理机构裁定"), rule="deadline")
    row.answered_by, row.answered_at = actor.user_id, now
    row.answer = _said(reason, "reason")
    lifecycle.move(row, TransferStatus.REFUSED, actor, now, reason=row.answer)
    _tell(
        row,
        row.firm,
        "现登记机构不同意转出",
        f"理由：{row.answer}。认为理由不成立的，可以提交证据请管理机构裁定。",
        now,
    )


def dispute_transfer(
    row: Transfer, text: str, evidence: StoredFile | None, actor: Actor, now: datetime
) -> None:
    """The firm that asked brings a refusal before the officer, with its evidence."""
    lock(row.practitioner)
    lock(row)
    now = max(now, clock.now())
    _refuse_second(row.practitioner)
    row.dispute = _said(text, "dispute")
    row.evidence_id = evidence.id if evidence else None
    row.decide_by = _decide_by(row, now)
    lifecycle.move(row, TransferStatus.DISPUTED, actor, now)
    _tell_bureau(row, now)


def decide_transfer(row: Transfer, grant: bool, reason: str, actor: Actor, now: datetime) -> None:
    """An officer decides on the evidence where the firms do not agree or one is silent."""
    lock(row.practitioner)
    lock(row)
    now = max(now, clock.now())
    if row.status not in TO_DECIDE:
        raise Conflict(_("该请求不在待裁定状态"), rule=RULE)
    said = _said(reason, "reason")
    row.decision = said
    row.decided_by = actor.user_id
    row.decided_at = now
    if grant:
        _release(row, TransferStatus.GRANTED, actor, now, said)
    else:
        lifecycle.move(row, TransferStatus.DENIED, actor, now, reason=said)
    for firm in (row.firm, row.from_firm):
        _tell(row, firm, f"执业人员转出已裁定：{row.status.title}", said, now)


def withdraw_transfer(row: Transfer, actor: Actor, now: datetime) -> None:
    """The firm that asked gives up."""
    lock(row)
    lifecycle.move(row, TransferStatus.WITHDRAWN, actor, now)


def advance_transfer(row: Transfer, actor: Actor, now: datetime) -> None:
    """The present firm was silent: the request goes to the officer."""
    if row.status is TransferStatus.ASKED:
        row.decide_by = _decide_by(row, now)
        lifecycle.move(row, TransferStatus.SILENT, actor, now)
        _tell_bureau(row, now)


def let_go(person: Practitioner, actor: Actor, now: datetime) -> None:
    """A professional was taken off the file: whoever asked for the person has them released."""
    row = db.session.scalar(
        select(Transfer).where(
            Transfer.practitioner_id == person.id, Transfer.status.in_(UNDER_WAY)
        )
    )
    if row is None:
        return
    lock(row)
    if row.firm.status in GONE:
        lifecycle.move(row, TransferStatus.WITHDRAWN, actor, now)
    else:
        row.answered_by, row.answered_at = actor.user_id, now
        _release(row, TransferStatus.RELEASED, actor, now)


def _release(
    row: Transfer, to: TransferStatus, actor: Actor, now: datetime, reason: str | None = None
) -> None:
    """End the registration with the one firm and begin it with the other, in one step."""
    lifecycle.move(row, to, actor, now, reason=reason)
    person, asking = row.practitioner, row.firm
    if asking.status in GONE:
        raise Conflict(_("转入机构已不在册，请求已失效"), rule=RULE)
    if person.ended_at is None:
        person.ended_at = now
        person.next_check_at = None
        drop_check(ChangeKind.PRACTITIONER, person.id, actor, now)
        keep_history(row.from_firm, "practitioner", named(person), None, actor, now)
        db.session.flush()
    elif queries.standing(person.number) is not None:
        raise Conflict(_("该执业人员已登记在其他机构，请求已失效"), rule=RULE)
    added = put_practitioner(
        asking, person.name, row.profession, person.number, row.valid_until, actor, now
    )
    check_added(asking, ChangeKind.PRACTITIONER, added.id, actor, now)
    if to is TransferStatus.RELEASED:
        _tell(row, asking, "执业人员已转入", "该执业人员已登记在贵机构。", now)


def _refuse_second(person: Practitioner) -> None:
    under_way = select(Transfer.id).where(
        Transfer.practitioner_id == person.id, Transfer.status.in_(UNDER_WAY)
    )
    if db.session.scalar(under_way) is not None:
        raise Conflict(_("该执业人员的转入请求正在办理"), rule=RULE)


def _decide_by(row: Transfer, now: datetime) -> datetime:
    values = policy.by_id(FilePolicy, row.edition_id).values
    return working_calendar().deadline(now, values.release_decide_working_days)


def _said(text: str, field: str) -> str:
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(
            _("请写明事实和理由，%(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field=field,
            rule=RULE,
        )
    return text


def _tell(row: Transfer, firm: Firm, what: str, body: str, now: datetime) -> None:
    send(
        firm.organisation_id,
        what,
        body,
        f"/firm/transfers/{row.public_id}",
        f"transfer:{row.id}:{row.status}:{firm.id}",
        now,
        address=firm.organisation.email,
    )


def _tell_bureau(row: Transfer, now: datetime) -> None:
    until = clock.written(row.decide_by) if row.decide_by else ""
    send(
        accounts.bureau(row.from_firm.register_code).id,
        f"执业人员转出待裁定：{row.from_firm.organisation.name}",
        f"裁定期限 {until}。",
        f"/supervision/transfers/{row.public_id}",
        f"transfer:{row.id}:{row.status}:bureau",
        now,
    )
