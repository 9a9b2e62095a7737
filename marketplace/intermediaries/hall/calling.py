"""Calls for windows: drafted by one officer, published by another, ended with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.accounts import areas
from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notices.models import NoticeStatus
from marketplace.notifications.actions import send

from .. import queries as register_queries
from . import queries
from .fairness import unfair_word
from .models import ApplicationStatus, CallStatus, HallCall, HallCriterion
from .rules import FULL, Criterion, HallPolicy

CALL_NOTICE, RESULT_NOTICE = "hall_call", "hall_result"
SHORTEST, LONGEST = 5, 500
MOST_CRITERIA = 8


def draft_call(
    register: str,
    *,
    title: str,
    seats: int,
    item_codes: Sequence[str],
    term_months: int,
    apply_until: date,
    criteria: Sequence[Criterion],
    actor: Actor,
    now: datetime,
) -> HallCall:
    """Draft a call of a register with a hall; whether judges mark follows from its admission
    edition. Raises Conflict without a hall, Invalid for what the call may not say."""
    scored = _opens(register, now)
    call = HallCall(
        register_code=register,
        title="",
        seats=1,
        item_codes=[],
        term_months=term_months,
        scored=scored,
        apply_until=apply_until,
        drafted_by=actor.user_id,
        drafted_at=now,
    )
    _write(call, title, seats, item_codes, term_months, apply_until, criteria, now)
    lifecycle.begin(call, CallStatus.DRAFT, actor, now)
    _keep_criteria(call, criteria)
    return call


def redraft_call(
    call: HallCall,
    *,
    title: str,
    seats: int,
    item_codes: Sequence[str],
    term_months: int,
    apply_until: date,
    criteria: Sequence[Criterion],
    actor: Actor,
    now: datetime,
) -> None:
    """Write a draft anew; whoever does it answers for it and may not publish it."""
    lock(call)
    if call.status is not CallStatus.DRAFT:
        raise Conflict(_("征集公告已提交或发布，不能修改"), rule="hall.status")
    call.scored = _opens(call.register_code, now)
    _write(call, title, seats, item_codes, term_months, apply_until, criteria, now)
    call.drafted_by = actor.user_id
    for each in list(call.criteria):
        db.session.delete(each)
    db.session.flush()
    db.session.expire(call, ["criteria"])
    _keep_criteria(call, criteria)
    audit.record("hall_call.redrafted", actor, call, now, seats=seats)


def _opens(register: str, now: datetime) -> bool:
    """Whether judges mark the calls of a register; raises Conflict where it has no hall."""
    day = clock.local_day(now)
    if not queries.hall_policy(register, day).values.windows:
        raise Conflict(
            _("本辖区现行规则没有设大厅窗口，请先发布载明窗口数和公平竞争审查的大厅规则版本"),
            rule="hall.none",
        )
    return register_queries.admission_policy(register, day).values.mode == "tendered"


def _write(
    call: HallCall,
    title: str,
    seats: int,
    item_codes: Sequence[str],
    term_months: int,
    apply_until: date,
    criteria: Sequence[Criterion],
    now: datetime,
) -> None:
    day = clock.local_day(now)
    values = queries.hall_policy(call.register_code, day).values
    if not 5 <= len(title.strip()) <= 120:
        raise Invalid(_("请填写征集公告标题，5 到 120 个字"), field="title", rule="hall.title")
    if not 1 <= seats <= values.windows:
        raise Invalid(
            _("席位数为 1 至 %(most)s，大厅窗口总数以现行规则为限", most=values.windows),
            field="seats",
            rule="hall.windows",
        )
    if not 1 <= term_months <= 60:
        raise Invalid(_("任期为 1 至 60 个月"), field="term_months", rule="hall.term")
    known = {each.code for each in catalogue.items(day, accounts.lineage(call.register_code))}
    if not set(item_codes) <= known:
        raise Invalid(_("所选服务事项不在现行清单内"), field="items", rule="hall.items")
    _must_last(apply_until, values, now)
    if call.scored:
        _must_be_fair(criteria, call.register_code)
    elif criteria:
        raise Invalid(_("本辖区的大厅窗口按信用等级和信誉排序，不设评分项"), rule="hall.criteria")
    call.title = title.strip()
    call.seats = seats
    call.item_codes = sorted(set(item_codes))
    call.term_months = term_months
    call.apply_until = apply_until


def _must_last(apply_until: date, values: HallPolicy, now: datetime) -> None:
    least = working_calendar().deadline(now, values.application_working_days)
    if moment(apply_until) < least:
        raise Invalid(
            _(
                "申请期限不少于 %(days)s 个工作日，截止日不早于 %(day)s",
                days=values.application_working_days,
                day=clock.written_day(clock.local_day(least)),
            ),
            field="apply_until",
            rule="hall.application_days",
        )


def _must_be_fair(criteria: Sequence[Criterion], register: str) -> None:
    """Refuse criteria that do not add up, and any that asks where a firm is from."""
    if not 2 <= len(criteria) <= MOST_CRITERIA:
        raise Invalid(
            _("请填写 2 至 %(most)s 个评分项", most=MOST_CRITERIA),
            field="name_1",
            rule="hall.criteria",
        )
    tree = areas.areas()[register]
    places = [areas.areas()[code].name for code in (*tree.lineage[:-1], *tree.below)]
    for number, each in enumerate(criteria, start=1):
        if not 1 <= each.points <= FULL:
            raise Invalid(
                _("分值为 1 至 100 的整数"), field=f"points_{number}", rule="hall.criteria"
            )
        if word := unfair_word(each, places):
            field = "name" if word in each.name else "looked"
            raise Invalid(
                _(
                    "含“%(word)s”：不得以注册地、本地分支机构、本地业绩或者所有制、注册资本设置条件"
                    "或者评分（公平竞争审查），请删去或改为与服务能力直接相关的内容",
                    word=word,
                ),
                field=f"{field}_{number}",
                rule="fair_competition",
            )
    if sum(each.points for each in criteria) != FULL:
        raise Invalid(
            _(
                "各评分项分值之和应为 100 分，现为 %(sum)s 分",
                sum=sum(each.points for each in criteria),
            ),
            field="points_1",
            rule="hall.criteria",
        )


def _keep_criteria(call: HallCall, criteria: Sequence[Criterion]) -> None:
    db.session.add_all(
        HallCriterion(
            call_id=call.id,
            position=position,
            name=each.name,
            looked_at=each.looked_at,
            points=each.points,
        )
        for position, each in enumerate(criteria, start=1)
    )
    db.session.flush()
    db.session.expire(call, ["criteria"])


def submit_call(call: HallCall, actor: Actor, now: datetime) -> None:
    """Lay a draft before the officer who publishes."""
    lock(call)
    lifecycle.move(call, CallStatus.SUBMITTED, actor, now)


def return_call(call: HallCall, reason: str, actor: Actor, now: datetime) -> None:
    """Give a draft back with what is to be changed."""
    lock(call)
    if call.status is not CallStatus.SUBMITTED:
        raise Conflict(_("征集公告不在待发布状态，请刷新页面"), rule="hall.status")
    call.reason = said(reason)
    lifecycle.move(call, CallStatus.DRAFT, actor, now, reason=call.reason)


def publish_call(call: HallCall, actor: Actor, now: datetime) -> None:
    """Publish a call: another officer than who drafted it. It is held against the editions in force
    now, which it cites from here on."""
    lock(call)
    now = max(now, clock.now())
    if actor.user_id == call.drafted_by:
        raise Refused(_("起草人不能发布本人起草的征集公告，须由另一人发布"), rule="two_people")
    day = clock.local_day(now)
    edition = queries.hall_policy(call.register_code, day)
    admission = register_queries.admission_policy(call.register_code, day)
    if call.status is not CallStatus.SUBMITTED:
        raise Conflict(_("征集公告不在待发布状态，请刷新页面"), rule="hall.status")
    if call.scored != (admission.values.mode == "tendered") or call.seats > edition.values.windows:
        raise Conflict(_("现行规则已变更，请退回起草人按新规则修改"), rule="hall.edition")
    _must_last(call.apply_until, edition.values, now)
    call.edition_id, call.admission_edition_id = edition.id, admission.id
    call.published_by, call.published_at = actor.user_id, now
    call.apply_by = moment(call.apply_until)
    call.reason = None
    lifecycle.move(call, CallStatus.OPEN, actor, now, check_at=call.apply_by, edition=edition.id)
    notices.publish_notice(
        kind=CALL_NOTICE,
        subject=call,
        title=f"大厅窗口公开征集：{call.title}",
        body=f"征集大厅窗口 {call.seats} 个，任期 {call.term_months} 个月，在册机构均可申请。"
        f"申请截止 {clock.written(call.apply_by)}。依据：{edition.title}、{admission.title}。",
        ends_at=call.apply_by,
        jurisdiction_code=call.register_code,
        actor=actor,
        now=now,
        objectable=False,
        link=f"/hall/calls/{call.public_id}",
    )


def withdraw_call(call: HallCall, reason: str, actor: Actor, now: datetime) -> None:
    """End a call before its seats are settled, with reasons told to every applicant."""
    lock(call)
    now = max(now, clock.now())
    was_public = call.published_at is not None
    call.reason = said(reason)
    lifecycle.move(call, CallStatus.WITHDRAWN, actor, now, reason=call.reason)
    for kind in (CALL_NOTICE, RESULT_NOTICE):
        notice = notice_queries.latest(kind, call)
        if notice is not None and notice.status is NoticeStatus.OPEN:
            notices.withdraw_notice(notice, call.reason, actor, now)
    if was_public:
        for each in queries.applications(call):
            if each.status is not ApplicationStatus.WITHDRAWN:
                tell(each.organisation_id, call, "征集已终止", call.reason, "withdrawn", now)


def said(text: str, field: str = "reason") -> str:
    """A reason of a length that says something; raises Invalid."""
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(
            _("请写明理由，%(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field=field,
            rule="reason",
        )
    return text


def tell(
    organisation_id: int,
    call: HallCall,
    what: str,
    body: str,
    occasion: str,
    now: datetime,
    link: str | None = None,
) -> None:
    """A message about a call to one organisation, once for each occasion."""
    send(
        organisation_id,
        f"{what}：{call.title}",
        body,
        link or f"/hall/calls/{call.public_id}",
        f"hall_call:{call.id}:{occasion}:{organisation_id}",
        now,
    )
