"""Credit repair: applied for with evidence, verified, decided by an officer without a part in it."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, calendar, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import stored
from marketplace.notifications.actions import send

from ..actions.cards import policy_for, written
from ..actions.succession import bring_along
from ..actions.undoing import bring_cards_along, reverse_all, take_notice_down
from ..appeals.access import took_part
from ..locking import locked
from ..models import BlacklistingStatus, Card, CardStatus, Case
from . import queries
from .models import CreditRepair, RepairStatus


def file_repair(
    decision: Card | Case,
    correction: str,
    file: StoredFile | None,
    actor: Actor,
    now: datetime,
) -> CreditRepair:
    """Apply on evidence of correction, after the shortest publicity for the severity.

    Raises Missing to strangers, Conflict when there is nothing to repair, it is too early or an
    application is being dealt with, Invalid without evidence.
    """
    now = locked(now, decision)
    if decision.organisation_id != actor.organisation_id:
        raise Missing("decision")
    _still_repairable(decision, now)
    if queries.open_repair(decision) is not None:
        raise Conflict(_("已有一件修复申请正在办理"), rule="repair.open")
    first = queries.repairable_from(decision)
    if clock.local_day(now) < first:
        raise Conflict(
            _("未满最短公示期，%(day)s 起可以申请", day=first.isoformat()), rule="repair.early"
        )
    if file is None:
        raise Invalid(_("请提交整改的证明材料"), field="evidence", rule="repair.evidence")
    edition = policy_for(decision.jurisdiction_code, now)
    due = calendar.working_calendar().deadline(now, edition.values.repair_decision_days)
    made = CreditRepair(
        card_id=decision.id if isinstance(decision, Card) else None,
        case_id=decision.id if isinstance(decision, Case) else None,
        organisation_id=decision.organisation_id,
        jurisdiction_code=decision.jurisdiction_code,
        severity=queries.severity_of(decision),
        edition_id=edition.id,
        correction=written(correction, "correction"),
        evidence_file_id=file.id,
        filed_by=actor.user_id,
        filed_at=now,
        due_at=due,
    )
    lifecycle.begin(made, RepairStatus.FILED, actor, now, check_at=due)
    _tell_bureau(made, "收到信用修复申请，请核实", "filed", now)
    return made


def verify_repair(
    repair: CreditRepair, recommended: bool, verification: str, actor: Actor, now: datetime
) -> None:
    """An officer verifies the correction and says whether it should be granted."""
    now = locked(now, repair)
    if repair.status is not RepairStatus.FILED:
        raise Conflict(_("该申请已经核实，请刷新页面查看"), rule="lifecycle")
    repair.recommended = recommended
    repair.verification = written(verification, "verification")
    repair.verified_by, repair.verified_at = actor.user_id, now
    due = repair.due_at if repair.due_at > now else None
    lifecycle.move(repair, RepairStatus.VERIFIED, actor, now, check_at=due)
    _tell_bureau(repair, "信用修复申请已核实，请决定", "verified", now)


def decide_repair(
    repair: CreditRepair, granted: bool, reason: str, actor: Actor, now: datetime
) -> None:
    """Grant or refuse. Granted, the sanction leaves the public pages this second, stops counting
    from tomorrow and stays for auditors only.

    Raises Refused to whoever had a part in the sanction or verified the correction.
    """
    decision = repair.decision
    row = decision.blacklisting if isinstance(decision, Case) else None
    # in the order of who revokes the sanction meanwhile
    now = locked(now, decision, row, repair)
    if actor.user_id is None or actor.user_id in {*took_part(decision), repair.verified_by}:
        raise Refused(
            _("参与过原处理或者核实的人员不能决定，请由其他审批人办理"), rule="two_officers"
        )
    if repair.status is RepairStatus.CLOSED:
        raise Conflict(_("原处理已经撤销或者期满，本申请不再办理"), rule="repair.closed")
    if repair.status is not RepairStatus.VERIFIED:
        raise Conflict(_("该申请尚未核实或者已有决定，请刷新页面查看"), rule="lifecycle")
    if granted:
        _still_repairable(decision, now)
    repair.decision_reason = written(reason, "reason")
    repair.decided_by, repair.decided_at = actor.user_id, now
    lifecycle.move(repair, RepairStatus.GRANTED if granted else RepairStatus.REFUSED, actor, now)
    if granted:
        _lift(repair, decision, actor, now)
    words = "准予信用修复" if granted else "不予信用修复"
    send(
        repair.organisation_id,
        f"{words}：{stored(repair.title)}"[:200],
        repair.decision_reason,
        f"/repairs/{repair.public_id}",
        f"repair:{repair.id}:decided",
        now,
        address=repair.organisation.email,
    )


def advance_repair(repair: CreditRepair, actor: Actor, now: datetime) -> None:
    """The clock: the time to decide is over."""
    repair.next_check_at = None
    audit.record("credit_repairs.overdue", actor, repair, now)
    _tell_bureau(repair, "信用修复申请已超期", "overdue", now)


def _lift(repair: CreditRepair, decision: Card | Case, actor: Actor, now: datetime) -> None:
    why = "信用修复"
    if isinstance(decision, Card):
        take_notice_down(decision, why, actor, now)
        lifecycle.move(decision, CardStatus.REPAIRED, actor, now, reason=why)
        bring_cards_along(decision, why, actor, now)
    elif decision.blacklisting is not None:
        take_notice_down(decision.blacklisting, why, actor, now)
        lifecycle.move(decision.blacklisting, BlacklistingStatus.REPAIRED, actor, now, reason=why)
        bring_along(decision.blacklisting, why, actor, now)
    reverse_all(decision, repair, why, actor, now)


def _still_repairable(decision: Card | Case, now: datetime) -> None:
    if queries.follows_source(decision, now):
        raise Conflict(
            _("该处理随国家名单执行，请向认定机关申请修复，移出名单后即行解除"),
            rule="repair.source",
        )
    if queries.repairable(decision):
        return
    if queries.is_stayed(decision):
        raise Conflict(
            _("原决定在申诉复核期间停止执行，复核结论作出后方可修复"), rule="repair.stayed"
        )
    raise Conflict(_("该处理尚未生效、已经结束或者撤销，无需修复"), rule="repair.decision")


def _tell_bureau(repair: CreditRepair, words: str, occasion: str, now: datetime) -> None:
    send(
        accounts.bureau(repair.jurisdiction_code).id,
        f"{words}：{repair.organisation.public_name}"[:200],
        repair.correction,
        f"/repairs/{repair.public_id}",
        f"repair:{repair.id}:{occasion}",
        now,
    )
