"""What a judge does: answer, mark, explain; and what is said of a judge afterwards."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.projects.models import Need, NeedStatus

from .. import queries as selection
from ..experts import queries as pool
from ..methods.best_value import TENTHS
from ..models import Entry
from ..rules.experts import recusal
from . import queries
from .models import (
    JudgeStatus,
    PanelFeedback,
    PanelJudge,
    PanelQuestion,
    PanelSheet,
    PanelStatus,
)

SHORTEST_REASON, LONGEST_REASON = 2, 500


def _held(judge: PanelJudge, actor: Actor) -> tuple[Need, datetime]:
    """Lock the need, then read the clock; only the judge himself, only while it is judged."""
    need = lock(judge.panel.round.need)
    now = clock.now()
    db.session.refresh(judge)
    if actor.user_id != judge.user_id:
        raise Refused(_("只有抽取到的专家本人可以办理"), rule="panel.judge")
    running = need.status is NeedStatus.SELECTING and judge.panel.status in (
        PanelStatus.MARKING,
        PanelStatus.EXPLAINING,
    )
    if not running:
        raise Conflict(_("本次评审已经结束"), rule="panel.state")
    return need, now


def take_part(judge: PanelJudge, actor: Actor) -> None:
    """Confirm that one judges: nobody concerned, and the marks come in time."""
    need, now = _held(judge, actor)
    if judge.status is not JudgeStatus.CALLED or now >= judge.answer_by:
        raise Conflict(_("答复期限已过，或者已经答复"), rule="panel.answer")
    _unrelated(judge, need)
    values = queries.values_of(judge.panel)
    judge.mark_by = working_calendar().deadline(now, values.marking_working_days)
    lifecycle.move(judge, JudgeStatus.CONFIRMED, actor, now, mark_by=judge.mark_by)
    need.next_check_at = now


def _unrelated(judge: PanelJudge, need: Need) -> None:
    parties = {each.organisation_id for each in selection.listed(selection.live_round(need))}
    why = recusal(pool.ties_of(judge.expert), {need.owner_id, *parties})
    if why is not None:
        raise Conflict(_("您与项目业主或者参评机构有关系，应当回避"), rule="panel.related")


def stand_aside(judge: PanelJudge, reason: str, actor: Actor) -> None:
    """Decline, or recuse oneself while judging: the marks given do not count, the next steps in."""
    need, now = _held(judge, actor)
    if judge.panel.status is not PanelStatus.MARKING:
        raise Conflict(_("评分已经齐，不能再回避"), rule="panel.state")
    judge.reason = _said(reason, SHORTEST_REASON)
    lifecycle.move(judge, JudgeStatus.DECLINED, actor, now, reason=judge.reason)
    need.next_check_at = now


def give_marks(
    judge: PanelJudge,
    entry: Entry,
    plan: Decimal,
    practitioners: Decimal,
    reason: str,
    actor: Actor,
) -> PanelSheet:
    """Mark one firm, once. Nobody else reads it before all are in or the time is over."""
    need, now = _held(judge, actor)
    if (
        judge.status is not JudgeStatus.CONFIRMED
        or judge.panel.status is not PanelStatus.MARKING
        or judge.mark_by is None
        or now >= judge.mark_by
    ):
        raise Conflict(_("不在评分期间，不能评分"), rule="panel.marking")
    if entry.id not in {each.id for each in selection.listed(judge.panel.round)}:
        raise Conflict(_("该机构不在名单内，无需评分"), rule="panel.entry")
    _unrelated(judge, need)
    if entry.id in queries.sheets_by(judge):
        raise Conflict(_("您已对该机构评分，评分提交后不能修改"), rule="panel.once")
    weights = need.weights
    assert weights is not None
    sheet = PanelSheet(
        judge_id=judge.id,
        entry_id=entry.id,
        plan=_tenths(plan, weights.plan, "plan"),
        practitioners=_tenths(practitioners, weights.practitioners, "practitioners"),
        reason=_said(reason, queries.values_of(judge.panel).mark_reason_shortest),
        given_at=now,
    )
    db.session.add(sheet)
    db.session.flush()
    audit.record("panel_sheet.given", actor, sheet, now, panel=judge.panel_id, entry=entry.id)
    need.next_check_at = now
    return sheet


def _tenths(mark: Decimal, full: int, field: str) -> int:
    tenths = mark * TENTHS
    if not 0 <= mark <= full or tenths != tenths.to_integral_value():
        raise Invalid(
            _("0 至 %(most)s 分，最多一位小数", most=full), field=field, rule="panel.mark"
        )
    return int(tenths)


def explain(question: PanelQuestion, text: str, actor: Actor) -> None:
    """Say in public why one's total lies so far from the others'; once, in time."""
    judge = question.sheet.judge
    need, now = _held(judge, actor)
    db.session.refresh(question)
    if question.text is not None or now >= question.explain_by:
        raise Conflict(_("该评分无需说明，或者说明期限已过"), rule="panel.explain")
    question.text = _said(text, queries.values_of(judge.panel).explanation_shortest, "text", 1000)
    question.given_at = now
    db.session.flush()
    audit.record("panel_sheet.explained", actor, question.sheet, now, panel=judge.panel_id)
    need.next_check_at = now


def give_feedback(judge: PanelJudge, mark: int, text: str, actor: Actor) -> PanelFeedback:
    """What the owner or the bureau says of a judge after the judging; once each."""
    now = clock.now()
    assert actor.organisation_id is not None
    assert actor.user_id is not None
    if judge.panel.status is not PanelStatus.DONE:
        raise Conflict(_("评审结束后填写"), rule="panel.state")
    if judge.id in queries.feedback_by(judge.panel, actor.organisation_id):
        raise Conflict(_("已经填写过"), rule="panel.once")
    made = PanelFeedback(
        judge_id=judge.id,
        organisation_id=actor.organisation_id,
        mark=mark,
        text=_said(text, SHORTEST_REASON, "text"),
        given_by=actor.user_id,
        given_at=now,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("panel_judge.rated", actor, judge, now, mark=mark)
    return made


def _said(text: str, least: int, field: str = "reason", most: int = LONGEST_REASON) -> str:
    text = text.strip()
    if not least <= len(text) <= most:
        raise Invalid(
            _("请写明理由，%(min)d 到 %(max)d 个字", min=least, max=most),
            field=field,
            rule="panel.reason",
        )
    return text
