"""Soft measures: issued with their letter and clock, signed for, answered, closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Jurisdiction, Organisation
from marketplace.foundation import audit, calendar, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.languages import stored
from marketplace.notices.actions import publish_notice
from marketplace.notifications.actions import send

from ..actions.cards import CLOSE_OF_DAY, policy_for, sanctionable, written
from ..locking import held, locked
from ..rules import SanctionsPolicy
from . import queries
from .letters import letter
from .models import Measure, MeasureKind, MeasureStatus

ANSWERED = (MeasureKind.RECTIFICATION, MeasureKind.HOTLINE, MeasureKind.TRANSFER)


@dataclass(frozen=True)
class Content:
    """What an officer writes: facts, what is asked for, and what the kind needs besides.

    ``due_on`` is the day a hotline order or a letter itself names, instead of the edition's days.
    """

    kind: MeasureKind
    facts: str
    demand: str
    authority: str = ""
    reference: str = ""
    meeting_at: datetime | None = None
    place: str = ""
    due_on: date | None = None


def issue_measure(
    organisation: Organisation,
    jurisdiction_code: str,
    content: Content,
    actor: Actor,
    now: datetime,
    evidence_file: StoredFile | None = None,
) -> Measure:
    """Send a measure with its letter; criticism waits for another officer's approval first.

    Raises Invalid naming the field the kind needs.
    """
    _complete(content, now)
    edition = policy_for(jurisdiction_code, now)
    due = _asked_by(content, now) or _due(content.kind, edition.values, now)
    if content.kind is MeasureKind.HOTLINE:
        # two officers who take one order in at once
        now = held(now, db.session.get_one(Jurisdiction, jurisdiction_code))
        if queries.is_taken_in(content.reference.strip(), jurisdiction_code):
            raise Invalid(_("该编号的工单已登记"), field="reference", rule="measure.reference")
    made = Measure(
        kind=content.kind,
        organisation_id=sanctionable(organisation).id,
        jurisdiction_code=jurisdiction_code,
        edition_id=edition.id,
        facts=written(content.facts, "facts"),
        demand=written(content.demand, "demand"),
        authority=content.authority.strip() or None,
        reference=content.reference.strip() or None,
        meeting_at=content.meeting_at,
        place=content.place.strip() or None,
        evidence_file_id=evidence_file.id if evidence_file else None,
        issued_by=actor.user_id,
        issued_at=now,
        due_at=due,
        letter=letter(
            content.kind,
            name=organisation.public_name,
            facts=content.facts.strip(),
            demand=content.demand.strip(),
            due=clock.written(due) if due else "",
            meeting=clock.written(content.meeting_at) if content.meeting_at else "",
            place=content.place.strip(),
            authority=content.authority.strip(),
            reference=content.reference.strip(),
        ),
    )
    if content.kind is MeasureKind.CRITICISM:
        lifecycle.begin(made, MeasureStatus.PROPOSED, actor, now)
    else:
        lifecycle.begin(made, MeasureStatus.OPEN, actor, now, check_at=due)
        _deliver(made, now)
    return made


def decide_criticism(
    measure: Measure, approved: bool, reason: str, actor: Actor, now: datetime
) -> None:
    """Another officer publishes a criticism or refuses it, with the reason."""
    now = locked(now, measure)
    if actor.user_id is None or actor.user_id == measure.issued_by:
        raise Refused(_("提出人不能作出决定，请由其他审批人办理"), rule="two_officers")
    if measure.status is not MeasureStatus.PROPOSED:
        raise Conflict(_("该措施已有处理结果，请刷新页面查看"), rule="lifecycle")
    measure.decided_by, measure.decided_at = actor.user_id, now
    if not approved:
        measure.outcome = written(reason, "reason")
        lifecycle.move(measure, MeasureStatus.REJECTED, actor, now)
        return
    lifecycle.move(measure, MeasureStatus.OPEN, actor, now)
    values = policy_for(measure.jurisdiction_code, now).values
    last = calendar.add_months(clock.local_day(now), values.criticism_months)
    publish_notice(
        kind="sanction",
        subject=measure,
        title=f"关于对{measure.organisation.public_name}的通报批评",
        body=measure.letter,
        ends_at=calendar.moment(last, CLOSE_OF_DAY),
        jurisdiction_code=measure.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        lasting=False,
    )
    _deliver(measure, now)


def sign_receipt(measure: Measure, actor: Actor, now: datetime) -> None:
    """The firm signs for a letter. A reminder or a criticism needs nothing more and is closed."""
    now = locked(now, measure)
    _own(measure, actor)
    if measure.received_at is not None or not measure.awaits_firm:
        raise Conflict(_("已经签收，请刷新页面查看"), rule="measure.receipt")
    measure.received_by, measure.received_at = actor.user_id, now
    db.session.flush()
    audit.record("soft_measures.received", actor, measure, now)
    if measure.kind in (MeasureKind.REMINDER, MeasureKind.CRITICISM):
        measure.outcome, measure.closed_at = "已签收", now
        lifecycle.move(measure, MeasureStatus.CLOSED, actor, now)


def reply_measure(
    measure: Measure, reply: str, actor: Actor, now: datetime, file: StoredFile | None = None
) -> None:
    """The firm answers an order or a hotline order; late too, as long as it is not closed."""
    now = locked(now, measure)
    _own(measure, actor)
    if not measure.kind.firm_answers or not measure.awaits_firm:
        raise Conflict(_("当前不需要答复，请刷新页面查看"), rule="lifecycle")
    measure.received_by = measure.received_by or actor.user_id
    measure.received_at = measure.received_at or now
    _record_reply(measure, reply, file, actor, now)


def record_reply(
    measure: Measure, reply: str, actor: Actor, now: datetime, file: StoredFile | None = None
) -> None:
    """An officer enters what the other authority wrote back about a transfer."""
    now = locked(now, measure)
    if measure.kind is not MeasureKind.TRANSFER or measure.status not in (
        MeasureStatus.OPEN,
        MeasureStatus.OVERDUE,
    ):
        raise Conflict(_("当前不需要答复，请刷新页面查看"), rule="lifecycle")
    _record_reply(measure, reply, file, actor, now)


def close_measure(measure: Measure, outcome: str, actor: Actor, now: datetime) -> None:
    """An officer closes a measure with what came of it: the record of the talk, the check of the
    rectification, the answer given to the caller, how an unsigned letter was delivered. Raises
    Conflict before there is an answer."""
    now = locked(now, measure)
    if not measure.may_be_closed(now):
        raise Conflict(_("尚未答复或者尚未面谈，不能办结"), rule="lifecycle")
    measure.outcome = written(outcome, "reason")
    measure.closed_by, measure.closed_at = actor.user_id, now
    lifecycle.move(measure, MeasureStatus.CLOSED, actor, now)
    if measure.kind.for_firm:
        _tell_firm(measure, "已办结", measure.outcome, "closed", now)


def return_reply(measure: Measure, reason: str, actor: Actor, now: datetime) -> None:
    """An answer is not enough: the firm has the edition's days once more."""
    now = locked(now, measure)
    if not measure.may_be_returned:
        raise Conflict(_("没有待核查的答复，请刷新页面查看"), rule="lifecycle")
    values = policy_for(measure.jurisdiction_code, now).values
    measure.due_at = _due(measure.kind, values, now)
    said = written(reason, "reason")
    lifecycle.move(measure, MeasureStatus.OPEN, actor, now, reason=said, check_at=measure.due_at)
    assert measure.due_at is not None
    words = f"答复不符合要求，请于{clock.written(measure.due_at)}前重新答复"
    _tell_firm(measure, words, said, f"returned:{now.isoformat()}", now)


