"""What the clock and the approver do with a call: close it, rank, announce, settle the seats."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import CLOCK, Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict
from marketplace.foundation.languages import for_storing
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notices.holding import held_first
from marketplace.notices.rules import NoticeState
from marketplace.notices.telling import concerns
from marketplace.notifications.actions import send
from marketplace.ratings import queries as ratings
from marketplace.ratings.rules.entries import Grade

from . import asking, queries
from .calling import RESULT_NOTICE, said, tell
from .models import (
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallJudge,
    JudgeStatus,
)
from .rules import TENTHS, Candidate, last_day, ranked


def advance_call(call: HallCall, actor: Actor, now: datetime) -> None:
    """The clock on a call: applications are closed, marking is over, the result's notice is."""
    if call.status is CallStatus.OPEN:
        _close_applications(call, actor, now)
    elif call.status is CallStatus.MARKING:
        _close_marking(call, actor, now)
    elif call.status is CallStatus.RANKED:
        _close_notice(call, actor, now)
    else:
        call.next_check_at = None


def _close_applications(call: HallCall, actor: Actor, now: datetime) -> None:
    _shut_out(call, actor, now)
    left = _standing(call)
    if not left:
        _fail(call, actor, now)
    elif call.scored:
        for judge in queries.judges(call):
            if judge.organisation_id in {each.organisation_id for each in left}:
                _recuse_related(judge, actor, now)
        values = queries.edition_of(call, clock.local_day(now)).values
        call.mark_by = working_calendar().deadline(now, values.marking_working_days)
        lifecycle.move(call, CallStatus.MARKING, actor, now, check_at=call.mark_by)
        _tell_bureau(call, "申请截止，进入评审", f"收到 {len(left)} 家机构的申请。", "marking", now)
        for judge in queries.confirmed_judges(call):
            tell(
                judge.organisation_id,
                call,
                "请评审打分",
                f"{judge.user.name}：评分截止 {clock.written(call.mark_by)}。",
                f"marking:{judge.id}",
                now,
                link=f"/hall/judging/{judge.public_id}",
            )
    else:
        rank_call(call, actor, now)


def _recuse_related(judge: HallJudge, actor: Actor, now: datetime) -> None:
    if judge.status in (JudgeStatus.PROPOSED, JudgeStatus.CONFIRMED):
        judge.reason = "所在单位申请了本次征集"
        lifecycle.move(judge, JudgeStatus.RECUSED, actor, now, reason=judge.reason)


def _standing(call: HallCall) -> list[HallApplication]:
    return [
        each for each in queries.applications(call) if each.status is ApplicationStatus.RECEIVED
    ]


def _shut_out(call: HallCall, actor: Actor, now: datetime) -> None:
    """Leave out who may not have a window any more, with the reason."""
    for each in _standing(call):
        shut_out_if_barred(each, call, actor, now)


@for_storing()
def shut_out_if_barred(each: HallApplication, call: HallCall, actor: Actor, now: datetime) -> bool:
    """Ask anew whether a firm may have a window; leave it out with the reason where not."""
    found = asking.obstacle(each.firm, call, now)
    if found is None:
        return False
    each.reason = found[1][:500]
    lifecycle.move(each, ApplicationStatus.SHUT_OUT, actor, now, reason=each.reason, rule=found[0])
    tell(each.organisation_id, call, "不符合进驻条件", each.reason, f"out:{now.isoformat()}", now)
    return True


def _fail(call: HallCall, actor: Actor, now: datetime) -> None:
    lifecycle.move(call, CallStatus.FAILED, actor, now)
    _tell_bureau(call, "没有符合条件的机构", "可以重新发布征集公告。", "failed", now)


def _close_marking(call: HallCall, actor: Actor, now: datetime) -> None:
    """The time is over: rank when enough judges gave everything, else give more time."""
    values = queries.edition_of(call, clock.local_day(now)).values
    if _enough(call):
        rank_call(call, actor, now)
        return
    call.mark_by = working_calendar().deadline(now, values.marking_working_days)
    call.next_check_at = call.mark_by
    audit.record("hall_call.judges_short", actor, call, now, until=call.mark_by)
    _tell_bureau(
        call,
        "完成评分的评委不足，评审顺延",
        f"须有不少于 {values.least_judges} 名评委、来自不少于 {values.least_organisations} 个单位"
        f"完成全部评分，请催办或增补评委。顺延至 {clock.written(call.mark_by)}。",
        f"short:{now.isoformat()}",
        now,
    )


def _enough(call: HallCall) -> bool:
    values = queries.edition_of(call, clock.today()).values
    judges = queries.counted(call)
    organisations = {each.organisation_id for each in judges}
    return len(judges) >= values.least_judges and len(organisations) >= values.least_organisations


def close_if_all_in(call: HallCall, now: datetime) -> None:
    """Rank at once when every judge gave everything and they are enough: by the rule, not by the
    will of whoever was last."""
    if len(queries.counted(call)) == len(queries.confirmed_judges(call)) and _enough(call):
        rank_call(call, CLOCK, now)


