"""What the clock brings about in a judging. One outcome in every case.

The caller holds the need's lock. Whoever does not answer or does not mark in time is replaced by
the next of the drawn order; whoever does not explain a mark far from the others is left out. With
fewer judges than the edition's least and nobody left to call the need fails.
"""

from __future__ import annotations

from datetime import datetime

from marketplace.foundation import lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.notifications.actions import send_letter
from marketplace.projects import actions as projects_actions
from marketplace.projects.models import Need
from marketplace.projects.weighing.rules import BestValuePolicy

from .. import queries as selection
from ..methods import best_value
from ..models import RoundStatus, SelectionRound
from . import forming, queries, scoring
from .models import ACTIVE, JudgeStatus, Panel, PanelJudge, PanelQuestion, PanelStatus

TOO_FEW = "评审专家不足，评审未能完成，可改用其他选取方式重新发布"


def advance(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> bool:
    """Do what has become due; True once the judging is over and the quotes may be opened."""
    panel = queries.panel_of(running)
    assert panel is not None
    values = queries.values_of(panel)
    if panel.status is PanelStatus.DRAWING:
        if len(forming.candidates(panel)) < panel.size:
            _fail(panel, need, running, actor, now)
            return False
        if not forming.draw(panel, need, running, actor, now):
            return False  # the lottery's result wakes it
    if panel.status is PanelStatus.EXPLAINING:
        _after_explaining(panel, values, need, actor, now)
    if panel.status is PanelStatus.MARKING:
        _marking(panel, values, need, running, actor, now)
    return panel.status is PanelStatus.DONE


def end_judging(running: SelectionRound, actor: Actor, now: datetime) -> None:
    """The selection ended for another reason: so does the judging that had not come to its end."""
    panel = queries.panel_of(running)
    if panel is not None and panel.status in (PanelStatus.PLANNED, PanelStatus.DRAWING):
        lifecycle.move(panel, PanelStatus.FAILED, actor, now)


def _marking(
    panel: Panel,
    values: BestValuePolicy,
    need: Need,
    running: SelectionRound,
    actor: Actor,
    now: datetime,
) -> None:
    asked = {each.id for each in selection.listed(running)}
    active = []
    for judge in queries.judges(panel):
        if judge.status is JudgeStatus.CALLED and now >= judge.answer_by:
            lifecycle.move(judge, JudgeStatus.SILENT, actor, now)
        elif _late(judge, now) and not _complete(judge, asked):
            lifecycle.move(judge, JudgeStatus.LAPSED, actor, now)
        if judge.status in ACTIVE:
            active.append(judge)
    while len(active) < panel.size:
        called = forming.call_next(panel, need, actor, now)
        if called is None:
            break
        active.append(called)
    if len(active) < values.least_judges:
        _fail(panel, need, running, actor, now)
        return
    pending = [each for each in active if not _complete(each, asked)]
    if pending:
        need.next_check_at = min(each.mark_by or each.answer_by for each in pending)
        return
    _ask(panel, values, need, active, actor, now)
    if _unanswered(active):
        lifecycle.move(panel, PanelStatus.EXPLAINING, actor, now)
        _after_explaining(panel, values, need, actor, now)
    else:
        _finish(panel, actor, now)


def _late(judge: PanelJudge, now: datetime) -> bool:
    if judge.status is not JudgeStatus.CONFIRMED or judge.mark_by is None:
        return False
    return now >= judge.mark_by


def _complete(judge: PanelJudge, asked: set[int]) -> bool:
    return judge.status is JudgeStatus.CONFIRMED and asked <= set(queries.sheets_by(judge))


def _ask(
    panel: Panel,
    values: BestValuePolicy,
    need: Need,
    active: list[PanelJudge],
    actor: Actor,
    now: datetime,
) -> None:
    given = {judge.id: queries.sheets_by(judge) for judge in active}
    explain_by = working_calendar().deadline(now, values.explain_working_days)
    weights = scoring.weights_of(need)
    told = set()
    for entry in selection.listed(panel.round):
        totals = {key: sheets[entry.id].total for key, sheets in given.items()}
        far = best_value.far_off(totals, weights, values.spread_share)
        before = queries.questions(given[key][entry.id].id for key in far)
        for judge_id in sorted(far):
            sheet = given[judge_id][entry.id]
            if sheet.id in before:
                continue
            db.session.add(
                PanelQuestion(
                    sheet_id=sheet.id,
                    asked_at=now,
                    explain_by=explain_by,
                    middle=scoring.middle(totals.values()),
                )
            )
            told.add(judge_id)
    db.session.flush()
    for judge in active:
        email = judge.expert.user.email
        if judge.id in told and email:
            send_letter(
                email,
                "请说明评分偏离",
                "您的评分与其他评审专家相差较大，请在期限内公开说明；逾期未说明的，评分不计。",
                f"/judging/{judge.public_id}",
                f"panel_judge:{judge.id}:explain:{now.isoformat()}",
                now,
            )


def _unanswered(active: list[PanelJudge]) -> list[PanelQuestion]:
    return [question for judge in active for question in queries.to_explain(judge)]


def _after_explaining(
    panel: Panel, values: BestValuePolicy, need: Need, actor: Actor, now: datetime
) -> None:
    active = [each for each in queries.judges(panel) if each.status is JudgeStatus.CONFIRMED]
    waiting = [each for each in _unanswered(active) if now < each.explain_by]
    if waiting:
        need.next_check_at = min(each.explain_by for each in waiting)
        return
    for judge in {question.sheet.judge for question in _unanswered(active)}:
        lifecycle.move(judge, JudgeStatus.LEFT_OUT, actor, now)
        active.remove(judge)
    if len(active) < values.least_judges:
        lifecycle.move(panel, PanelStatus.MARKING, actor, now)
    else:
        _finish(panel, actor, now)


def _finish(panel: Panel, actor: Actor, now: datetime) -> None:
    panel.done_at = now
    lifecycle.move(panel, PanelStatus.DONE, actor, now)


def _fail(panel: Panel, need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    lifecycle.move(panel, PanelStatus.FAILED, actor, now, reason=TOO_FEW)
    lifecycle.move(running, RoundStatus.FAILED, actor, now, reason=TOO_FEW)
    projects_actions.fail_need(need, TOO_FEW, actor, now)
