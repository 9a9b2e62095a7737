"""Publish, object, answer, end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.notifications.actions import send

from . import access, queries
from .holding import hold, wake
from .models import UNANSWERED, NoticeStatus, Objection, ObjectionStatus, PublicNotice
from .rules import NoticesPolicy
from .telling import tell_answered, tell_filed

SHORTEST = 5
LONGEST = 2000


def publish_notice(
    *,
    kind: str,
    subject: Any,
    title: str,
    body: str,
    ends_at: datetime,
    jurisdiction_code: str,
    actor: Actor,
    now: datetime,
    objectable: bool = True,
    link: str | None = None,
    lasting: bool = True,
) -> PublicNotice:
    """Show something to the public from ``now`` until ``ends_at``.

    ``subject`` is the stored model instance it is about, ``link`` a path on the site with more.
    ``lasting=False`` takes the notice off the public pages when it ends. Title and body are
    Chinese and hold nothing that may not be public. Raises Invalid when the period is empty.
    """
    if ends_at <= now:
        raise Invalid(_("公示截止时间应晚于发布时间"), field="ends_at", rule="notice.period")
    notice = PublicNotice(
        kind=kind,
        subject_type=subject.__tablename__,
        subject_id=subject.id,
        title=title[:200],
        body=body,
        link=link,
        jurisdiction_code=jurisdiction_code,
        published_at=now,
        ends_at=ends_at,
        objectable=objectable,
        lasting=lasting,
    )
    lifecycle.begin(notice, NoticeStatus.OPEN, actor, now, check_at=ends_at)
    return notice


def file_objection(notice: PublicNotice, text: str, actor: Actor, now: datetime) -> Objection:
    """Object to a running notice in the name of the actor's organisation.

    The notice is locked and the clock read again, so that an objection is either before its end
    or refused. Raises Refused, Invalid (text) or Conflict (over, or one already unanswered).
    """
    lock(notice)
    now = max(now, clock.now())
    if actor.organisation_id is None or not notice.objectable:
        raise Refused(_("该公示不受理异议；不服决定的，请按公告载明的途径提出"), rule="objectable")
    text = text.strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid(
            _("请写明异议的事实和理由，%(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field="text",
            rule="objection.text",
        )
    if notice.status is not NoticeStatus.OPEN or now >= notice.ends_at:
        raise Conflict(_("公示期已结束，不再受理异议"), field="text", rule="objection.period")
    if _unanswered_of(notice, actor.organisation_id) is not None:
        raise Conflict(
            _("贵单位对本公示已有一件异议正在办理，答复后方可再次提出"),
            field="text",
            rule="objection.one_at_a_time",
        )
    edition = policy.in_force(
        NoticesPolicy, accounts.lineage(notice.jurisdiction_code), clock.local_day(now)
    )
    due_at = working_calendar().deadline(now, edition.values.objection_answer_days)
    objection = Objection(
        notice_id=notice.id,
        organisation_id=actor.organisation_id,
        filed_by=actor.user_id,
        filed_at=now,
        text=text,
        due_at=due_at,
        edition_id=edition.id,
    )
    lifecycle.begin(objection, ObjectionStatus.PENDING, actor, now, check_at=due_at)
    _tell_bureau(objection, notice, "收到异议，请在期限内答复", "filed", now)
    tell_filed(objection, notice, now)
    return objection


def answer_objection(
    objection: Objection, upheld: bool, answer: str, actor: Actor, now: datetime
) -> None:
    """Answer an objection. One that is upheld ends the notice as upheld; when the last one is
    rejected after the period, the notice ends; either way what waits for it goes on at once.
    Raises Missing, Invalid or Conflict."""
    notice = hold(db.session.get_one(PublicNotice, objection.notice_id))
    lock(objection)
    now = max(now, clock.now())
    if not access.may_answer(actor, objection):
        raise Missing(f"objection {objection.id}")
    answer = answer.strip()
    if not SHORTEST <= len(answer) <= LONGEST:
        raise Invalid(
            _("请写明答复的事实和依据，%(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
            field="answer",
            rule="objection.answer",
        )
    if objection.status not in UNANSWERED:
        raise Conflict(_("该异议已答复，请刷新页面查看"), rule="lifecycle")
    objection.answer = answer
    objection.answered_by = actor.user_id
    objection.answered_at = now
    to = ObjectionStatus.UPHELD if upheld else ObjectionStatus.REJECTED
    lifecycle.move(objection, to, actor, now)
    if notice.status is NoticeStatus.OPEN:
        if upheld:
            lifecycle.move(notice, NoticeStatus.UPHELD, actor, now, objection=objection.id)
            wake(notice, now)
        elif now >= notice.ends_at and queries.unanswered(notice) == 0:
            lifecycle.move(notice, NoticeStatus.ENDED, actor, now)
            wake(notice, now)
    send(
        objection.organisation_id,
        f"异议已答复：{notice.title}"[:200],
        f"结论：{'异议成立' if upheld else '异议不成立'}。{answer}",
        f"/notices/{notice.public_id}",
        f"objection:{objection.id}:answered",
        now,
    )
    tell_answered(objection, notice, upheld, now)


def withdraw_notice(notice: PublicNotice, reason: str, actor: Actor, now: datetime) -> None:
    """Take back a running notice whose ground is gone; the reason stays public."""
    lock(notice)
    lifecycle.move(notice, NoticeStatus.WITHDRAWN, actor, now, reason=reason)


def advance_notice(notice: PublicNotice, actor: Actor, now: datetime) -> None:
    """The period is over: end the notice, or leave it open for its unanswered objections."""
    if queries.unanswered(notice):
        notice.next_check_at = None
        audit.record("notice.held_by_objection", actor, notice, now)
        return
    lifecycle.move(notice, NoticeStatus.ENDED, actor, now)


def advance_objection(objection: Objection, actor: Actor, now: datetime) -> None:
    """No answer in time: marked overdue, the bureau is told; the notice goes on waiting."""
    lifecycle.move(objection, ObjectionStatus.OVERDUE, actor, now)
    notice = db.session.get_one(PublicNotice, objection.notice_id)
    _tell_bureau(objection, notice, "异议超期未答复，请立即办理", "overdue", now)


def _unanswered_of(notice: PublicNotice, organisation_id: int) -> int | None:
    return db.session.scalar(
        select(Objection.id).where(
            Objection.notice_id == notice.id,
            Objection.organisation_id == organisation_id,
            Objection.status.in_(UNANSWERED),
        )
    )


def _tell_bureau(
    objection: Objection, notice: PublicNotice, what: str, occasion: str, now: datetime
) -> None:
    try:
        office = accounts.bureau(notice.jurisdiction_code)
    except Missing:
        return
    send(
        office.id,
        f"{what}：{notice.title}"[:200],
        f"答复期限 {clock.written(objection.due_at)}",
        f"/objections/{objection.public_id}/answer",
        f"objection:{objection.id}:{occasion}",
        now,
    )
