"""Rate a handled matter; call back and answer a bad rating."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.notifications.actions import send

from ..queries import edition_of
from ..reviews.actions import written
from .matters import Matter
from .models import (
    FollowUpOutcome,
    FollowUpStatus,
    Satisfaction,
    ServiceFollowUp,
    ServiceRating,
)
from .queries import rating_of


def rate(
    matter: Matter, grade: Satisfaction, reason: str | None, actor: Actor, now: datetime
) -> ServiceRating:
    """Say how a matter was handled: once, in time, by the one who was served.

    A bad grade needs its reason and opens a call-back. Raises Missing for strangers, Refused for
    whoever handled the matter, Conflict when it is too late or was rated, Invalid for the reason.
    """
    if actor.organisation_id != matter.organisation_id:
        raise Missing(f"{matter.kind} {matter.public_id}")
    if actor.user_id in (matter.handled_by, matter.decided_by):
        raise Refused(_("办理该事项的人员不能评价"), rule="service.staff")
    if now >= matter.rated_until:
        raise Conflict(_("评价期限已过"), rule="service.period")
    if rating_of(matter) is not None:
        raise Conflict(_("该事项已经评价，一事只评一次"), rule="service.once")
    edition = edition_of(matter.jurisdiction_code, clock.local_day(now))
    told = (reason or "").strip() or None
    if grade.is_bad and (told is None or len(told) < edition.values.reason_shortest):
        raise Invalid(
            _(
                "评价为不满意的请写明理由，不少于 %(count)s 个字",
                count=edition.values.reason_shortest,
            ),
            field="reason",
            rule="service.reason",
        )
    made = ServiceRating(
        kind=matter.kind,
        subject_id=matter.subject_id,
        round=matter.round,
        organisation_id=matter.organisation_id,
        jurisdiction_code=matter.jurisdiction_code,
        handled_by=matter.handled_by,
        decided_by=matter.decided_by,
        decided_at=matter.decided_at,
        grade=grade,
        reason=told,
        edition_id=edition.id,
        given_at=now,
        given_by=actor.user_id,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError as error:
        raise Conflict(_("该事项已经评价，一事只评一次"), rule="service.once") from error
    audit.record(
        "service_rating.given", actor, made, now, kind=matter.kind.value, grade=grade.value
    )
    if grade.is_bad:
        follow = ServiceFollowUp(
            rating_id=made.id,
            opened_at=now,
            due_at=working_calendar().deadline(now, edition.values.service_answer_working_days),
        )
        lifecycle.begin(follow, FollowUpStatus.OPEN, actor, now)
    return made


def answer(
    follow: ServiceFollowUp, outcome: FollowUpOutcome, text: str, actor: Actor, now: datetime
) -> ServiceFollowUp:
    """Answer a bad rating after calling back: by an officer who had no part in the matter."""
    lock(follow)
    now = max(now, clock.now())
    rating = follow.rating
    if actor.user_id is None or actor.user_id in (rating.handled_by, rating.decided_by):
        raise Refused(_("办理该事项的人员不能回访，请由其他人员办理"), rule="service.two_people")
    if follow.status is not FollowUpStatus.OPEN:
        raise Conflict(_("该评价已经答复"), rule="lifecycle")
    follow.outcome = outcome
    follow.answer = written(text, "answer")
    follow.answered_by = actor.user_id
    follow.answered_at = now
    lifecycle.move(follow, FollowUpStatus.ANSWERED, actor, now)
    send(
        rating.organisation_id,
        "管理机构答复了贵单位的办事评价",
        f"答复：{follow.answer}",
        "/services",
        f"service-follow-up:{follow.id}",
        now,
    )
    return follow
