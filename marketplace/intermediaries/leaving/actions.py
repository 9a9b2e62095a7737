"""Declare, take back, leave; notice, hear, propose, decide; appeal and review; come back."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.languages import stored
from marketplace.notices.actions import publish_notice
from marketplace.notifications.actions import send

from ..file.actions.records import end_now
from ..models import Firm, FirmStatus, Practitioner
from . import queries
from .models import Departure, DepartureStatus, Ground
from .rules import Contracts, LeavingPolicy

RULE = "leaving"
NOTICE_KIND = "sanction"
LONGEST = 2000
_ON = (FirmStatus.LISTED, FirmStatus.QUESTIONED, FirmStatus.LEAVING)


def declare(
    firm: Firm, contracts: Contracts, reason: str, actor: Actor, now: datetime
) -> Departure:
    """A firm declares that it leaves: off every list from this instant, for new work.

    The caller looks after entries and running contracts.
    """
    lock(firm)
    now = max(now, clock.now())
    _none_under_way(firm)
    if firm.status is not FirmStatus.LISTED:
        raise Conflict(
            _("当前状态为“%(now)s”，不能办理退出", now=firm.status.title), rule="firm.status"
        )
    edition = queries.leaving_policy(firm.register_code, clock.local_day(now))
    departure = Departure(
        firm_id=firm.id,
        edition_id=edition.id,
        contracts=contracts,
        facts=reason.strip()[:LONGEST],
        begun_by=actor.user_id,
        begun_at=now,
    )
    lifecycle.begin(departure, DepartureStatus.DECLARED, actor, now)
    lifecycle.move(firm, FirmStatus.LEAVING, actor, now, reason="声明退出")
    tell_bureau(departure, "机构声明退出", departure.facts, now)
    return departure


def take_back(departure: Departure, actor: Actor, now: datetime) -> None:
    """Before it has left the firm stays after all; what was withdrawn stays withdrawn."""
    firm = departure.firm
    lock(firm)
    lock(departure)
    now = max(now, clock.now())
    departure.ended_at = now
    lifecycle.move(departure, DepartureStatus.TAKEN_BACK, actor, now)
    back_on_lists(firm, "撤回退出", actor, now)
    tell_bureau(departure, "机构撤回退出", "", now)


def complete(departure: Departure, actor: Actor, now: datetime) -> None:
    """Nothing runs any more: the firm has left, its professionals are free for other firms."""
    firm = departure.firm
    lock(firm)
    lock(departure)
    now = max(now, clock.now())
    departure.ended_at = now
    lifecycle.move(departure, DepartureStatus.LEFT, actor, now)
    lifecycle.move(firm, FirmStatus.LEFT, actor, now)
    _release(firm, actor, now)
    tell_firm(departure, "已退出中介服务机构名录", "需要再次承接业务的，可以重新申请入驻。", now)


def notice_removal(
    firm: Firm, ground: Ground, facts: str, actor: Actor, now: datetime
) -> Departure:
    """Tell a firm that it is to be removed and why; it may speak and ask for a hearing.

    Raises Conflict while one of its certificates is valid, or not long enough none, where that
    is the ground.
    """
    lock(firm)
    now = max(now, clock.now())
    _none_under_way(firm, forced=True)
    if firm.status not in _ON:
        raise Conflict(_("该机构不在名录中，无需移出"), rule="firm.status")
    edition = queries.leaving_policy(firm.register_code, clock.local_day(now))
    if ground is Ground.NO_QUALIFICATION:
        days = queries.days_without_qualification(firm, clock.local_day(now))
        least = edition.values.no_qualification_days
        if days is None or days < least:
            raise Conflict(
                _(
                    "该机构尚有有效资质、所承接事项不要求资质，或者无有效资质未满 %(days)d 日",
                    days=least,
                ),
                field="ground",
                rule="leaving.qualification",
            )
    due = working_calendar().deadline(now, edition.values.statement_working_days)
    departure = Departure(
        firm_id=firm.id,
        edition_id=edition.id,
        ground=ground,
        facts=said(facts, "facts"),
        begun_by=actor.user_id,
        begun_at=now,
        statement_due_at=due,
    )
    lifecycle.begin(departure, DepartureStatus.NOTICED, actor, now, check_at=due)
    tell_firm(
        departure,
        f"拟将贵机构移出名录，请于 {clock.written(due)} 前陈述申辩",
        f"事由：{stored(ground.title)}。{departure.facts}\n可以同时申请听证。",
        now,
    )
    return departure


def state(departure: Departure, statement: str, hearing: bool, actor: Actor, now: datetime) -> None:
    """The firm's statement, once, in time; with a hearing it goes on after that."""
    lock(departure)
    now = max(now, clock.now())
    due = departure.statement_due_at
    if (
        departure.status is not DepartureStatus.NOTICED
        or departure.stated_at is not None
        or due is None
        or now >= due
    ):
        raise Conflict(_("陈述申辩期限已过或者已经提交"), rule="leaving.statement")
    departure.statement, departure.stated_at = said(statement, "statement"), now
    departure.hearing_asked = hearing
    if hearing:
        departure.next_check_at = None
        db.session.flush()
        audit.record("departures.hearing_asked", actor, departure, now)
        tell_bureau(departure, "机构申请听证，请确定时间", "", now)
        return
    lifecycle.move(departure, DepartureStatus.HEARD, actor, now)
    tell_bureau(departure, "已收到陈述申辩，请提出处理意见", "", now)


