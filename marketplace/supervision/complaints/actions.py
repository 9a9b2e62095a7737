"""Complaints: filed with facts, accepted or refused, decided with a reason that is published."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.files import StoredFile
from marketplace.foundation.policy import Edition
from marketplace.notices import actions as notices
from marketplace.notices.rules import NoticesPolicy
from marketplace.notifications.actions import send
from marketplace.projects.models import Need
from marketplace.selection import actions as selection

from . import access, queries, replying
from .models import ComplaintStatus, SelectionComplaint
from .rules import About, Refusal, counted_from, refusal

SHORTEST, LONGEST = 20, 4000


def edition_for(jurisdiction_code: str, now: datetime) -> Edition[NoticesPolicy]:
    """The edition in force for a place."""
    return policy.in_force(NoticesPolicy, accounts.lineage(jurisdiction_code), clock.local_day(now))


def file_until(need: Need, organisation_id: int, about: About, now: datetime) -> datetime | None:
    """Until when an organisation may complain about that; None where it may not at all."""
    standing = queries.standing_of(need, organisation_id)
    if refusal(standing, about) is not None:
        return None
    days = edition_for(need.jurisdiction_code, now).values.complaint_working_days
    return working_calendar().deadline(counted_from(standing, about), days)


def file_complaint(
    need: Need,
    about: About,
    facts: str,
    actor: Actor,
    now: datetime,
    file: StoredFile | None = None,
) -> SelectionComplaint:
    """Complain about the selection for a need in the name of the actor's organisation.

    Raises Missing to strangers, Conflict when it is too early, too late, has to be objected to
    first or is being dealt with already, Invalid for too short a text.
    """
    lock(need)
    now = max(now, clock.now())
    assert actor.organisation_id is not None
    standing = queries.standing_of(need, actor.organisation_id)
    _require_may(refusal(standing, about))
    if queries.open_one(need, actor.organisation_id) is not None:
        raise Conflict(
            _("贵单位对本次选取已有一件投诉正在办理，办结后方可再次提出"), rule="complaint.one"
        )
    until = file_until(need, actor.organisation_id, about, now)
    if until is None or now >= until:
        raise Conflict(_("投诉期限已过"), field="facts", rule="complaint.period")
    edition = edition_for(need.jurisdiction_code, now)
    own = queries.own_objections(need, actor.organisation_id)
    due = working_calendar().deadline(now, edition.values.complaint_accept_working_days)
    made = SelectionComplaint(
        need_id=need.id,
        organisation_id=actor.organisation_id,
        jurisdiction_code=need.jurisdiction_code,
        edition_id=edition.id,
        about=about,
        objection_id=own[-1].id if own and about is About.RESULT else None,
        facts=_written(facts, "facts"),
        evidence_file_id=file.id if file is not None else None,
        filed_by=actor.user_id,
        filed_at=now,
        due_at=due,
    )
    lifecycle.begin(made, ComplaintStatus.FILED, actor, now, check_at=due)
    _tell_offices(made, "收到投诉，请在期限内决定是否受理", "filed", now)
    return made


def withdraw_complaint(found: SelectionComplaint, actor: Actor, now: datetime) -> None:
    """Take a complaint back before it is decided. Raises Conflict when it is."""
    now = _open(found, now)
    lifecycle.move(found, ComplaintStatus.WITHDRAWN, actor, now)


def accept_complaint(found: SelectionComplaint, actor: Actor, now: datetime) -> None:
    """Take a complaint on: those complained of reply in writing, it is decided within the edition's
    working days."""
    now = _mine(found, actor, now)
    values = policy.by_id(NoticesPolicy, found.edition_id).values
    found.accepted_by, found.accepted_at = actor.user_id, now
    found.due_at = working_calendar().deadline(now, values.complaint_decision_working_days)
    lifecycle.move(found, ComplaintStatus.ACCEPTED, actor, now, check_at=found.due_at)
    replying.ask_for_replies(found, now)
    _tell(found, "投诉已受理", f"将在 {clock.written(found.due_at)} 前作出决定。", "accepted", now)


def refuse_complaint(found: SelectionComplaint, reason: str, actor: Actor, now: datetime) -> None:
    """Not take a complaint on, with the reason and where it belongs."""
    now = _mine(found, actor, now)
    _decide(found, ComplaintStatus.REFUSED, reason, actor, now)
    _tell(found, "投诉不予受理", found.decision_reason or "", "decided", now)


def decide_complaint(
    found: SelectionComplaint,
    upheld: bool,
    annul: bool,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Decide an accepted complaint; the reason is published without the complainant's name.

    ``annul`` with an upheld one proposes that the selection be annulled and the need published
    again: another officer of the superior office decides on that, and nobody is bound meanwhile.
    Raises Missing to who may not decide, Invalid, or Conflict when the need has moved on to a
    contract, nothing was chosen yet, or one of those complained of may still reply.
    """
    lock(found.need)
    now = _mine(found, actor, now, ComplaintStatus.ACCEPTED)
    replying.require_heard(found, now)
    if annul and not upheld:
        raise Invalid(
            _("投诉不成立的，不能同时建议撤销选取"), field="outcome", rule="complaint.annul"
        )
    to = ComplaintStatus.UPHELD if upheld else ComplaintStatus.DISMISSED
    written = _written(reason, "reason")
    if annul:
        found.annulment = selection.propose_annulment(found.need, written[:1000], actor)
    _decide(found, to, written, actor, now)
    _publish(found, actor, now)
    said = "投诉成立" if upheld else "投诉不成立"
    _tell(found, f"投诉处理决定：{said}", found.decision_reason or "", "decided", now)
    _tell_owner(found, said, now)


