"""What the bureau, the departments and the clock do with an application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.languages import for_storing
from marketplace.notices import actions as notices
from marketplace.notices import queries as notice_queries
from marketplace.notices.holding import held_first
from marketplace.notices.rules import NoticeState
from marketplace.notices.telling import concerns
from marketplace.notifications.actions import send
from marketplace.sanctions import queries as sanctions

from . import queries
from .file.actions.certificates import verify_qualification
from .leaving.actions import back_on_lists, require_waited, take_off
from .likeness.actions import look, require_decided
from .models import (
    CheckStatus,
    Firm,
    FirmStatus,
    PointResult,
    ProfessionalCheck,
    Recommendation,
    ReviewPoint,
)
from .rules import AdmissionPolicy
from .screening.queries import faults

NOTICE_KIND = "admission"


def _hold_firm(firm_id: int) -> Firm:
    return lock(db.session.get_one(Firm, firm_id))


held_first(Firm.__tablename__, _hold_firm)
concerns(Firm.__tablename__, lambda key: [db.session.get_one(Firm, key).organisation_id])

# what the form check looks at, in the order of the page
POINTS = {
    "subject": _l("主体与登记证照"),
    "legal": _l("法定代表人与经办人"),
    "qualifications": _l("资质证书"),
    "practitioners": _l("执业人员"),
    "decoupling": _l("脱钩声明"),
    "offerings": _l("承接事项与承诺"),
}


@dataclass(frozen=True)
class Finding:
    """What the officer found on one point; ``reason`` says what is to be mended."""

    passed: bool
    reason: str = ""


@for_storing()
def one_time_notice(findings: Mapping[str, Finding]) -> str:
    """The 一次性告知书: everything to be mended, numbered, in the order of the points."""
    to_mend = [(code, findings[code]) for code in POINTS if not findings[code].passed]
    return "\n".join(
        f"{number}. {POINTS[code]}：{finding.reason.strip()}"
        for number, (code, finding) in enumerate(to_mend, start=1)
    )


def _keep_points(
    firm: Firm, findings: Mapping[str, Finding], actor: Actor, now: datetime
) -> list[ReviewPoint]:
    if set(findings) != set(POINTS):
        raise Invalid(_("请逐项作出审查结论"), rule="points")
    for code, finding in findings.items():
        if not finding.passed and not finding.reason.strip():
            raise Invalid(
                _("“%(point)s”需补正，请写明补正内容", point=POINTS[code]),
                field=f"{code}_reason",
                rule="points",
            )
    turn = 2 if firm.returned_at is not None else 1
    rows = [
        ReviewPoint(
            firm_id=firm.id,
            application=firm.application,
            round=turn,
            code=code,
            result=PointResult.PASS if findings[code].passed else PointResult.MEND,
            reason=findings[code].reason.strip(),
            officer_id=actor.user_id,
            at=now,
        )
        for code in POINTS
    ]
    db.session.add_all(rows)
    db.session.flush()
    return rows


def return_application(
    firm: Firm, findings: Mapping[str, Finding], actor: Actor, now: datetime
) -> None:
    """Return an application, once, with everything that is to be mended (一次性告知).

    Raises Conflict for a second return: then it is passed on with a recommendation.
    """
    lock(firm)
    now = max(now, clock.now())
    values = queries.admission_policy(firm.register_code, clock.local_day(now)).values
    if firm.returned_at is not None or values.returns == 0:
        raise Conflict(
            _("补正只能一次性告知，本申请已经退回过，请提出准予或不予入驻的建议"),
            rule="returned_once",
        )
    if all(finding.passed for finding in findings.values()):
        raise Invalid(_("各项均已通过，无须退回补正"), rule="points")
    _refuse_left_out(firm, findings, now)
    _keep_points(firm, findings, actor, now)
    firm.returned_at = now
    firm.return_notice = one_time_notice(findings)
    lifecycle.move(firm, FirmStatus.RETURNED, actor, now, reason=firm.return_notice)
    _tell_firm(firm, "入驻申请需补正", firm.return_notice, "returned", now)


def _refuse_left_out(firm: Firm, findings: Mapping[str, Finding], now: datetime) -> None:
    """One return holds all: what was found by itself is not left for a second one."""
    for fault in faults(firm, now):
        found = findings.get(fault.point)
        if fault.stops and found is not None and found.passed:
            raise Invalid(
                _(
                    "“%(point)s”有系统核对发现的问题：%(fault)s，须列入补正内容，一次性告知",
                    point=POINTS[fault.point],
                    fault=fault.text,
                ),
                field=fault.point,
                rule="points.left_out",
            )


def pass_check(
    firm: Firm,
    findings: Mapping[str, Finding],
    recommendation: Recommendation,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """End the form check with a recommendation to the approver.

    With every point passed the certificates on file count as verified. Recommending a refusal
    needs a reason.
    """
    lock(firm)
    now = max(now, clock.now())
    look(firm, actor, now)
    rows = _keep_points(firm, findings, actor, now)
    passed = all(row.result is PointResult.PASS for row in rows)
    if recommendation is Recommendation.LIST and not passed:
        raise Invalid(_("有需补正的事项，不能建议准予入驻"), field="recommendation", rule="points")
    if recommendation is Recommendation.LIST:
        _refuse_faulty(firm, now)
    if recommendation is Recommendation.REFUSE and not reason.strip():
        raise Invalid(_("请写明不予入驻的理由"), field="reason", rule="reason")
    firm.checked_by = actor.user_id
    firm.checked_at = now
    firm.recommendation = recommendation
    firm.check_reason = reason.strip() or None
    lifecycle.move(
        firm,
        FirmStatus.CHECKED,
        actor,
        now,
        reason=firm.check_reason,
        check_at=firm.form_due_at if firm.form_due_at and firm.form_due_at > now else None,
        recommendation=recommendation.value,
    )
    if passed:
        for row in queries.all_qualifications(firm.id):
            if row.verified_at is None:
                verify_qualification(row, actor, now)


def _refuse_faulty(firm: Firm, now: datetime) -> None:
    """What was found by itself and stops a listing is not passed over by anybody."""
    stopping = [fault for fault in faults(firm, now) if fault.stops]
    if stopping:
        raise Conflict(
            _(
                "系统核对发现尚有问题，不能准予入驻：%(faults)s",
                faults="；".join(fault.text for fault in stopping),
            ),
            rule="faults",
        )


@for_storing()
def usual_reason(firm: Firm) -> str:
    """Why a firm is listed where nothing else is to be said: what was checked, by which rules."""
    if firm.check_reason:
        return firm.check_reason
    assert firm.edition_id is not None
    return _(
        "形式审查 %(count)d 项要点均通过，符合《%(title)s》规定的入驻条件",
        count=len(POINTS),
        title=policy.by_id(AdmissionPolicy, firm.edition_id).title,
    )


def list_firm(firm: Firm, actor: Actor, now: datetime, reason: str = "") -> None:
    """Approve a checked application: listed at once, while departments and public still look.

    The approver is not the officer who checked. The reasons are public; without words of the
    approver's own they are the usual ones.
    """
    lock(firm)
    now = max(now, clock.now())
    _other_person(firm, actor)
    require_decided(firm)
    require_waited(firm, now)
    if bars := barred(firm, now):
        raise Conflict(bars[0].message, rule="firm.barred")
    if firm.status is FirmStatus.CHECKED and firm.recommendation is not Recommendation.LIST:
        raise Conflict(_("经办人建议不予入驻，不能直接准予入驻"), rule="recommendation")
    _refuse_faulty(firm, now)
    firm.decision_reason = reason.strip() or usual_reason(firm)
    firm.decided_by = actor.user_id
    firm.decided_at = now
    enter_register(firm, actor, now)


def barred(firm: Firm, now: datetime) -> list[sanctions.Bar]:
    """What keeps a firm from every item of the register, so that it cannot be listed."""
    return sanctions.bars(firm.organisation_id, firm.register_code, None, now)


def enter_register(firm: Firm, actor: Actor, now: datetime) -> None:
    """Put a firm on the register: public notice, the departments' checks, a message."""
    edition = queries.admission_policy(firm.register_code, clock.local_day(now))
    firm.edition_id = edition.id
    firm.listed_at = now
    firm.publicity_ends_at = working_calendar().deadline(now, edition.values.notice_working_days)
    lifecycle.move(
        firm,
        FirmStatus.LISTED,
        actor,
        now,
        reason=firm.decision_reason,
        check_at=firm.publicity_ends_at,
    )
    name = firm.organisation.name
    items = queries.items_of(firm, clock.local_day(now))
    offered = "、".join(
        items[each.item_code].name for each in queries.offerings(firm.id) if each.item_code in items
    )
    notices.publish_notice(
        kind=NOTICE_KIND,
        subject=firm,
        title=f"中介服务机构入驻公示：{name}",
        body=f"{name}（统一社会信用代码 {firm.organisation.credit_code}）申请入驻，"
        f"承接服务事项：{offered}。公示期间对其入驻条件有异议的，可以提出。",
        ends_at=firm.publicity_ends_at,
        jurisdiction_code=firm.register_code,
        actor=actor,
        now=now,
    )
    ask_departments(firm, actor, now)
    _tell_firm(
        firm,
        "准予入驻",
        "贵机构已上架，可以报名。入驻公示与专业核查同时进行。"
        + (f"准予入驻的理由：{firm.decision_reason}" if firm.decision_reason else ""),
        "listed",
        now,
    )


