"""Appoint assessors by two officers, end appointments; an assessor marks or stands aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.overseeing import oversees
from marketplace.contracts.models import Contract
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import add_months, moment
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.notifications.actions import send

from .. import queries as evaluations
from ..actions import give_marks, open_windows, reveal_when_all_are_in
from ..models import Evaluation, EvaluationWindow, WindowStatus
from ..rules import Direction, EvaluationPolicy
from . import awaiting, queries, ties
from .models import AppointmentStatus, AssessorAppointment, AssessorKind, AssessorRecusal

RELATED: dict[str, Any] = {
    "party": _l("本单位是合同的一方，应当回避"),
    "same": _l("与合同一方的法定代表人、电话或者地址相同，应当回避"),
    "person": _l("有人员同时在合同一方任职，应当回避"),
    "rival": _l("本单位承接同一服务事项，应当回避"),
}


# appointments


def propose_appointment(
    organisation: Organisation,
    kind: AssessorKind,
    jurisdiction_code: str,
    item_codes: Sequence[str],
    starts_on: date,
    ends_on: date,
    basis: str,
    actor: Actor,
    now: datetime,
) -> AssessorAppointment:
    """Propose an assessor for a term (natural days, both included), an area and some items.

    Raises Invalid naming the field: where the area's edition gives that kind no part, for an
    office or its staff, a term that is over or longer than the edition allows.
    """
    if not oversees(actor, jurisdiction_code):
        raise Missing(f"jurisdiction {jurisdiction_code}")
    today = clock.local_day(now)
    edition = evaluations.edition_of(jurisdiction_code, today)
    if kind.value not in edition.values.assessor_kinds:
        raise Invalid(
            _(
                "本辖区评价规则“%(title)s”没有规定%(kind)s参与评价",
                title=edition.title,
                kind=kind.title,
            ),
            field="kind",
            rule="assessor.part",
        )
    _never_the_staff(organisation)
    months = edition.values.assessor_months
    if starts_on > add_months(today, months):
        raise Invalid(
            _("聘期应当在 %(months)s 个月内开始", months=months),
            field="starts_on",
            rule="assessor.term",
        )
    if not max(starts_on, today) <= ends_on <= add_months(starts_on, months):
        raise Invalid(
            _("聘期截止日不得早于今天和起始日，聘期不超过 %(months)s 个月", months=months),
            field="ends_on",
            rule="assessor.term",
        )
    made = AssessorAppointment(
        organisation_id=organisation.id,
        kind=kind,
        jurisdiction_code=jurisdiction_code,
        item_codes=sorted(set(item_codes)),
        starts_on=starts_on,
        ends_on=ends_on,
        basis=basis.strip(),
        proposed_by=actor.user_id,
        proposed_at=now,
        edition_id=edition.id,
    )
    lifecycle.begin(made, AppointmentStatus.PROPOSED, actor, now)
    return made


def confirm_appointment(found: AssessorAppointment, actor: Actor, now: datetime) -> None:
    """Another officer confirms: the right begins with the term and ends by the clock. Raises
    Conflict where the term is over, Invalid for who has come to work for an office meanwhile."""
    _decidable(found, actor)
    now = max(now, clock.now())
    if found.ends_on < clock.local_day(now):
        raise Conflict(_("聘期已过，请重新提出聘任"), rule="assessor.term")
    _never_the_staff(found.organisation)
    found.confirmed_by, found.confirmed_at = actor.user_id, now
    lifecycle.move(
        found,
        AppointmentStatus.IN_FORCE,
        actor,
        now,
        check_at=moment(found.ends_on + timedelta(days=1), time(0)),
    )
    _tell(found, "已聘为评价人", f"聘期自 {found.starts_on} 至 {found.ends_on}。", "confirmed", now)


def refuse_appointment(
    found: AssessorAppointment, reason: str, actor: Actor, now: datetime
) -> None:
    """Another officer refuses a proposal, with the reason."""
    _decidable(found, actor)
    found.end_reason = _written(reason)
    lifecycle.move(found, AppointmentStatus.REFUSED, actor, now, reason=found.end_reason)


def withdraw_appointment(
    found: AssessorAppointment, reason: str, actor: Actor, now: datetime
) -> None:
    """End an appointment before its term: the right to mark is gone the same instant, and what
    waited for this assessor alone is revealed."""
    # a mark locks its window before the appointment, and so does whoever ends that
    waiting = [
        lock(db.session.get_one(EvaluationWindow, key)) for key in awaiting.waiting_for(found)
    ]
    lock(found)
    if found.status is not AppointmentStatus.IN_FORCE:
        raise Conflict(_("该聘任不在聘任中，请刷新页面查看"), rule="lifecycle")
    found.end_reason = _written(reason)
    lifecycle.move(found, AppointmentStatus.WITHDRAWN, actor, now, reason=found.end_reason)
    _tell(found, "已撤销聘任", found.end_reason, "withdrawn", now)
    for window in waiting:
        reveal_when_all_are_in(window, actor, max(now, clock.now()))


def advance_appointment(found: AssessorAppointment, actor: Actor, now: datetime) -> None:
    """The clock: the term is over. What waited for this assessor alone is revealed next
    (``reveal_complete``)."""
    lifecycle.move(found, AppointmentStatus.ENDED, actor, now)


def reveal_complete(window_id: int, actor: Actor, now: datetime) -> int:
    """The clock: reveal a window whose last awaited assessor marks it no more, however that came;
    returns how many were revealed."""
    window = lock(db.session.get_one(EvaluationWindow, window_id))
    return int(reveal_when_all_are_in(window, actor, max(now, clock.now())))


def _never_the_staff(organisation: Organisation) -> None:
    """The served rate, never the staff: no office is appointed, nobody who works for one."""
    if organisation.function is not OrganisationFunction.PARTY:
        raise Invalid(
            _("管理机构、行业主管部门不能聘为评价人"), field="subject", rule="assessor.subject"
        )
    if queries.has_staff(organisation.id):
        raise Invalid(
            _("管理机构、行业主管部门的工作人员不能担任评价人"),
            field="subject",
            rule="assessor.subject",
        )


def _decidable(found: AssessorAppointment, actor: Actor) -> None:
    lock(found)
    if found.status is not AppointmentStatus.PROPOSED:
        raise Conflict(_("该聘任已有处理结果，请刷新页面查看"), rule="lifecycle")
    if actor.user_id is None or actor.user_id == found.proposed_by:
        raise Refused(_("提出人不能作出决定，请由其他审批人办理"), rule="two_officers")


def _tell(
    found: AssessorAppointment, subject: str, body: str, occasion: str, now: datetime
) -> None:
    send(
        found.organisation_id,
        f"{subject}：{found.kind.title}",
        body,
        "/workspace/assessments",
        f"assessor:{found.id}:{occasion}",
        now,
    )


def _written(text: str, field: str = "reason") -> str:
    cleaned = text.strip()
    if not 5 <= len(cleaned) <= 500:
        raise Invalid(_("请填写 %(min)d 到 %(max)d 个字", min=5, max=500), field=field, rule="text")
    return cleaned


# marks


def submit_assessment(
    contract: Contract, marks: Mapping[str, int], reason: str | None, actor: Actor, now: datetime
) -> Evaluation:
    """Give an assessor's marks on a contract's firm, or revise them once.

    Blind like the parties' marks: given before the window is revealed, shown to nobody before. The
    window is locked before the clock is read. Raises Missing without an appointment that reaches
    the contract, Refused to whoever must stand aside, Invalid, Conflict when it is too late.
    """
    window, appointment, now = _entitled(contract, actor, now)
    given = give_marks(
        window,
        Direction.ASSESSOR_TO_FIRM,
        appointment.organisation_id,
        contract.firm_id,
        marks,
        (reason or "").strip() or None,
        policy.by_id(EvaluationPolicy, window.edition_id).values,
        actor,
        now,
        appointment.id,
    )
    reveal_when_all_are_in(window, actor, now)
    return given


def stand_aside(contract: Contract, reason: str, actor: Actor, now: datetime) -> AssessorRecusal:
    """An assessor declares that it is related to a contract; it marks it no more."""
    window, appointment, now = _entitled(contract, actor, now)
    if queries.assessment(window, actor.organisation_id) is not None:
        raise Conflict(_("已经提交评价，不能再申请回避"), rule="assessor.recusal")
    made = AssessorRecusal(
        window_id=window.id,
        organisation_id=appointment.organisation_id,
        reason=_written(reason, "why"),
        declared_at=now,
        declared_by=actor.user_id,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("assessment.recused", actor, made, now, contract=contract.number)
    reveal_when_all_are_in(window, actor, now)
    return made


def _entitled(
    contract: Contract, actor: Actor, now: datetime
) -> tuple[EvaluationWindow, AssessorAppointment, datetime]:
    """The locked window, the appointment that reaches it, and the clock read after the lock."""
    window = lock(open_windows(contract, actor, now))
    now = max(now, clock.now())
    appointment = awaiting.appointment_for(window, actor.organisation_id, now)
    # a withdrawal at the same moment has ended the right, or waits until the marks are in
    if appointment is None or lock(appointment).status is not AppointmentStatus.IN_FORCE:
        raise Missing(f"appointment for contract {contract.public_id}")
    now = max(now, clock.now())
    why = ties.relation(appointment.organisation_id, contract)
    if why is not None:
        raise Refused(str(RELATED[why]), rule="recusal")
    if awaiting.recused(window, appointment.organisation_id) is not None:
        raise Refused(_("本单位已申请回避该份合同"), rule="recusal")
    if window.status is not WindowStatus.OPEN or now >= window.ends_at:
        raise Conflict(_("评价已截止或者已公开，不能再评价或者修改"), rule="evaluation.window")
    return window, appointment, now