def advance_complaint(found: SelectionComplaint, actor: Actor, now: datetime) -> None:
    """The clock: the time to accept or to decide is over; the offices are told."""
    found.next_check_at = None
    audit.record("selection_complaints.overdue", actor, found, now)
    _tell_offices(found, "投诉超期未办理，请立即办理", f"overdue:{found.status}", now)


def _require_may(why: Refusal | None) -> None:
    if why is Refusal.STRANGER:
        raise Missing("complaint")
    if why is Refusal.EARLY:
        raise Conflict(_("报名尚未截止，截止后方可投诉"), rule="complaint.early")
    if why is Refusal.WAIT_FOR_ANSWER:
        raise Conflict(_("贵单位的异议尚未答复，答复后不服的方可投诉"), rule="complaint.answer")
    if why is Refusal.OBJECT_FIRST:
        raise Conflict(
            _("对选取结果不服的，请先在公示期内提出异议；对答复不服的，再提出投诉"),
            field="about",
            rule="complaint.object_first",
        )


def _open(found: SelectionComplaint, now: datetime) -> datetime:
    lock(found)
    if found.decided_at is not None or found.status is ComplaintStatus.WITHDRAWN:
        raise Conflict(_("该投诉已办结，请刷新页面查看"), rule="lifecycle")
    return max(now, clock.now())


def _mine(
    found: SelectionComplaint,
    actor: Actor,
    now: datetime,
    status: ComplaintStatus = ComplaintStatus.FILED,
) -> datetime:
    now = _open(found, now)
    if not access.may_decide(actor, found):
        raise Refused(_("参与过本次选取的人员应当回避"), rule="complaint.part")
    if found.status is not status:
        raise Conflict(_("该投诉已进入下一步，请刷新页面查看"), rule="lifecycle")
    return now


def _decide(
    found: SelectionComplaint, to: ComplaintStatus, reason: str, actor: Actor, now: datetime
) -> None:
    found.decision_reason = _written(reason, "reason")
    found.decided_by, found.decided_at = actor.user_id, now
    lifecycle.move(found, to, actor, now)


def _publish(found: SelectionComplaint, actor: Actor, now: datetime) -> None:
    values = policy.by_id(NoticesPolicy, found.edition_id).values
    need = found.need
    lines = [
        f"项目业主：{need.owner.public_name}",
        f"需求编号：{need.number}",
        f"投诉事项：{_ABOUT[found.about]}",
        f"决定：{'投诉成立' if found.status is ComplaintStatus.UPHELD else '投诉不成立'}",
        f"理由：{found.decision_reason}",
    ]
    if found.annulment is not None:
        lines.append("已建议撤销本次选取，由上级管理机构另一名工作人员决定，决定前不办理签约。")
    notices.publish_notice(
        kind="complaint",
        subject=found,
        title=f"投诉处理决定：{need.title}",
        body="\n".join(lines),
        ends_at=working_calendar().deadline(now, values.complaint_notice_working_days),
        jurisdiction_code=found.jurisdiction_code,
        actor=actor,
        now=now,
        objectable=False,
        link=f"/results/{need.public_id}",
    )


_ABOUT = {
    About.RESULT: "选取结果或者对异议的答复",
    About.OWNER: "项目业主在选取中的行为",
    About.BUREAU: "管理机构及其工作人员的行为",
}


def _tell(found: SelectionComplaint, words: str, body: str, occasion: str, now: datetime) -> None:
    send(
        found.organisation_id,
        f"{words}：{found.need.title}"[:200],
        body,
        f"/complaints/{found.public_id}",
        f"complaint:{found.id}:{occasion}",
        now,
        address=found.organisation.email,
    )


def _tell_owner(found: SelectionComplaint, said: str, now: datetime) -> None:
    send(
        found.need.owner_id,
        f"对本次选取的投诉已处理：{found.need.title}"[:200],
        f"决定：{said}。理由：{found.decision_reason}",
        f"/results/{found.need.public_id}",
        f"complaint:{found.id}:owner",
        now,
    )


def _tell_offices(found: SelectionComplaint, words: str, occasion: str, now: datetime) -> None:
    for office in queries.offices_for(found):
        send(
            office.id,
            f"{words}：{found.need.title}"[:200],
            f"办理期限 {clock.written(found.due_at)}",
            f"/complaints/{found.public_id}",
            f"complaint:{found.id}:{occasion}:{office.id}",
            now,
        )


def _written(text: str, field: str) -> str:
    cleaned = text.strip()
    if not SHORTEST <= len(cleaned) <= LONGEST:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field=field,
            rule="complaint.text",
        )
    return cleaned