def ask_departments(firm: Firm, actor: Actor, now: datetime) -> None:
    """Open the professional check of every department competent for what the firm offers."""
    day = clock.local_day(now)
    values = queries.admission_policy(firm.register_code, day).values
    due = working_calendar().deadline(now, values.professional_check_working_days)
    items = queries.items_of(firm, day)
    asked = {check.organisation_id for check in queries.professional_checks(firm)}
    codes = {
        items[each.item_code].department_code
        for each in queries.offerings(firm.id)
        if each.item_code in items
    }
    for code in sorted(codes):
        office = accounts.department(firm.register_code, code)
        if office.id in asked:
            continue
        check = ProfessionalCheck(
            firm_id=firm.id,
            application=firm.application,
            organisation_id=office.id,
            due_at=due,
        )
        lifecycle.begin(check, CheckStatus.WAITING, actor, now, check_at=due)
        send(
            office.id,
            f"入驻专业核查：{firm.organisation.name}",
            "请在时限内核查该机构的专业条件。逾期未答复视为无异议，责任由本部门承担。",
            "/department/applications",
            f"professional:{check.id}",
            now,
        )


def refuse_application(firm: Firm, reason: str, actor: Actor, now: datetime) -> None:
    """Refuse a checked application with reasons; the approver is not the officer who checked."""
    lock(firm)
    now = max(now, clock.now())
    _other_person(firm, actor)
    require_decided(firm)
    if not reason.strip():
        raise Invalid(_("请写明不予入驻的理由"), field="reason", rule="reason")
    firm.decided_by = actor.user_id
    firm.decided_at = now
    firm.decision_reason = reason.strip()
    lifecycle.move(firm, FirmStatus.REFUSED, actor, now, reason=firm.decision_reason)
    _tell_firm(firm, "不予入驻", firm.decision_reason, "refused", now)