def set_hearing(departure: Departure, at: datetime, actor: Actor, now: datetime) -> None:
    """Fix the hearing, told in time; the day may be moved while it has not come."""
    lock(departure)
    now = max(now, clock.now())
    if departure.status is not DepartureStatus.NOTICED or not departure.hearing_asked:
        raise Conflict(_("机构没有申请听证"), rule="leaving.hearing")
    if departure.hearing_at is not None and departure.hearing_at <= now:
        raise Conflict(_("听证时间已到，请记录听证情况"), rule="leaving.hearing")
    days = policy.by_id(LeavingPolicy, departure.edition_id).values.hearing_notice_working_days
    earliest = working_calendar().deadline(now, days)
    if at < earliest:
        raise Invalid(
            _("须提前 %(days)d 个工作日通知，不早于 %(at)s", days=days, at=clock.written(earliest)),
            field="at",
            rule="leaving.hearing",
        )
    departure.hearing_at = at
    db.session.flush()
    audit.record("departures.hearing_set", actor, departure, now, hearing_at=at)
    tell_firm(departure, f"听证定于 {clock.written(at)} 举行", "请按时参加。", now)


def record_hearing(departure: Departure, record: str, actor: Actor, now: datetime) -> None:
    """What was said at the hearing, once it was held."""
    lock(departure)
    now = max(now, clock.now())
    held_at = departure.hearing_at
    if departure.status is not DepartureStatus.NOTICED or held_at is None or now < held_at:
        raise Conflict(_("听证尚未举行"), rule="leaving.hearing")
    departure.hearing_record = said(record, "record")
    lifecycle.move(departure, DepartureStatus.HEARD, actor, now)


def propose(departure: Departure, reason: str, actor: Actor, now: datetime) -> None:
    """An officer proposes the removal, after the firm was heard or let its time pass."""
    lock(departure)
    now = max(now, clock.now())
    if departure.status is not DepartureStatus.HEARD:
        raise Conflict(_("须在陈述申辩之后提出处理意见，请刷新页面查看"), rule="lifecycle")
    departure.proposal_reason = said(reason, "reason")
    departure.proposed_by, departure.proposed_at = actor.user_id, now
    lifecycle.move(departure, DepartureStatus.PROPOSED, actor, now)


def send_back(departure: Departure, reason: str, actor: Actor, now: datetime) -> None:
    """The approver returns the proposal."""
    lock(departure)
    _another(departure, actor)
    lifecycle.move(
        departure,
        DepartureStatus.HEARD,
        actor,
        max(now, clock.now()),
        reason=said(reason, "reason"),
    )


def dismiss(departure: Departure, reason: str, actor: Actor, now: datetime) -> None:
    """The approver ends it: the firm stays."""
    lock(departure)
    now = max(now, clock.now())
    _another(departure, actor)
    _decided(departure, reason, actor, now)
    lifecycle.move(departure, DepartureStatus.DISMISSED, actor, now)
    tell_firm(departure, "决定不予移出名录", departure.decision_reason or "", now)


def decide_removal(departure: Departure, reason: str, actor: Actor, now: datetime) -> None:
    """Remove the firm, by another officer than opened or proposed it; published, open to appeal.

    What becomes of entries and contracts is decided from above.
    """
    firm = departure.firm
    lock(firm)
    lock(departure)
    now = max(now, clock.now())
    _another(departure, actor)
    if departure.status is not DepartureStatus.PROPOSED or departure.ground is None:
        raise Conflict(_("没有待审批的处理意见，请刷新页面查看"), rule="lifecycle")
    values = policy.by_id(LeavingPolicy, departure.edition_id).values
    until = working_calendar().deadline(now, values.appeal_working_days)
    _decided(departure, reason, actor, now)
    departure.appeal_until = until
    lifecycle.move(departure, DepartureStatus.REMOVED, actor, now)
    take_off(firm, departure.decision_reason or "", actor, now, tell=False)
    name = firm.organisation.public_name
    words = (
        f"因{stored(departure.ground.title)}，决定将{name}移出中介服务机构名录，自公布之时起生效。\n"
        f"不服本决定的，可在 {clock.written(until)} 前向上级管理机构申诉；申诉期间不停止执行。"
    )
    publish_notice(
        kind=NOTICE_KIND,
        subject=departure,
        title=f"关于将{name}移出名录的公告",
        body=words,
        ends_at=until,
        jurisdiction_code=firm.register_code,
        actor=actor,
        now=now,
        objectable=False,
        lasting=False,
    )
    tell_firm(departure, "已移出中介服务机构名录", f"{departure.decision_reason}\n{words}", now)


