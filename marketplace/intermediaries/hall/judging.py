"""Judges: named by one officer, confirmed by another; each marks blind, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import User
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused

from . import deciding, queries
from .calling import said, tell
from .models import (
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallExplanation,
    HallJudge,
    HallSheet,
    JudgeStatus,
)
from .rules import TENTHS

BEFORE_THE_END = (CallStatus.DRAFT, CallStatus.SUBMITTED, CallStatus.OPEN, CallStatus.MARKING)


def propose_judge(
    call: HallCall, user: User, speciality: str, actor: Actor, now: datetime
) -> HallJudge:
    """Name a person as judge of a scored call. Raises Conflict for a relation or a second naming."""
    lock(call)
    if not call.scored or call.status not in BEFORE_THE_END:
        raise Conflict(_("本次征集不由评委评分，或者评审已经结束"), rule="hall.status")
    home = accounts.home_of(user)
    if home is None or user.disabled_at is not None:
        raise Invalid(_("该账号已停用或没有所属单位"), field="login", rule="hall.judge")
    if user.id == actor.user_id:
        raise Refused(_("不能提名本人为评委"), rule="two_people")
    if any(each.user_id == user.id for each in queries.judges(call)):
        raise Conflict(_("该人员已被提名为本次征集的评委"), field="login", rule="hall.judge")
    _unrelated(call, home.id, "login")
    judge = HallJudge(
        call_id=call.id,
        user_id=user.id,
        organisation_id=home.id,
        speciality=speciality.strip(),
        proposed_by=actor.user_id,
        proposed_at=now,
    )
    lifecycle.begin(judge, JudgeStatus.PROPOSED, actor, now)
    return judge


def _unrelated(call: HallCall, organisation_id: int, field: str | None = None) -> None:
    if any(
        each.organisation_id == organisation_id
        for each in queries.applications(call)
        if each.status is not ApplicationStatus.WITHDRAWN
    ):
        raise Conflict(
            _("该人员所在单位申请了本次征集，应当回避"), field=field, rule="hall.related"
        )


def confirm_judge(judge: HallJudge, actor: Actor, now: datetime) -> None:
    """Confirm a judge: another officer than who named him, and not he himself."""
    call = lock(judge.call)
    lock(judge)
    now = max(now, clock.now())
    _other(judge, actor)
    if call.status not in BEFORE_THE_END:
        raise Conflict(_("评审已经结束"), rule="hall.status")
    _unrelated(call, judge.organisation_id)
    judge.confirmed_by, judge.confirmed_at = actor.user_id, now
    lifecycle.move(judge, JudgeStatus.CONFIRMED, actor, now)
    tell(
        judge.organisation_id,
        call,
        "受聘为大厅窗口征集评委",
        f"{judge.user.name}：申请截止后请在“评审任务”中逐家评分，评分互不可见。",
        f"judge:{judge.id}",
        now,
        link=f"/hall/judging/{judge.public_id}",
    )


def refuse_judge(judge: HallJudge, reason: str, actor: Actor, now: datetime) -> None:
    """Not confirm a judge, with reasons."""
    lock(judge.call)
    lock(judge)
    _other(judge, actor)
    judge.reason = said(reason)
    lifecycle.move(judge, JudgeStatus.REFUSED, actor, now, reason=judge.reason)


def _other(judge: HallJudge, actor: Actor) -> None:
    if actor.user_id in (judge.proposed_by, judge.user_id):
        raise Refused(_("评委须由提名人和本人以外的审批人确认"), rule="two_people")


def recuse_judge(judge: HallJudge, reason: str, actor: Actor, now: datetime) -> None:
    """Stand aside, or be found related by the approver: the marks given count no more.

    During the marking the others may then have given everything; after an objection was found
    right the approver recuses before the ranking is made again.
    """
    call = lock(judge.call)
    lock(judge)
    now = max(now, clock.now())
    own = actor.user_id == judge.user_id
    if call.status not in (*BEFORE_THE_END, *(() if own else (CallStatus.QUESTIONED,))):
        raise Conflict(_("评审已经结束，不能再回避"), rule="hall.status")
    judge.reason = said(reason)
    lifecycle.move(judge, JudgeStatus.RECUSED, actor, now, reason=judge.reason, own=own)
    if call.status is CallStatus.MARKING:
        deciding.close_if_all_in(call, now)


def give_sheet(
    judge: HallJudge,
    application: HallApplication,
    marks: Sequence[Decimal],
    reason: str,
    actor: Actor,
    now: datetime,
) -> HallSheet:
    """Mark one application on every criterion, once. Nobody else reads it before all are in or the
    time is over. Raises Missing, Conflict or Invalid."""
    call = lock(judge.call)
    lock(judge)
    now = max(now, clock.now())
    if actor.user_id != judge.user_id or judge.status is not JudgeStatus.CONFIRMED:
        raise Refused(_("只有已确认且未回避的评委可以评分"), rule="hall.judge")
    if call.status is not CallStatus.MARKING or call.mark_by is None or now >= call.mark_by:
        raise Conflict(_("不在评审期间，不能评分"), rule="hall.marking")
    if application.status is not ApplicationStatus.RECEIVED:
        raise Conflict(_("该申请已撤回或不符合条件，无需评分"), rule="hall.application")
    _unrelated(call, judge.organisation_id)
    if application.id in queries.sheets_by(judge):
        raise Conflict(_("您已对该机构评分，评分提交后不能修改"), rule="hall.once")
    tenths = [_tenths(call, place, mark) for place, mark in enumerate(marks)]
    sheet = HallSheet(
        judge_id=judge.id,
        application_id=application.id,
        marks=tenths,
        total=sum(tenths),
        reason=said(reason),
        given_at=now,
    )
    db.session.add(sheet)
    db.session.flush()
    audit.record("hall_sheet.given", actor, sheet, now, call=call.id, application=application.id)
    deciding.close_if_all_in(call, now)
    return sheet


def _tenths(call: HallCall, place: int, mark: Decimal) -> int:
    criterion = call.criteria[place]
    tenths = mark * TENTHS
    if not 0 <= mark <= criterion.points or tenths != tenths.to_integral_value():
        raise Invalid(
            _("0 至 %(most)s 分，最多一位小数", most=criterion.points),
            field=f"mark_{criterion.position}",
            rule="hall.mark",
        )
    return int(tenths)


def explain(judge: HallJudge, sheet: HallSheet, text: str, actor: Actor, now: datetime) -> None:
    """Say in public why one's total lies so far from the mean; once."""
    call = lock(judge.call)
    now = max(now, clock.now())
    values = queries.edition_of(call, clock.local_day(now)).values
    asked: Mapping[int, bool] = dict.fromkeys(queries.to_explain(call, values.spread_points), True)
    if sheet.judge_id != judge.id or actor.user_id != judge.user_id or sheet.id not in asked:
        raise Conflict(_("该评分无需说明"), rule="hall.spread")
    if queries.explanations([sheet.id]):
        raise Conflict(_("已经作过说明"), rule="hall.once")
    made = HallExplanation(sheet_id=sheet.id, text=said(text, "text"), given_at=now)
    db.session.add(made)
    db.session.flush()
    audit.record("hall_sheet.explained", actor, sheet, now, call=call.id)