def department_opinion(
    check: ProfessionalCheck, objects: bool, reason: str, actor: Actor, now: datetime
) -> None:
    """A department's answer. An objection takes the firm off the lists until it is decided."""
    firm = check.firm
    lock(firm)
    lock(check)
    now = max(now, clock.now())
    if objects and not reason.strip():
        raise Invalid(_("请写明异议的事实和依据"), field="reason", rule="reason")
    if now >= check.due_at and check.status is CheckStatus.WAITING:
        raise Conflict(_("核查时限已过，视为无异议"), rule="deadline")
    check.officer_id = actor.user_id
    check.reason = reason.strip() or None
    lifecycle.move(
        check,
        CheckStatus.OBJECTED if objects else CheckStatus.NO_OBJECTION,
        actor,
        now,
        reason=check.reason,
    )
    if objects and firm.status is FirmStatus.LISTED:
        _question(firm, f"{check.organisation.name}提出异议", actor, now)


def close_publicity(firm: Firm, actor: Actor, now: datetime) -> None:
    """End the public notice of an admission: an upheld objection questions it, an open one holds
    it until its answer wakes the firm."""
    notice = notice_queries.latest(NOTICE_KIND, firm)
    state = notice_queries.state(notice, now) if notice is not None else NoticeState.CLEAR
    firm.next_check_at = None
    if notice is not None and state is NoticeState.RUNNING:
        firm.next_check_at = notice.ends_at
    if state in (NoticeState.RUNNING, NoticeState.OBJECTED):
        return
    firm.publicity_closed_at = now
    audit.record("firm.publicity_closed", actor, firm, now, state=state.value)
    if state is NoticeState.UPHELD:
        _question(firm, "入驻公示异议成立", actor, now)