def take_off(firm: Firm, reason: str, actor: Actor, now: datetime, tell: bool = True) -> None:
    """Take a firm off the register by a decision with reasons; its professionals are free."""
    lifecycle.move(firm, FirmStatus.REMOVED, actor, now, reason=reason.strip())
    firm.decision_reason = reason.strip()
    _release(firm, actor, now)
    if tell:
        send(
            firm.organisation_id,
            "已移出中介服务机构名录",
            reason.strip(),
            "/firm",
            f"firm:{firm.id}:{firm.application}:removed:{now.isoformat()}",
            now,
            address=firm.organisation.email,
        )


def back_on_lists(firm: Firm, reason: str, actor: Actor, now: datetime) -> None:
    """On the register's lists again, with whatever of the public notice still runs."""
    open_until = firm.publicity_ends_at if firm.publicity_closed_at is None else None
    check_at = max(open_until, working_calendar().deadline(now, 1)) if open_until else None
    lifecycle.move(firm, FirmStatus.LISTED, actor, now, reason=reason, check_at=check_at)


def require_waited(firm: Firm, now: datetime) -> None:
    """Refuse to let a body back before its time; also under another name."""
    until = queries.back_from(firm, now)
    if until is not None:
        raise Conflict(
            _("移出或者退出后，%(at)s 起方可再次申请入驻", at=clock.written(until)),
            rule="leaving.return",
        )


def advance_departure(departure: Departure, actor: Actor, now: datetime) -> None:
    """The clock: the time to speak is over, or the time to review."""
    departure.next_check_at = None
    if departure.status is DepartureStatus.NOTICED:
        lifecycle.move(departure, DepartureStatus.HEARD, actor, now)
        tell_bureau(departure, "陈述申辩期限已过，请提出处理意见", "", now)
    elif departure.status is DepartureStatus.APPEALED:
        audit.record("departures.overdue", actor, departure, now)


def _none_under_way(firm: Firm, forced: bool = False) -> None:
    found = queries.under_way(firm.id)
    if found is not None and (found.is_forced or not forced):
        raise Conflict(_("该机构的退出或者移出正在办理"), rule="leaving.under_way")
    if found is not None:
        raise Conflict(
            _("该机构已声明退出，办结后即退出名录，无需另行移出"), rule="leaving.under_way"
        )


def _decided(departure: Departure, reason: str, actor: Actor, now: datetime) -> None:
    departure.decision_reason = said(reason, "reason")
    departure.decided_by = actor.user_id
    departure.decided_at = departure.ended_at = now


def _another(departure: Departure, actor: Actor) -> None:
    if actor.user_id is None or actor.user_id in (departure.begun_by, departure.proposed_by):
        raise Refused(
            _("启动移出、提出处理意见的人不能作出决定，请由其他审批人办理"), rule="two_officers"
        )


def _release(firm: Firm, actor: Actor, now: datetime) -> None:
    for row in db.session.scalars(
        select(Practitioner).where(Practitioner.firm_id == firm.id, Practitioner.ended_at.is_(None))
    ).all():
        end_now(row, firm, actor, now)
    db.session.flush()


def said(text: str, field: str) -> str:
    text = text.strip()
    if not 2 <= len(text) <= LONGEST:
        raise Invalid(
            _("请写明事实和理由，%(min)d 到 %(max)d 个字", min=2, max=LONGEST),
            field=field,
            rule=RULE,
        )
    return text


def tell_firm(departure: Departure, subject: str, body: str, now: datetime) -> None:
    organisation = departure.firm.organisation
    post(departure, organisation.id, subject, body, now, organisation.email)


def tell_bureau(departure: Departure, subject: str, body: str, now: datetime) -> None:
    bureau = accounts.bureau(departure.firm.register_code)
    name = departure.firm.organisation.public_name
    post(departure, bureau.id, f"{subject}：{name}", body, now)


def post(
    departure: Departure,
    organisation_id: int,
    subject: str,
    body: str,
    now: datetime,
    address: str | None = None,
) -> None:
    send(
        organisation_id,
        subject[:200],
        body,
        f"/departures/{departure.public_id}",
        f"departure:{departure.id}:{departure.status}:{organisation_id}:{now.isoformat()}",
        now,
        address=address,
    )
