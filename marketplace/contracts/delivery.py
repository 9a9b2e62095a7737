"""Delivering the result, and the owner's answer: accepted, returned, or silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import IO

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, files, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.crypto import canonical_json, sign
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.projects.models import NeedStatus

from . import queries
from .actions import lock_all, next_due, require_status
from .models import Contract, ContractStatus, Deliverable, DeliverableStatus, Side
from .rules import paused_until
from .writing import tell_party


def deliver(
    contract: Contract, stream: IO[bytes], name: str, note: str, actor: Actor, now: datetime
) -> Deliverable:
    """Hand over a version of the result; the receipt names its digest and is signed by the site."""
    assert actor.user_id is not None
    lock(contract)
    require_status(contract, ContractStatus.ACTIVE)
    now = max(now, clock.now())
    stored = files.store(stream, name, actor, now, "upload")
    version = len(queries.deliverables(contract.id)) + 1
    accept_days, reminders = queries.acceptance_of(contract)
    receipt = canonical_json(
        {
            "contract": contract.number,
            "version": version,
            "sha256": stored.sha256,
            "size": stored.size,
            "received_at": now,
        }
    )
    deliverable = Deliverable(
        contract_id=contract.id,
        version=version,
        file_id=stored.id,
        note=note,
        submitted_at=now,
        submitted_by=actor.user_id,
        accept_by=working_calendar().deadline(now, accept_days),
        reminders_sent=0,
        receipt=receipt.decode(),
        receipt_signature=sign(receipt),
    )
    first = working_calendar().deadline(now, reminders[0] if reminders else accept_days)
    lifecycle.begin(deliverable, DeliverableStatus.SUBMITTED, actor, now, check_at=first)
    lifecycle.move(
        contract, ContractStatus.DELIVERED, actor, now, version=version, sha256=stored.sha256
    )
    tell_party(contract, Side.OWNER, "服务成果已提交，请验收", f"delivered:{version}", now)
    return deliverable


def return_deliverable(deliverable: Deliverable, reason: str, actor: Actor, now: datetime) -> None:
    """Give a delivery back with reasons. The time the owner held it does not count."""
    if not reason.strip():
        raise Invalid(_("退回须写明理由"), field="reason", rule="return.reason")
    contract = _lock_waiting(deliverable)
    now = max(now, clock.now())
    deliverable.reason = reason
    deliverable.decided_at, deliverable.decided_by = now, actor.user_id
    lifecycle.move(deliverable, DeliverableStatus.RETURNED, actor, now, reason=reason)
    assert contract.due_at is not None
    contract.due_at = paused_until(contract.due_at, deliverable.submitted_at, now)
    lifecycle.move(
        contract, ContractStatus.ACTIVE, actor, now, check_at=next_due(contract), reason=reason
    )
    tell_party(
        contract,
        Side.FIRM,
        "服务成果被退回，请修改后再提交",
        f"returned:{deliverable.version}",
        now,
    )


def accept_deliverable(deliverable: Deliverable, actor: Actor, now: datetime) -> None:
    """Accept a delivery: the contract and its need are completed, payment becomes due."""
    contract = _lock_waiting(deliverable)
    now = max(now, clock.now())
    deliverable.decided_at, deliverable.decided_by = now, actor.user_id
    lifecycle.move(deliverable, DeliverableStatus.ACCEPTED, actor, now)
    contract.accepted_at = contract.ended_at = now
    contract.accepted_by_silence = actor.is_clock
    contract.payment_due_on = clock.local_day(now) + timedelta(days=contract.payment_days)
    lifecycle.move(contract, ContractStatus.COMPLETED, actor, now, silence=actor.is_clock)
    lifecycle.move(contract.need, NeedStatus.COMPLETED, actor, now, contract=contract.id)
    words = "服务成果已验收通过"
    if actor.is_clock:
        words = "业主逾期未验收，按合同约定视为验收通过"
    for told in Side:
        tell_party(contract, told, words, f"accepted:{told}", now)


def _lock_waiting(deliverable: Deliverable) -> Contract:
    lock(deliverable)
    contract = lock_all(deliverable.contract)
    if deliverable.status is not DeliverableStatus.SUBMITTED:
        raise Conflict(
            _("该成果已处理为“%(now)s”，请刷新页面", now=deliverable.status.title),
            rule="lifecycle",
        )
    return contract


def advance_deliverable(deliverable: Deliverable, actor: Actor, now: datetime) -> None:
    """What the clock does: remind the owner, and let its silence count where the edition says."""
    if deliverable.status is not DeliverableStatus.SUBMITTED:
        deliverable.next_check_at = None
        return
    contract = deliverable.contract
    policy = queries.policy_of(contract)
    _days, reminders = queries.acceptance_of(contract)
    calendar = working_calendar()
    if now >= deliverable.accept_by:
        if policy.silence_accepts and deliverable.reminders_sent >= len(reminders):
            accept_deliverable(deliverable, actor, now)
            return
        if not policy.silence_accepts:
            deliverable.next_check_at = None
            audit.record("deliverables.overdue", actor, deliverable, now)
            for told in Side:
                tell_party(contract, told, "验收已逾期", f"late:{deliverable.version}:{told}", now)
            return
    deliverable.reminders_sent += 1
    sent = deliverable.reminders_sent
    tell_party(
        contract,
        Side.OWNER,
        f"请在截止前验收或退回（第 {sent} 次提醒）",
        f"remind:{deliverable.version}:{sent}",
        now,
    )
    if sent < len(reminders):
        due = calendar.deadline(deliverable.submitted_at, reminders[sent])
    else:
        due = deliverable.accept_by
    # a scan that comes late never lets silence count before the last reminder had a day to work
    deliverable.next_check_at = max(due, calendar.deadline(now, 1)) if due <= now else due
    db.session.flush()
    audit.record("deliverables.reminded", actor, deliverable, now, reminder=sent)
