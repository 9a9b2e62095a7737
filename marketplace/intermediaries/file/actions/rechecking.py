"""Changes of a listed firm's file: in force at once or once checked, as the edition has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, epoch, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.files import StoredFile
from marketplace.notifications.actions import send

from ... import queries as register
from ...models import Firm, Practitioner, Qualification
from .. import queries
from ..models import STATED, ChangeKind, Recheck, RecheckStatus
from ..rules import Mode
from .certificates import verify_qualification
from .histories import keep_history
from .people import digest_of_holder, put_controller
from .standing import must_be

RULE = "file.change"
LICENCE = (ChangeKind.NAME, ChangeKind.LEGAL_REPRESENTATIVE, ChangeKind.ADDRESS)
YES, NO = "已声明", "未声明"


@dataclass(frozen=True)
class Statement:
    """What a firm says a field becomes; ``identity`` of whoever it names, where it names one."""

    kind: ChangeKind
    value: str
    identity: str | None = None
    evidence: StoredFile | None = None


def state_change(firm: Firm, said: Statement, actor: Actor, now: datetime) -> Recheck | None:
    """A listed firm changes a field of its file; returns the check of it, None where none is
    asked for. Raises Conflict while a change of the same kind waits, Invalid naming the field."""
    lock(firm)
    now = max(now, clock.now())
    must_be(firm, firm.may_be_supplemented and not firm.may_be_written)
    if said.kind not in STATED:
        raise Invalid(_("请选择变更事项"), field="kind", rule=RULE)
    if queries.open_change(firm.id, said.kind) is not None:
        raise Conflict(
            _("“%(kind)s”的变更正在核查，核查结束后再提交", kind=said.kind.title), rule=RULE
        )
    proposal = _proposal(firm, said)
    edition = queries.file_policy(firm.register_code, clock.local_day(now))
    mode: Mode = getattr(edition.values.recheck, said.kind.value)
    if mode == "none":
        _put(firm, said.kind, proposal["after"], proposal["digest"], said.evidence, actor, now)
        return None
    row = _begin(firm, said.kind, mode, None, proposal, said.evidence, actor, now)
    if mode == "after":
        _put(
            firm,
            said.kind,
            proposal["after"],
            proposal["digest"],
            said.evidence,
            actor,
            now,
            row.id,
        )
    return row


def check_added(
    firm: Firm, kind: ChangeKind, row_id: int, actor: Actor, now: datetime
) -> Recheck | None:
    """A certificate or professional was added to a file on the register: ask for its check."""
    if firm.may_be_written:
        return None
    edition = queries.file_policy(firm.register_code, clock.local_day(now))
    mode: Mode = getattr(edition.values.recheck, kind.value)
    if mode == "none":
        return None
    made = _begin(firm, kind, mode, row_id, None, None, actor, now)
    if kind is ChangeKind.QUALIFICATION and mode == "after":
        verify_qualification(
            db.session.get_one(Qualification, row_id), actor, now, by_officer=False
        )
    return made


def accept_change(row: Recheck, actor: Actor, now: datetime, reason: str = "") -> None:
    """The officer found a change right: what waited takes effect now."""
    firm = row.firm
    lock(firm)
    lock(row)
    now = max(now, clock.now())
    _still_open(row)
    if row.kind in STATED and row.status is RecheckStatus.WAITING:
        said = row.proposal or {}
        _put(firm, row.kind, said["after"], said["digest"], row.evidence, actor, now, row.id)
    if row.kind is ChangeKind.QUALIFICATION:
        paper = db.session.get_one(Qualification, row.subject_id)
        if paper.ended_at is None and paper.verified_at is None:
            verify_qualification(paper, actor, now)
    _close(row, RecheckStatus.ACCEPTED, reason.strip() or None, actor, now)


def reject_change(row: Recheck, reason: str, actor: Actor, now: datetime) -> None:
    """The officer found a change wrong, with reasons: what was in force at once is taken back."""
    if not reason.strip():
        raise Invalid(_("请写明核查未通过的事实和理由"), field="reason", rule="reason")
    firm = row.firm
    lock(firm)
    lock(row)
    now = max(now, clock.now())
    _still_open(row)
    if row.kind in STATED:
        said = row.proposal or {}
        if row.status is RecheckStatus.AFTERWARDS and _now(firm, row.kind)[0] == said["after"]:
            _put(firm, row.kind, said["before"], said["digest_before"], None, actor, now, row.id)
    else:
        model: Any = Qualification if row.kind is ChangeKind.QUALIFICATION else Practitioner
        added = db.session.get_one(model, row.subject_id)
        if added.ended_at is None:
            added.ended_at = now
            added.next_check_at = None
            keep_history(firm, row.kind.value, named(added), None, actor, now, row.id)
    _close(row, RecheckStatus.REJECTED, reason.strip(), actor, now)


def withdraw_change(row: Recheck, actor: Actor, now: datetime) -> None:
    """The firm takes back what waits."""
    lock(row)
    if row.status is not RecheckStatus.WAITING or row.kind not in STATED:
        raise Conflict(_("该变更已经生效或核查完毕，不能撤回"), rule=RULE)
    row.proposal = None
    lifecycle.move(row, RecheckStatus.WITHDRAWN, actor, now)


def drop_check(kind: ChangeKind, row_id: int, actor: Actor, now: datetime) -> None:
    """What was added is taken off the file again before anybody checked it."""
    row = queries.change_by_row(kind, row_id)
    if row is not None:
        lifecycle.move(row, RecheckStatus.WITHDRAWN, actor, now)


def verify_added(paper: Qualification, actor: Actor, now: datetime) -> None:
    """An officer verifies a certificate: by its check where one is open."""
    row = queries.change_by_row(ChangeKind.QUALIFICATION, paper.id)
    if row is None:
        verify_qualification(paper, actor, now)
    else:
        accept_change(row, actor, now)


def named(row: Any) -> str:
    """A certificate or professional in words, for the history."""
    if isinstance(row, Qualification):
        until = row.valid_until.isoformat() if row.valid_until else "长期"
        return f"{row.type}{row.grade or ''} {row.number}（至 {until}）"
    return f"{row.name} {row.profession} {row.number}"


def says_now(firm: Firm, kind: ChangeKind) -> str:
    """What a field says now, as the page of its change shows it."""
    return _now(firm, kind)[0]


def added_row(model: type[Any], row_id: int | None) -> Any:
    """The certificate or professional a check is about."""
    return db.session.get(model, row_id) if row_id else None


def _begin(
    firm: Firm,
    kind: ChangeKind,
    mode: Mode,
    subject_id: int | None,
    proposal: dict[str, Any] | None,
    evidence: StoredFile | None,
    actor: Actor,
    now: datetime,
) -> Recheck:
    edition = queries.file_policy(firm.register_code, clock.local_day(now))
    row = Recheck(
        firm_id=firm.id,
        kind=kind,
        subject_id=subject_id,
        proposal=proposal,
        evidence_id=evidence.id if evidence else None,
        edition_id=edition.id,
        asked_by=actor.user_id,
        asked_at=now,
        due_at=working_calendar().deadline(now, edition.values.recheck_working_days),
    )
    first = RecheckStatus.WAITING if mode == "before" else RecheckStatus.AFTERWARDS
    lifecycle.begin(row, first, actor, now)
    send(
        accounts.bureau(firm.register_code).id,
        f"档案变更待核查：{firm.organisation.name}（{kind.title}）",
        f"办理期限 {clock.written(row.due_at)}。",
        f"/supervision/rechecks/{row.public_id}",
        f"recheck:{row.id}:asked",
        now,
    )
    return row


def _close(
    row: Recheck, to: RecheckStatus, reason: str | None, actor: Actor, now: datetime
) -> None:
    db.session.flush()
    row.decided_by = actor.user_id
    row.decided_at = now
    row.reason = reason
    row.proposal = None
    lifecycle.move(row, to, actor, now, reason=reason)
    firm = row.firm
    send(
        firm.organisation_id,
        f"档案变更{to.title}：{row.kind.title}",
        reason or "变更已核查通过。",
        "/firm/changes",
        f"recheck:{row.id}:{to}",
        now,
        address=firm.organisation.email,
    )


def _still_open(row: Recheck) -> None:
    if row.status not in (RecheckStatus.WAITING, RecheckStatus.AFTERWARDS):
        raise Conflict(_("该变更已经核查完毕"), rule=RULE)


def _now(firm: Firm, kind: ChangeKind) -> tuple[str, str | None]:
    """What a field says now, and the digest of whom it names."""
    organisation = firm.organisation
    if kind is ChangeKind.CONTROLLER:
        holder = register.controller(firm.id)
        return (holder.name, holder.identity_digest) if holder else ("", None)
    if kind is ChangeKind.LEGAL_REPRESENTATIVE:
        return organisation.legal_representative or "", firm.legal_digest
    plain: dict[ChangeKind, Callable[[], str | None]] = {
        ChangeKind.NAME: lambda: organisation.name,
        ChangeKind.ADDRESS: lambda: organisation.address,
        ChangeKind.INTRODUCTION: lambda: firm.introduction,
        ChangeKind.DECOUPLING: lambda: YES if firm.decoupled else NO,
    }
    return plain[kind]() or "", None


def _proposal(firm: Firm, said: Statement) -> dict[str, Any]:
    value = said.value.strip()
    before, digest_before = _now(firm, said.kind)
    if not value and said.kind not in (ChangeKind.CONTROLLER, ChangeKind.INTRODUCTION):
        raise Invalid(_("请填写变更后的内容"), field="value", rule=RULE)
    if said.kind is ChangeKind.DECOUPLING and value not in (YES, NO):
        raise Invalid(_("请选择变更后的内容"), field="value", rule=RULE)
    digest = None
    if said.kind is ChangeKind.LEGAL_REPRESENTATIVE:
        if not said.identity:
            raise Invalid(
                _("请填写新任法定代表人的身份证件号码"), field="identity", rule="identity"
            )
        digest = digest_of_holder(said.identity, "identity", person=True)
    elif said.kind is ChangeKind.CONTROLLER and value:
        if not said.identity:
            raise Invalid(
                _("请填写控股股东的证件号码或统一社会信用代码"), field="identity", rule="controller"
            )
        digest = digest_of_holder(said.identity, "identity")
    if value == before and digest in (None, digest_before):
        raise Invalid(_("变更后的内容与现登记内容相同"), field="value", rule=RULE)
    if said.kind in LICENCE and said.evidence is None:
        raise Invalid(_("请上传变更后的登记证照"), field="evidence", rule=RULE)
    return {
        "before": before,
        "digest_before": digest_before,
        "after": value,
        "digest": digest,
    }


def _put(
    firm: Firm,
    kind: ChangeKind,
    value: str,
    digest: str | None,
    evidence: StoredFile | None,
    actor: Actor,
    now: datetime,
    recheck_id: int | None = None,
) -> None:
    """Let a value take effect."""
    organisation = firm.organisation
    before, _digest = _now(firm, kind)
    if kind is ChangeKind.NAME:
        organisation.name = value
    elif kind is ChangeKind.LEGAL_REPRESENTATIVE:
        organisation.legal_representative = value or None
        firm.legal_digest = digest
    elif kind is ChangeKind.ADDRESS:
        organisation.address = value or None
    elif kind is ChangeKind.INTRODUCTION:
        firm.introduction = value or None
    elif kind is ChangeKind.DECOUPLING:
        firm.decoupled = value == YES
    else:
        put_controller(firm, value or None, digest, actor, now)
    if kind in LICENCE and evidence is not None:
        firm.licence_file_id = evidence.id
    db.session.flush()
    epoch.raise_public()
    keep_history(firm, kind.value, before, value, actor, now, recheck_id)
    audit.record("firm.field_changed", actor, firm, now, field=kind.value, recheck=recheck_id)
