"""Blacklisting cases: report, statement, proposal, decision by another officer, end by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import audit, calendar, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import stored
from marketplace.notices.actions import publish_notice
from marketplace.notifications.actions import send
from marketplace.ratings import queries as ratings
from marketplace.ratings.actions import propose_grade
from marketplace.ratings.rules.entries import Grade, VetoKind

from ..locking import locked
from ..models import Blacklisting, BlacklistingStatus, Case, CaseItem, CaseStatus, Cause
from ..national.queries import last_end, was_listed
from ..repairs.closing import close_repair
from ..rules import SanctionsPolicy, Severity
from .cards import CLOSE_OF_DAY, policy_for, sanctionable, written


def report_case(
    organisation: Organisation,
    jurisdiction_code: str,
    cause: Cause,
    facts: str,
    actor: Actor,
    now: datetime,
    evidence_file: StoredFile | None = None,
) -> Case:
    """Open a case: the firm is told and has the edition's working days for its statement.

    A cause that is a veto suspends the firm at once, at most for the rating edition's working
    days. (RULES section 10)
    """
    edition = policy_for(jurisdiction_code, now)
    working = calendar.working_calendar()
    suspended_until = None
    if cause.is_veto:
        register = accounts.register_of(jurisdiction_code)
        rating = ratings.edition_on(register, clock.local_day(now)).values
        suspended_until = working.deadline(now, rating.veto_suspension_working_days)
    case = Case(
        organisation_id=sanctionable(organisation).id,
        jurisdiction_code=jurisdiction_code,
        cause=cause,
        facts=written(facts, "facts"),
        evidence_file_id=evidence_file.id if evidence_file else None,
        reported_by=actor.user_id,
        reported_at=now,
        edition_id=edition.id,
        statement_due_at=working.deadline(now, edition.values.statement_days),
        suspended_until=suspended_until,
    )
    lifecycle.begin(case, CaseStatus.REPORTED, actor, now, check_at=case.statement_due_at)
    due = f"{case.statement_due_at.astimezone(clock.SHANGHAI):%Y年%m月%d日 %H:%M}"
    _tell(
        case,
        f"拟对贵单位作出处理，请于 {due} 前陈述申辩",
        f"事由：{stored(cause.title)}。{case.facts}",
        "reported",
        now,
    )
    return case


def state_case(
    case: Case,
    statement: str,
    actor: Actor,
    now: datetime,
    file: StoredFile | None = None,
) -> None:
    """The firm's statement, once, before its period is over; the case then goes to an officer."""
    now = locked(now, case)
    if case.organisation_id != actor.organisation_id:
        raise Missing(f"case {case.id}")
    if case.status is not CaseStatus.REPORTED or now >= case.statement_due_at:
        raise Conflict(_("陈述申辩期限已过或者已经提交"), rule="case.statement_period")
    case.statement = written(statement, "statement")
    case.statement_file_id = file.id if file else None
    case.stated_at = now
    lifecycle.move(case, CaseStatus.HEARD, actor, now, check_at=case.suspended_until)
    _tell_bureau(case, "已收到陈述申辩，请提出处理意见", "heard", now)


