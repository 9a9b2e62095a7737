"""The decisions about a grade: confirmed or rejected by another officer, in force after its notice."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_babel import gettext as _

from marketplace.foundation import calendar, clock, lifecycle
from marketplace.foundation import db as database
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Invalid, Refused
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notices.rules import NoticeState

from . import queries, settling
from .models import (
    EntryKind,
    GradeProposal,
    ProposalStatus,
    RatingSubject,
)
from .posting import append
from .rules.entries import (
    DecisionStep,
)
from .settling import NOTICE_KIND


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
    """Follow the notice of a confirmed proposal: objected, upheld, or clear.

    While an objection waits there is nothing to look at: its answer wakes the proposal.
    """
    subject = database.lock(proposal.subject)
    notice = notice_queries.latest(NOTICE_KIND, proposal)
    state = NoticeState.CLEAR
    if notice is not None:
        state = notice_queries.state(notice, now)
    objected = proposal.status is ProposalStatus.OBJECTED
    running = state is NoticeState.RUNNING
    proposal.next_check_at = notice.ends_at if notice is not None and running else None
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
        lifecycle.move(proposal, ProposalStatus.OBJECTED, actor, now)
    elif state is NoticeState.CLEAR and objected:
        proposal.in_force_on = clock.local_day(now) + timedelta(days=1)
        lifecycle.move(proposal, ProposalStatus.PUBLISHED, actor, now)
        _confirm_in_ledger(subject, proposal, actor, now)


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