def rank_call(call: HallCall, actor: Actor, now: datetime) -> None:
    """Rank who may have a window now, and show the result to the public for objections."""
    _shut_out(call, actor, now)
    left = _standing(call)
    if not left:
        _fail(call, actor, now)
        return
    day = clock.local_day(now)
    values = queries.edition_of(call, day).values
    judges = queries.counted(call) if call.scored else []
    _weigh(call, left, judges, now)
    order = ranked(
        call.public_id,
        [
            Candidate(
                each.public_id,
                each.total,
                each.grade or Grade.UNGRADED,
                each.score,
                each.received_at,
            )
            for each in left
        ],
    )
    by_key = {each.public_id: each for each in left}
    least = values.least_points * TENTHS * len(judges)
    for placed in order:
        each = by_key[placed.key]
        each.place, each.drawn = placed.place, placed.drawn
        if each.total is not None and each.total < least:
            to = ApplicationStatus.NOT_CHOSEN
            each.reason = f"平均分低于 {values.least_points} 分"
        else:
            chosen = placed.place <= call.seats
            to = ApplicationStatus.CHOSEN if chosen else ApplicationStatus.RESERVE
        lifecycle.move(each, to, actor, now, place=placed.place, reason=each.reason)
    call.judges_counted = len(judges)
    call.ranked_at = now
    call.notice_ends_at = working_calendar().deadline(now, values.notice_working_days)
    lifecycle.move(call, CallStatus.RANKED, actor, now, check_at=call.notice_ends_at)
    _announce(call, actor, now)


def _weigh(
    call: HallCall, left: list[HallApplication], judges: list[HallJudge], now: datetime
) -> None:
    """Keep with every application what its place rests on: marks, grade, reputation."""
    counts = {each.id for each in judges}
    totals: dict[int, int] = {}
    for sheet in queries.sheets(call):
        if sheet.judge_id in counts:
            totals[sheet.application_id] = totals.get(sheet.application_id, 0) + sheet.total
    for each in left:
        grade = ratings.grade_on(each.organisation_id, call.register_code, clock.local_day(now))
        each.total = totals.get(each.id, 0) if call.scored else None
        each.grade = grade.grade
        each.score = int(grade.score * 100) if grade.score is not None else None
        each.reason = None


def _announce(call: HallCall, actor: Actor, now: datetime) -> None:
    assert call.notice_ends_at is not None
    chosen = [
        f"{each.place}. {each.organisation.public_name}"
        for each in queries.applications(call)
        if each.status is ApplicationStatus.CHOSEN
    ]
    notices.publish_notice(
        kind=RESULT_NOTICE,
        subject=call,
        title=f"大厅窗口征集结果公示：{call.title}",
        body=f"入选机构（席位 {call.seats} 个）：{'；'.join(chosen) or '无'}。"
        "全部评分、排名和候补次序见征集页面。公示期间可以提出异议。",
        ends_at=call.notice_ends_at,
        jurisdiction_code=call.register_code,
        actor=actor,
        now=now,
        link=f"/hall/calls/{call.public_id}",
    )
    for each in queries.applications(call):
        if each.place is not None:
            body = f"第 {each.place} 名，{each.status.title}。{each.reason or ''}"
            what = "大厅窗口征集结果公示"
            tell(each.organisation_id, call, what, body, f"ranked:{now.isoformat()}", now)


def _close_notice(call: HallCall, actor: Actor, now: datetime) -> None:
    notice = notice_queries.latest(RESULT_NOTICE, call)
    state = notice_queries.state(notice, now) if notice is not None else NoticeState.CLEAR
    if state is NoticeState.RUNNING and notice is not None:
        call.next_check_at = max(notice.ends_at, now + timedelta(minutes=1))
        return
    if state is NoticeState.OBJECTED:
        call.next_check_at = None  # woken when the last objection is answered
        return
    if state is not NoticeState.CLEAR:
        lifecycle.move(call, CallStatus.QUESTIONED, actor, now)
        _tell_bureau(call, "征集结果异议成立，待处理", "请重新排名或终止征集。", "upheld", now)
        return
    day = clock.local_day(now)
    call.awarded_at = now
    call.term_ends_on = last_day(day, call.term_months)
    lifecycle.move(call, CallStatus.AWARDED, actor, now, term_ends_on=call.term_ends_on.isoformat())
    _tell_bureau(call, "征集结果生效，请安排窗口", "按名次安排入选机构进驻。", "awarded", now)


def rank_again(call: HallCall, reason: str, actor: Actor, now: datetime) -> None:
    """After an objection was found right: rank anew, without the judges recused since, and
    announce anew."""
    lock(call)
    now = max(now, clock.now())
    if call.status is not CallStatus.QUESTIONED:
        raise Conflict(_("征集结果没有成立的异议，请刷新页面"), rule="hall.status")
    why = said(reason)
    if call.scored and not _enough(call):
        raise Conflict(
            _("余下的评委不足规定人数或单位数，不能重新排名，请终止征集后重新发布"),
            rule="hall.judges",
        )
    for each in queries.applications(call):
        if each.status is ApplicationStatus.SHUT_OUT:
            each.place = None
        elif each.place is not None:
            lifecycle.move(each, ApplicationStatus.RECEIVED, actor, now, reason=why)
    audit.record("hall_call.ranked_again", actor, call, now)
    rank_call(call, actor, now)


def _hold(call_id: int) -> HallCall | None:
    """Lock a call before its notice; the call where it waits for that notice's objections."""
    call = lock(db.session.get_one(HallCall, call_id))
    return call if call.status is CallStatus.RANKED and call.next_check_at is None else None


def _ranked(call_id: int) -> list[int]:
    """Whoever has a place; of a call that is not ranked yet nobody."""
    found = queries.applications(db.session.get_one(HallCall, call_id))
    return [each.organisation_id for each in found if each.place is not None]


held_first(HallCall.__tablename__, _hold)
concerns(HallCall.__tablename__, _ranked)


def _tell_bureau(call: HallCall, what: str, body: str, occasion: str, now: datetime) -> None:
    send(
        accounts.bureau(call.register_code).id,
        f"{what}：{call.title}",
        body,
        f"/supervision/hall/calls/{call.public_id}",
        f"hall_call:{call.id}:bureau:{occasion}",
        now,
    )
