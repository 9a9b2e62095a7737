"""Store what the fold says: grade records, proposals that are due, the next day to look."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notices.holding import held_first
from marketplace.notices.models import NoticeStatus
from marketplace.notices.telling import concerns
from marketplace.notifications.actions import send

from . import queries
from .models import (
    Capacity,
    EntryKind,
    GradeProposal,
    GradeRecord,
    ProposalStatus,
    RatingEntry,
    RatingSubject,
)
from .posting import append
from .rules.entries import DecisionStep, Grade
from .rules.evaluation_days import next_day
from .rules.grades import DueDecision, GradeInForce, GradeState

NOTICE_KIND = "grade"


def hold_subject(proposal_id: int) -> GradeProposal:
    """Lock the subject of a proposal, then the proposal: the order of everybody who decides."""
    proposal = db.session.get_one(GradeProposal, proposal_id)
    lock(proposal.subject)
    return lock(proposal)


held_first(GradeProposal.__tablename__, hold_subject)
concerns(
    GradeProposal.__tablename__,
    lambda key: [db.session.get_one(GradeProposal, key).subject.organisation_id],
)


def settle_subject(subject: RatingSubject, actor: Actor, now: datetime) -> None:
    """Bring a locked subject up to today: records, proposals, the day of the next look."""
    today = clock.local_day(now)
    rows = queries.rows_of(subject)
    result = queries.fold(subject, rows, today, now)
    cursor = rows[-1].id if rows else 0
    _store(subject, result, cursor, actor, now)
    if subject.capacity is Capacity.INTERMEDIARY:
        _follow(subject, result, rows, actor, now)
        for due in result.due:
            _owe(subject, due, actor, now)
    _set_next_check(subject, result)


def _set_next_check(subject: RatingSubject, result: GradeInForce) -> None:
    entries = [queries.as_entry(row) for row in queries.rows_of(subject)]
    days = [next_day(entries, queries.policies_of(subject.register), result.day)]
    if result.upcoming is not None:
        days.append(result.upcoming.since)
    coming = min((day for day in days if day is not None), default=None)
    subject.next_check_at = None if coming is None else queries.start_of(coming)


# records


def _store(
    subject: RatingSubject, result: GradeInForce, cursor: int, actor: Actor, now: datetime
) -> None:
    """Write a record for every state since the last settled day, and one for a corrected today."""
    last = queries.record_on(subject, result.day)
    for state in result.states():
        if subject.settled_on is None or state.from_day > subject.settled_on:
            last = _write(subject, state, state.from_day, cursor, now)
    present = result.state_on(result.day)
    if last is not None and not _same(last, present):
        # a correction of past days, which themselves stay as they were known
        _write(subject, present, result.day, cursor, now)
    subject.settled_on = result.day
    subject.hundredths = present.hundredths
    if subject.grade is not present.grade:
        audit.record(
            "rating.grade",
            actor,
            subject,
            now,
            before=subject.grade.value,
            after=present.grade.value,
            since=present.since,
            score=queries.hundredths(present.hundredths),
            cursor=cursor,
        )
        subject.grade = present.grade
        _tell(subject, present, now)
    db.session.flush()


def _write(
    subject: RatingSubject, state: GradeState, from_day: date, cursor: int, now: datetime
) -> GradeRecord:
    record = GradeRecord(
        subject_id=subject.id,
        from_day=from_day,
        grade=state.grade,
        since=state.since,
        hundredths=state.hundredths,
        evaluated=state.evaluated,
        edition_id=int(state.edition) if state.edition else None,
        cursor=cursor,
        known_at=now,
    )
    db.session.add(record)
    db.session.flush()
    return record


def _same(record: GradeRecord, state: GradeState) -> bool:
    return replace(state, from_day=record.from_day) == queries.state_of(record)


def _tell(subject: RatingSubject, state: GradeState, now: datetime) -> None:
    if subject.capacity is not Capacity.INTERMEDIARY or state.since is None:
        return
    title = "未评级" if state.grade is Grade.UNGRADED else f"{state.grade.value} 级"
    since = state.since
    send(
        subject.organisation_id,
        f"信用等级变更为{title}",
        f"自 {clock.written_day(since)} 起，贵单位信用等级为{title}。"
        "等级的由来逐条列在信用等级说明页。",
        f"/firms/{subject.organisation.public_id}/rating",
        f"grade:{subject.id}:{state.since.isoformat()}:{state.grade.value}",
        now,
    )


# proposals


def _follow(
    subject: RatingSubject,
    result: GradeInForce,
    rows: list[RatingEntry],
    actor: Actor,
    now: datetime,
) -> None:
    """Let the open proposal follow the fold: in force, or lapsed."""
    proposal = queries.open_proposal(subject)
    if proposal is None:
        return
    if proposal.entry_id in {change.decided_by for change in result.changes}:
        lifecycle.move(proposal, ProposalStatus.IN_FORCE, actor, now)
        return
    if result.proposal is not None and result.proposal.entry == proposal.entry_id:
        return
    entry = next(row for row in rows if row.id == proposal.entry_id)
    if entry.takes_effect_on <= result.day:
        _lapse(subject, proposal, actor, now)


def _lapse(subject: RatingSubject, proposal: GradeProposal, actor: Actor, now: datetime) -> None:
    """The score has left the grade that was proposed."""
    append(
        subject,
        EntryKind.DECISION,
        proposal,
        actor,
        now,
        step=DecisionStep.LAPSED,
        grade=proposal.grade,
        proposal_entry_id=proposal.entry_id,
    )
    reason = "得分已不在所提等级范围内"
    withdraw_notice(proposal, reason, actor, now)
    lifecycle.move(proposal, ProposalStatus.LAPSED, actor, now, reason=reason)


def withdraw_notice(proposal: GradeProposal, reason: str, actor: Actor, now: datetime) -> None:
    """Take back the running notice of a proposal that is closed without effect."""
    notice = notice_queries.latest(NOTICE_KIND, proposal)
    if notice is not None and notice.status is NoticeStatus.OPEN:
        notices.withdraw_notice(notice, reason, actor, now)


def _owe(subject: RatingSubject, due: DueDecision, actor: Actor, now: datetime) -> None:
    """Make the proposal that the fold asks for."""
    if due.step is not DecisionStep.PROPOSED or queries.open_proposal(subject) is not None:
        return
    day = due.evaluated_on
    open_proposal(
        subject,
        due.grade,
        f"{clock.written_day(day)} 评定，得分和评价依据对应 {due.grade.value} 级",
        due.evaluated_on,
        list(due.triggers),
        subject,
        actor,
        now,
    )


def open_proposal(
    subject: RatingSubject,
    grade: Grade,
    reason: str,
    evaluated_on: date,
    triggers: list[int],
    evidence: object,
    actor: Actor,
    now: datetime,
) -> GradeProposal:
    """Post a proposal to the ledger and open its row."""
    entry = append(
        subject,
        EntryKind.DECISION,
        evidence,
        actor,
        now,
        step=DecisionStep.PROPOSED,
        grade=grade,
    )
    proposal = GradeProposal(
        subject_id=subject.id,
        entry_id=entry.id,
        grade=grade,
        reason=reason,
        evaluated_on=evaluated_on,
        triggers=triggers,
        proposed_by=actor.user_id,
    )
    lifecycle.begin(proposal, ProposalStatus.PROPOSED, actor, now)
    return proposal