def resolve_question(firm: Firm, keep: bool, reason: str, actor: Actor, now: datetime) -> None:
    """Decide on an objection: back on the lists, or removed from the register, with reasons."""
    lock(firm)
    now = max(now, clock.now())
    if not reason.strip():
        raise Invalid(_("请写明处理理由"), field="reason", rule="reason")
    if not keep:
        take_off(firm, reason, actor, now)
        return
    back_on_lists(firm, reason.strip(), actor, now)
    _tell_firm(firm, "异议不成立，恢复上架", reason.strip(), f"kept:{now.isoformat()}", now)


def advance_firm(firm: Firm, actor: Actor, now: datetime) -> None:
    """The clock on a registration: the bureau's limit is over, or the public notice is."""
    if firm.status is FirmStatus.LISTED:
        close_publicity(firm, actor, now)
        return
    firm.next_check_at = None
    if firm.status in (FirmStatus.SUBMITTED, FirmStatus.CHECKED):
        audit.record("firm.form_check_overdue", actor, firm, now, due=firm.form_due_at)
        send(
            accounts.bureau(firm.register_code).id,
            f"入驻审查超时：{firm.organisation.name}",
            "该申请已超过形式审查时限，请立即办理。",
            f"/supervision/applications/{firm.public_id}",
            f"firm:{firm.id}:{firm.application}:overdue:{firm.form_due_at}",
            now,
        )


def advance_check(check: ProfessionalCheck, actor: Actor, now: datetime) -> None:
    """A department silent past its limit does not object, and answers for it (超时默认)."""
    lifecycle.move(check, CheckStatus.SILENT, actor, now)


def _question(firm: Firm, reason: str, actor: Actor, now: datetime) -> None:
    lifecycle.move(firm, FirmStatus.QUESTIONED, actor, now, reason=reason)
    send(
        accounts.bureau(firm.register_code).id,
        f"入驻异议待决定：{firm.organisation.name}",
        reason,
        f"/supervision/applications/{firm.public_id}",
        f"firm:{firm.id}:questioned:{now.isoformat()}",
        now,
    )
    _tell_firm(firm, "暂停上架", reason, f"questioned:{now.isoformat()}", now)


def _other_person(firm: Firm, actor: Actor) -> None:
    if firm.checked_by is not None and firm.checked_by == actor.user_id:
        raise Refused(_("审批人不能与形式审查人为同一人"), rule="two_people")


def _tell_firm(firm: Firm, subject: str, body: str, occasion: str, now: datetime) -> None:
    send(
        firm.organisation_id,
        subject,
        body,
        "/firm",
        f"firm:{firm.id}:{firm.application}:{occasion}",
        now,
        address=firm.organisation.email,
    )
