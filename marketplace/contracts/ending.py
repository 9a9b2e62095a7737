"""Ending a contract before its time, or going on after its firm was sanctioned."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Missing, Refused
from marketplace.projects import actions as projects
from marketplace.projects.models import NeedStatus

from . import queries
from .actions import lock_all, require_award_stands
from .models import Contract, ContractStatus, DeliverableStatus, Side
from .writing import tell_party


def continue_contract(contract: Contract, reason: str, actor: Actor, now: datetime) -> None:
    """The owner lets a contract go on although its firm was sanctioned, and says why."""
    lock(contract)
    if not contract.awaits_decision:
        raise Conflict(_("该合同没有待决定的事项"), rule="flag")
    contract.flag_decided_at, contract.flag_decided_by = now, actor.user_id
    contract.flag_decision = reason
    db.session.flush()
    audit.record("contracts.continued", actor, contract, now)
    tell_party(contract, Side.FIRM, "业主决定继续履行合同", f"continued:{now.isoformat()}", now)


def propose_termination(
    contract: Contract, reason: str, side: Side, actor: Actor, now: datetime
) -> None:
    """Propose to end a contract with a cause; the other side agrees or not.

    An owner whose firm was sanctioned ends it alone.
    """
    lock_all(contract)
    if not contract.is_running:
        raise Conflict(_("合同已经结束"), rule="lifecycle")
    if contract.termination_side is not None:
        raise Conflict(_("已有一份终止申请待对方答复"), rule="termination.open")
    contract.termination_reason = reason
    contract.termination_side = side
    contract.termination_by = actor.user_id
    if side is Side.OWNER and contract.awaits_decision:
        contract.flag_decided_at, contract.flag_decided_by = now, actor.user_id
        contract.flag_decision = reason
        _terminate(contract, actor, now)
        return
    db.session.flush()
    audit.record("contracts.termination_proposed", actor, contract, now, side=str(side))
    tell_party(contract, side.other, "对方提出终止合同，请答复", f"end:{now.isoformat()}", now)


def answer_termination(
    contract: Contract, agreed: bool, side: Side, actor: Actor, now: datetime
) -> None:
    """Agree to end the contract, or not; the side that proposed may take its proposal back."""
    lock_all(contract)
    if contract.termination_side is None or not contract.is_running:
        raise Conflict(_("没有待答复的终止申请"), rule="termination.none")
    if agreed:
        if contract.termination_side is side:
            raise Refused(_("终止申请须由对方答复"), rule="termination.side")
        _terminate(contract, actor, now)
        return
    proposer = contract.termination_side
    contract.termination_reason = contract.termination_side = contract.termination_by = None
    db.session.flush()
    audit.record("contracts.termination_refused", actor, contract, now, side=str(side))
    if proposer is not side:
        tell_party(contract, proposer, "对方不同意终止合同", f"end-no:{now.isoformat()}", now)


def end_void_draft(contract: Contract, actor: Actor, now: datetime) -> None:
    """End a draft whose award was annulled or fell; the need goes its own way (clock)."""
    lock_all(contract)
    if contract.status is not ContractStatus.DRAFTED or queries.award_stands(contract):
        raise Missing(f"contract {contract.id}")
    contract.termination_reason = "中选结果已撤销或失效，合同未能订立"
    contract.next_check_at = None
    contract.ended_at = now
    lifecycle.move(
        contract, ContractStatus.TERMINATED, actor, now, reason=contract.termination_reason
    )
    for told in Side:
        tell_party(contract, told, "合同草稿已失效", f"void:{told}", now)


def _terminate(contract: Contract, actor: Actor, now: datetime) -> None:
    if contract.status is ContractStatus.DRAFTED:
        require_award_stands(contract)
    reason = contract.termination_reason or ""
    waiting = queries.waiting_deliverable(contract.id)
    if waiting is not None:
        lifecycle.move(waiting, DeliverableStatus.VOID, actor, now, reason=reason)
    contract.ended_at = now
    lifecycle.move(contract, ContractStatus.TERMINATED, actor, now, reason=reason)
    need = contract.need
    if need.status is NeedStatus.CONTRACTED:
        need.outcome_reason = reason
        lifecycle.move(need, NeedStatus.TERMINATED, actor, now, reason=reason)
    else:
        projects.fail_need(need, f"合同未能订立：{reason}", actor, now)
    for told in Side:
        tell_party(contract, told, "合同已终止", f"terminated:{told}", now)