def propose_decision(
    case: Case,
    severity: Severity,
    months: int,
    item_codes: Sequence[str],
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Propose a blacklisting of ``months`` natural months; no ``item_codes`` means every item.

    Raises Invalid when the period exceeds what the edition allows for the severity, or an item
    is unknown; Conflict when the firm has not been heard or a proposal is waiting.
    """
    now = locked(now, case)
    if case.status is not CaseStatus.HEARD:
        raise Conflict(_("须在陈述申辩之后提出处理意见，请刷新页面查看"), rule="lifecycle")
    values = policy.by_id(SanctionsPolicy, case.edition_id).values
    longest = values.longest(severity)
    if not 1 <= months <= longest:
        raise Invalid(
            _("该严重程度的期限为 1 到 %(most)d 个月", most=longest),
            field="months",
            rule="case.months",
        )
    known = catalogue.names(clock.local_day(now), accounts.lineage(case.jurisdiction_code))
    if unknown := [code for code in item_codes if code not in known]:
        raise Invalid(
            _("没有编码为 %(code)s 的服务事项", code=unknown[0]), field="items", rule="case.items"
        )
    case.proposal_reason = written(reason, "reason")
    case.severity = severity
    case.months = months
    case.items.clear()
    db.session.flush()
    case.items.extend(CaseItem(item_code=code) for code in sorted(set(item_codes)))
    case.proposed_by = actor.user_id
    case.proposed_at = now
    lifecycle.move(
        case,
        CaseStatus.PROPOSED,
        actor,
        now,
        check_at=_suspension_end(case, now),
        months=months,
        severity=severity.value,
        items=sorted(set(item_codes)),
    )
    _tell_bureau(case, "处理意见待审批", f"proposed:{now:%Y%m%d%H%M%S%f}", now)


def return_case(case: Case, reason: str, actor: Actor, now: datetime) -> None:
    """The approver sends a proposal back, with the reason, for another one."""
    now = locked(now, case)
    _another_officer(case, actor)
    lifecycle.move(
        case,
        CaseStatus.HEARD,
        actor,
        now,
        reason=written(reason, "reason"),
        check_at=_suspension_end(case, now),
    )


def dismiss_case(case: Case, reason: str, actor: Actor, now: datetime) -> None:
    """The approver ends the case without a sanction; a suspension ends with it."""
    now = locked(now, case)
    _another_officer(case, actor)
    if not lifecycle.can_move(case, CaseStatus.DISMISSED):
        raise Conflict(_("该案已有决定或者尚在陈述申辩期，请刷新页面查看"), rule="lifecycle")
    case.decision_reason = written(reason, "reason")
    case.decided_by = actor.user_id
    case.decided_at = now
    lifecycle.move(case, CaseStatus.DISMISSED, actor, now)
    _tell(case, "决定不予处理", case.decision_reason, "dismissed", now)


def decide_case(case: Case, reason: str, actor: Actor, now: datetime) -> Blacklisting:
    """Decide a proposed case: the blacklisting is published and in force from ``now``.

    Only by an officer who neither reported nor proposed it. For a veto grade D is proposed too;
    whoever confirms that must be yet another officer. What becomes of running entries and
    contracts is decided from above (``supervision.actions.blacklist_and_withdraw``).
    """
    now = locked(now, case)
    _another_officer(case, actor)
    if case.status is not CaseStatus.PROPOSED or case.months is None or case.severity is None:
        raise Conflict(_("该案没有待审批的处理意见，请刷新页面查看"), rule="lifecycle")
    listed_until = _listed_until(case, now)
    case.decision_reason = written(reason, "reason")
    case.decided_by = actor.user_id
    case.decided_at = now
    lifecycle.move(case, CaseStatus.DECIDED, actor, now)
    until_at = calendar.moment(calendar.add_months(clock.local_day(now), case.months), CLOSE_OF_DAY)
    if listed_until is not None:
        until_at = min(until_at, listed_until)
    ends_on = clock.local_day(listed_until) if listed_until is not None else None
    return put_in_force(case, until_at, ends_on, actor, now)


def put_in_force(
    case: Case,
    until_at: datetime,
    ends_on: date | None,
    actor: Actor,
    now: datetime,
    follows: Blacklisting | None = None,
) -> Blacklisting:
    """The blacklisting of a decided case, published; for a veto grade D is proposed too.

    ``ends_on``: the day from which what it rests on stands no more. ``follows``: the listing of a
    former name that it ends with.
    """
    row = Blacklisting(
        case_id=case.id,
        organisation_id=case.organisation_id,
        jurisdiction_code=case.jurisdiction_code,
        cause=case.cause,
        severity=case.severity,
        all_items=not case.items,
        from_at=now,
        until_at=until_at,
        edition_id=case.edition_id,
        follows_id=follows.id if follows is not None else None,
    )
    lifecycle.begin(row, BlacklistingStatus.IN_FORCE, actor, now, check_at=row.until_at)
    _publish(case, row, actor, now)
    if case.cause.is_veto and _counts(case, ends_on, now):
        propose_grade(
            case.organisation_id,
            accounts.register_of(case.jurisdiction_code),
            Grade.D,
            f"因{stored(case.cause.title)}被列入黑名单",
            case,
            actor,
            now,
            veto=VetoKind(case.cause.value),
            ends_on=ends_on,
        )
    return row


def _listed_until(case: Case, now: datetime) -> datetime | None:
    """When the listing that a case rests on is over: what rests on the national list follows it.

    None where it rests on no imported listing. Raises Conflict when the listing is over already.
    """
    if case.cause is not Cause.DISHONESTY_LIST:
        return None
    codes = accounts.lineage(case.jurisdiction_code)
    until = last_end(case.organisation, codes, now)
    if until is None and was_listed(case.organisation, codes):
        raise Conflict(
            _("该机构已移出国家名单，不能据此列入黑名单，请作出不予处理的决定"),
            rule="case.listing_over",
        )
    return until


def _counts(case: Case, ends_on: date | None, now: datetime) -> bool:
    """Whether a fact that stands until the day before ``ends_on`` would count on any day."""
    today = clock.local_day(now)
    register = accounts.register_of(case.jurisdiction_code)
    days = ratings.edition_on(register, today).values.effect_after_days
    return ends_on is None or ends_on > today + timedelta(days=days)


def advance_case(case: Case, actor: Actor, now: datetime) -> None:
    """The clock: the statement's period is over, or a suspension has run its longest time."""
    if case.status is CaseStatus.REPORTED:
        lifecycle.move(case, CaseStatus.HEARD, actor, now, check_at=_suspension_end(case, now))
        _tell_bureau(case, "陈述申辩期限已过，请提出处理意见", "heard", now)
        return
    case.next_check_at = None
    audit.record("sanction_cases.suspension_ended", actor, case, now)
    _tell_bureau(case, "暂停承接已到最长期限，案件尚未决定", "suspension", now)


def end_suspension(case: Case, why: str, actor: Actor, now: datetime) -> None:
    """The ground of an open case is gone: it suspends no longer, and the bureau is to close it."""
    now = locked(now, case)
    if case.suspended_until is None or case.suspended_until <= now:
        return
    case.suspended_until = now
    if case.status is not CaseStatus.REPORTED:
        case.next_check_at = None
    db.session.flush()
    audit.record("sanction_cases.suspension_ended", actor, case, now)
    _tell(case, f"{why}，不再暂停承接", "", "suspension_ended", now)
    _tell_bureau(case, f"{why}，请结案", "ground_gone", now)


def advance_blacklisting(row: Blacklisting, actor: Actor, now: datetime) -> None:
    """The clock: a blacklisting ends at its date, always."""
    lifecycle.move(row, BlacklistingStatus.ENDED, actor, now)
    close_repair(row.case, "处理期限已满", actor, now)
    send(
        row.organisation_id,
        "黑名单期限已满，可恢复承接业务",
        "",
        f"/cases/{row.case.public_id}",
        f"blacklisting:{row.id}:ended",
        now,
        address=row.organisation.email,
    )


def _another_officer(case: Case, actor: Actor) -> None:
    if actor.user_id is None or actor.user_id in (case.reported_by, case.proposed_by):
        raise Refused(
            _("立案人、提出处理意见的人不能作出决定，请由其他审批人办理"), rule="two_officers"
        )


def _suspension_end(case: Case, now: datetime) -> datetime | None:
    end = case.suspended_until
    return end if end is not None and end > now else None


def _publish(case: Case, row: Blacklisting, actor: Actor, now: datetime) -> None:
    name = case.organisation.public_name
    until = f"{row.until_at.astimezone(clock.SHANGHAI):%Y年%m月%d日 %H:%M}"
    names = catalogue.names(clock.local_day(now), accounts.lineage(case.jurisdiction_code))
    scope = (
        "全部服务事项"
        if row.all_items
        else "、".join(names.get(item.item_code, item.item_code) for item in case.items)
    )
    days = policy.by_id(SanctionsPolicy, case.edition_id).values.appeal_days
    body = (
        f"因{stored(case.cause.title)}，依据入驻承诺和处理规则，决定暂停{name}在本平台的服务。\n"
        f"范围：{scope}。\n"
        f"期限：自公布之时起至 {until}。\n"
        "本名单仅在本平台内生效，不是国家严重失信主体名单。\n"
        f"不服本决定的，可自公布之日起 {days} 个工作日内向上级管理机构申诉；申诉期间不停止执行。"
    )
    publish_notice(
        kind="sanction",
        subject=row,
        title=f"关于将{name}列入黑名单的公告",
        body=body,
        ends_at=row.until_at,
        jurisdiction_code=case.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        lasting=False,
        link="/sanctions",
    )
    _tell(case, f"已列入黑名单，至 {until} 止", body, "decided", now)


def _tell(case: Case, subject: str, body: str, occasion: str, now: datetime) -> None:
    send(
        case.organisation_id,
        subject[:200],
        body,
        f"/cases/{case.public_id}",
        f"case:{case.id}:{occasion}",
        now,
        address=case.organisation.email,
    )


def _tell_bureau(case: Case, subject: str, occasion: str, now: datetime) -> None:
    send(
        accounts.bureau(case.jurisdiction_code).id,
        f"{subject}：{case.organisation.public_name}"[:200],
        f"事由：{stored(case.cause.title)}",
        f"/cases/{case.public_id}",
        f"case:{case.id}:bureau:{occasion}",
        now,
    )