def advance_measure(measure: Measure, actor: Actor, now: datetime) -> None:
    """The clock: no answer in time; both sides are told."""
    lifecycle.move(measure, MeasureStatus.OVERDUE, actor, now)
    if measure.kind.for_firm:
        _tell_firm(measure, "已逾期，请尽快答复", measure.letter, "overdue", now)
    _tell_bureau(measure, "逾期未答复", "overdue", now)


def _complete(content: Content, now: datetime) -> None:
    missing = {
        MeasureKind.TRANSFER: ("authority", content.authority, _("请填写移送的机关")),
        MeasureKind.HOTLINE: ("reference", content.reference, _("请填写工单编号")),
        MeasureKind.TALK: ("place", content.place, _("请填写面谈地点")),
    }.get(content.kind)
    if missing is not None and not missing[1].strip():
        raise Invalid(missing[2], field=missing[0], rule="measure.complete")
    if content.kind is MeasureKind.TALK and (
        content.meeting_at is None or content.meeting_at <= now
    ):
        raise Invalid(_("请填写今后的面谈时间"), field="meeting_at", rule="measure.complete")


def _asked_by(content: Content, now: datetime) -> datetime | None:
    """The end of the day an order itself names; None where it names none."""
    if content.due_on is None:
        return None
    if content.kind not in ANSWERED:
        raise Invalid(_("该种措施不需要书面答复"), field="due_on", rule="measure.due")
    due = calendar.moment(content.due_on, CLOSE_OF_DAY)
    if due <= now:
        raise Invalid(_("答复期限应当晚于现在"), field="due_on", rule="measure.due")
    return due


def _due(kind: MeasureKind, values: SanctionsPolicy, now: datetime) -> datetime | None:
    days = {
        MeasureKind.RECTIFICATION: values.rectification_days,
        MeasureKind.HOTLINE: values.hotline_days,
        MeasureKind.TRANSFER: values.transfer_days,
    }.get(kind)
    return calendar.working_calendar().deadline(now, days) if days is not None else None


def _own(measure: Measure, actor: Actor) -> None:
    if measure.organisation_id != actor.organisation_id:
        raise Missing(f"measure {measure.id}")


def _record_reply(
    measure: Measure, reply: str, file: StoredFile | None, actor: Actor, now: datetime
) -> None:
    measure.reply = written(reply, "reply")
    measure.reply_file_id = file.id if file else None
    measure.replied_at = now
    lifecycle.move(measure, MeasureStatus.REPLIED, actor, now)
    _tell_bureau(measure, "已收到答复，请核查", f"replied:{now.isoformat()}", now)


def _deliver(measure: Measure, now: datetime) -> None:
    if measure.kind.for_firm:
        _tell_firm(measure, "请签收", measure.letter, "issued", now)


def _tell_firm(measure: Measure, words: str, body: str, occasion: str, now: datetime) -> None:
    send(
        measure.organisation_id,
        f"{stored(measure.kind.title)}：{words}"[:200],
        body,
        f"/measures/{measure.public_id}",
        f"measure:{measure.id}:{occasion}",
        now,
        address=measure.organisation.email,
    )


def _tell_bureau(measure: Measure, words: str, occasion: str, now: datetime) -> None:
    send(
        accounts.bureau(measure.jurisdiction_code).id,
        f"{stored(measure.kind.title)}{words}：{measure.organisation.public_name}"[:200],
        measure.reply or measure.facts,
        f"/measures/{measure.public_id}",
        f"measure:{measure.id}:bureau:{occasion}",
        now,
    )
