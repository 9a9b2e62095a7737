"""What a person, a higher package or the clock does with ratings.

Contracts, evaluations and sanctions post facts here; a grade follows by the rules alone. Every
entry takes effect the next day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask_babel import gettext as _

from marketplace.foundation import calendar, clock, lifecycle
from marketplace.foundation import db as database
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notices.rules import NoticeState

from . import queries, replaying, settling
from .models import (
    Capacity,
    EntryKind,
    GradeProposal,
    Inspection,
    ProposalStatus,
    RatingEntry,
    RatingSubject,
)
from .posting import append, locked_subject
from .replaying import Difference
from .rules.entries import (
    ConductKind,
    DecisionStep,
    Grade,
    RaterSide,
    VetoKind,
)
from .rules.weights import add_months
from .settling import NOTICE_KIND

OWNER_CONDUCT = frozenset(
    {
        ConductKind.WITHDRAWN_AFTER_AWARD,
        ConductKind.LATE_ACCEPTANCE,
        ConductKind.LATE_PAYMENT,
    }
)
LATE = frozenset(
    {ConductKind.OVERDUE_DELIVERY, ConductKind.LATE_ACCEPTANCE, ConductKind.LATE_PAYMENT}
)
RECHECK = timedelta(hours=1)


# facts


def post_marks(
    organisation_id: int,
    jurisdiction_code: str,
    side: RaterSide | str,
    rater_organisation_id: int,
    contract_id: int,
    marks: Mapping[str, int],
    evidence: Any,
    actor: Actor,
    now: datetime,
) -> RatingEntry:
    """Post the marks (1–5 by part) of one evaluation on an organisation.

    `side` says who marked: an owner or a department a firm, or a firm an owner. The value is
    20 × the mean, and the rater's breadth is counted and frozen here (rules, section 10).
    Raises Invalid for marks outside 1–5.
    """
    side = RaterSide(side)
    if not marks or any(mark not in range(1, 6) for mark in marks.values()):
        raise Invalid(_("每项评分须为 1 到 5 分"), field="marks", rule="rating.marks")
    capacity = Capacity.OWNER if side is RaterSide.FIRM else Capacity.INTERMEDIARY
    subject = locked_subject(organisation_id, jurisdiction_code, capacity)
    policy = queries.edition_on(subject.register, clock.local_day(now)).values
    value = policy.mark_scale * sum(marks.values()) / len(marks) * 100
    since = add_months(clock.local_day(now), -policy.breadth_months)
    return append(
        subject,
        EntryKind.MARK,
        evidence,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        side=side,
        rater_organisation_id=rater_organisation_id,
        contract_id=contract_id,
        parts=dict(marks),
        hundredths=int(value.quantize(Decimal(1), ROUND_HALF_UP)),
        breadth=queries.breadth_of(rater_organisation_id, side, since, subject.id),
    )


def post_conduct(
    organisation_id: int,
    jurisdiction_code: str,
    kind: ConductKind | str,
    evidence: Any,
    actor: Actor,
    now: datetime,
    points: Decimal | None = None,
    *,
    contract_id: int | None = None,
    working_days: int = 1,
    yearly_deliveries: int = 0,
    ends_on: date | None = None,
) -> RatingEntry:
    """Post a fact of conduct; the policy says what it is worth.

    `points` only for a commendation. For what is late: `contract_id`, the `working_days` it is late
    and, for a delivery, the contracts the firm delivered in the policy's months.
    """
    kind = ConductKind(kind)
    capacity = Capacity.OWNER if kind in OWNER_CONDUCT else Capacity.INTERMEDIARY
    subject = locked_subject(organisation_id, jurisdiction_code, capacity)
    policy = queries.edition_on(subject.register, clock.local_day(now)).values
    praise = kind is ConductKind.COMMENDATION
    if praise and points is not None:
        least, most = policy.commendation_least_points, policy.commendation_most_points
        if not least <= points <= most:
            raise Invalid(
                _("表扬加分须在 %(least)s 到 %(most)s 分之间", least=least, most=most),
                field="points",
                rule="rating.commendation",
            )
    begins = clock.local_day(now) + timedelta(days=policy.effect_after_days)
    return append(
        subject,
        EntryKind.CONDUCT,
        evidence,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        conduct=kind,
        ends_on=ends_on or add_months(begins, policy.conduct_months),
        points=points if praise else None,
        contract_id=contract_id,
        working_days=working_days if kind in LATE else None,
        yearly_deliveries=yearly_deliveries if kind is ConductKind.OVERDUE_DELIVERY else None,
    )


def post_inspection(
    organisation_id: int,
    jurisdiction_code: str,
    inspected_on: date,
    document: str,
    result: Decimal,
    findings: str,
    actor: Actor,
    now: datetime,
) -> Inspection:
    """Record the result (0–100, at most two decimals) of an official inspection and post it."""
    if not 0 <= result <= 100 or result * 100 % 1:
        raise Invalid(
            _("检查得分须为 0 到 100，最多两位小数"), field="result", rule="rating.inspection"
        )
    if inspected_on > clock.local_day(now):
        raise Invalid(_("检查日期不能晚于今天"), field="inspected_on", rule="rating.inspection")
    subject = locked_subject(organisation_id, jurisdiction_code, Capacity.INTERMEDIARY)
    if queries.inspection_of(organisation_id, subject.register, document) is not None:
        raise Invalid(
            _("该机构已有同一文书号的检查结果"), field="document", rule="rating.inspection"
        )
    inspection = Inspection(
        organisation_id=organisation_id,
        register=subject.register,
        inspected_on=inspected_on,
        document=document,
        hundredths=int(result * 100),
        findings=findings,
        recorded_by=actor.user_id,
        recorded_at=now,
    )
    db.session.add(inspection)
    db.session.flush()
    append(
        subject,
        EntryKind.INSPECTION,
        inspection,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        hundredths=inspection.hundredths,
    )
    return inspection


def post_veto(
    organisation_id: int,
    jurisdiction_code: str,
    kind: VetoKind | str,
    evidence: Any,
    actor: Actor,
    now: datetime,
    ends_on: date | None = None,
) -> RatingEntry:
    """Post a fact for which D is proposed whatever the score."""
    subject = locked_subject(organisation_id, jurisdiction_code, Capacity.INTERMEDIARY)
    policy = queries.edition_on(subject.register, clock.local_day(now)).values
    begins = clock.local_day(now) + timedelta(days=policy.effect_after_days)
    return append(
        subject,
        EntryKind.VETO,
        evidence,
        actor,
        now,
        jurisdiction_code=jurisdiction_code,
        veto=VetoKind(kind),
        ends_on=ends_on or add_months(begins, policy.conduct_months),
    )


def reverse_entry(
    entry_id: int,
    evidence: Any,
    actor: Actor,
    now: datetime,
    takes_effect_on: date | None = None,
) -> RatingEntry:
    """Take an entry out of the reckoning, by default from tomorrow on.

    A mistake is reversed from the day it took effect (`takes_effect_on`); what was known before
    stays as it was. Raises Conflict when it is reversed already.
    """
    row = db.session.get_one(RatingEntry, entry_id)
    subject = database.lock(row.subject)
    for other in queries.rows_of(subject):
        if other.reverses_id == entry_id:
            raise Conflict(_("该条信用记录已被冲正"), rule="rating.reversed")
    return append(
        subject,
        EntryKind.REVERSAL,
        evidence,
        actor,
        now,
        jurisdiction_code=row.jurisdiction_code,
        takes_effect_on=takes_effect_on,
        reverses_id=entry_id,
    )


# decisions


def propose_grade(
    organisation_id: int,
    register: str,
    grade: Grade | str,
    reason: str,
    evidence: Any,
    actor: Actor,
    now: datetime,
    veto: VetoKind | str = VetoKind.THIRD_CARD,
) -> GradeProposal:
    """Propose a D by decision of another procedure, whatever the score: a veto, a third card.

    An A is proposed by the system from the score alone and cannot be asked for. Where a proposal of
    D is already open, the fact is posted and that proposal is returned.
    """
    if Grade(grade) is not Grade.D:
        raise Invalid(_("只能依据事实提出 D 级"), field="grade", rule="rating.propose")
    fact = post_veto(organisation_id, register, veto, evidence, actor, now)
    subject = fact.subject
    open_now = queries.open_proposal(subject)
    if open_now is not None:
        if open_now.grade is Grade.D:
            return open_now
        reject_open(subject, open_now, "已另行提出 D 级", actor, now)
    return settling.open_proposal(
        subject, Grade.D, reason, fact.takes_effect_on, [fact.id], evidence, actor, now
    )


def confirm_grade(proposal: GradeProposal, actor: Actor, now: datetime) -> None:
    """Confirm a proposal and publish it; in force the day after the notice ends unobjected.

    Refused to whoever proposed it or recorded one of the entries that led to it.
    """
    subject = database.lock(proposal.subject)
    database.lock(proposal)
    barred = queries.recorders(proposal.triggers) | {proposal.proposed_by}
    if actor.user_id in barred:
        raise Refused(
            _("您录入了引起本次等级变化的记录或提出了本提议，须由其他人员确认"),
            rule="rating.two_officers",
        )
    policy = queries.edition_on(subject.register, clock.local_day(now)).values
    working = calendar.working_calendar()
    ends_at = working.deadline(now, policy.proposal_notice_working_days)
    proposal.confirmed_by = actor.user_id
    proposal.in_force_on = clock.local_day(ends_at) + timedelta(days=1)
    lifecycle.move(proposal, ProposalStatus.PUBLISHED, actor, now, check_at=ends_at)
    _confirm_in_ledger(subject, proposal, actor, now)
    name, title = subject.organisation.public_name, f"{proposal.grade.value} 级"
    notices.publish_notice(
        kind=NOTICE_KIND,
        subject=proposal,
        title=f"{name}信用等级拟定为{title}的公示",
        body=(
            f"经评定并确认，{name}信用等级拟定为{title}。评定依据：{proposal.reason}。"
            "公示期内可以提出异议。"
        ),
        link=f"/firms/{subject.organisation.public_id}/rating",
        ends_at=ends_at,
        jurisdiction_code=subject.register,
        actor=actor,
        now=now,
    )


def reject_grade(proposal: GradeProposal, reason: str, actor: Actor, now: datetime) -> None:
    """Reject a proposal with a reason; the firm is then graded by its score without that grade."""
    if not reason.strip():
        raise Invalid(_("请填写不予通过的理由"), field="reason", rule="rating.reject")
    subject = database.lock(proposal.subject)
    database.lock(proposal)
    if actor.user_id is not None and actor.user_id in queries.recorders(proposal.triggers):
        raise Refused(
            _("您录入了引起本次等级变化的记录，须由其他人员决定"), rule="rating.two_officers"
        )
    reject_open(subject, proposal, reason, actor, now)


def reject_open(
    subject: RatingSubject, proposal: GradeProposal, reason: str, actor: Actor, now: datetime
) -> None:
    """Close a proposal of a locked subject as rejected."""
    settling.withdraw_notice(proposal, reason, actor, now)
    proposal.decision_reason = reason[:1000]
    lifecycle.move(proposal, ProposalStatus.REJECTED, actor, now, reason=reason)
    _decide_in_ledger(subject, proposal, DecisionStep.REJECTED, actor, now)


def advance_proposal(proposal: GradeProposal, actor: Actor, now: datetime) -> None:
    """Follow the notice of a confirmed proposal: objected, upheld, or clear."""
    subject = database.lock(proposal.subject)
    notice = notice_queries.latest(NOTICE_KIND, proposal)
    state = NoticeState.CLEAR
    if notice is not None:
        state = notice_queries.state(notice, now)
    objected = proposal.status is ProposalStatus.OBJECTED
    proposal.next_check_at = now + RECHECK
    if state is NoticeState.UPHELD:
        reject_open(subject, proposal, "异议成立", actor, now)
    elif state is NoticeState.WITHDRAWN:
        reject_open(subject, proposal, "公示已撤回", actor, now)
    elif state is NoticeState.OBJECTED and not objected:
        # the day on which it would come into force is too late to stop it the next day
        stops_on = clock.local_day(now) + timedelta(days=1)
        if proposal.in_force_on is not None:
            stops_on = min(stops_on, proposal.in_force_on)
        _decide_in_ledger(subject, proposal, DecisionStep.OBJECTED, actor, now, stops_on)
        lifecycle.move(proposal, ProposalStatus.OBJECTED, actor, now, check_at=now + RECHECK)
    elif state is NoticeState.CLEAR:
        if objected:
            proposal.in_force_on = clock.local_day(now) + timedelta(days=1)
            lifecycle.move(proposal, ProposalStatus.PUBLISHED, actor, now)
            _confirm_in_ledger(subject, proposal, actor, now)
        proposal.next_check_at = None


def _confirm_in_ledger(
    subject: RatingSubject, proposal: GradeProposal, actor: Actor, now: datetime
) -> None:
    append(
        subject,
        EntryKind.DECISION,
        proposal,
        actor,
        now,
        step=DecisionStep.CONFIRMED,
        grade=proposal.grade,
        proposal_entry_id=proposal.entry_id,
        in_force_on=proposal.in_force_on,
    )


def _decide_in_ledger(
    subject: RatingSubject,
    proposal: GradeProposal,
    step: DecisionStep,
    actor: Actor,
    now: datetime,
    takes_effect_on: date | None = None,
) -> None:
    append(
        subject,
        EntryKind.DECISION,
        proposal,
        actor,
        now,
        takes_effect_on=takes_effect_on,
        step=step,
        grade=proposal.grade,
        proposal_entry_id=proposal.entry_id,
    )


# the clock, and checks


def settle(subject: RatingSubject, actor: Actor, now: datetime) -> None:
    """Evaluate what is due for a subject and store it."""
    settling.settle_subject(database.lock(subject), actor, now)


def replay(organisation_id: int | None = None) -> Iterator[Difference]:
    """Every difference between what is stored and what the ledger says; none when all is well."""
    yield from replaying.differences(organisation_id)
    if organisation_id is None:
        yield from replaying.missing_entries()


__all__ = [
    "Difference",
    "advance_proposal",
    "confirm_grade",
    "post_conduct",
    "post_inspection",
    "post_marks",
    "post_veto",
    "propose_grade",
    "reject_grade",
    "replay",
    "reverse_entry",
    "settle",
]
