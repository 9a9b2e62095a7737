"""Reply to an evaluation, dispute it, look into it, keep it or exclude it by decision."""

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
from marketplace.ratings.actions import reverse_entry

from .. import queries as evaluations
from ..models import Evaluation
from . import queries
from .models import EvaluationReply, EvaluationReview, ReviewCause, ReviewStatus

SHORTEST, LONGEST, LONGEST_REPLY = 5, 1000, 500


def written(text: str | None, field: str, longest: int = LONGEST) -> str:
    """A text trimmed; raises Invalid naming the field when it is too short or too long."""
    cleaned = (text or "").strip()
    if not SHORTEST <= len(cleaned) <= longest:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=SHORTEST, max=longest), field=field, rule="text"
        )
    return cleaned


def reply(given: Evaluation, text: str, actor: Actor, now: datetime) -> EvaluationReply:
    """Publish the one reply of the side that was marked. (section 9: one reply a side)"""
    _marked_by_it(given, actor)
    lock(given)
    now = max(now, clock.now())
    made = EvaluationReply(
        evaluation_id=given.id,
        text=written(text, "text", LONGEST_REPLY),
        given_at=now,
        given_by=actor.user_id,
    )
    if queries.replies_to([given]):
        raise Conflict(_("已回应过该评价，每方只能回应一次"), rule="evaluation.reply")
    db.session.add(made)
    db.session.flush()
    audit.record("evaluation.replied", actor, given, now)
    send(
        given.rater_organisation_id,
        f"对方回应了合同 {given.window.contract.number} 的评价",
        "回应已公开。",
        evaluations.address_of(given, given.rater_organisation_id),
        f"evaluation:{given.id}:reply",
        now,
    )
    return made


def dispute(given: Evaluation, grounds: str, actor: Actor, now: datetime) -> EvaluationReview:
    """Dispute an evaluation of one's own organisation within the edition's days after its reveal.

    Raises Conflict when it is too late or was disputed before.
    """
    _marked_by_it(given, actor)
    lock(given)
    now = max(now, clock.now())
    running, until = queries.live_review(given), queries.dispute_until(given)
    own = running is not None and running.cause is not ReviewCause.DISPUTE
    if running is not None and own and running.opened_at < until:
        raise Conflict(
            _("该评价正在核查。核查后维持评价的，自决定之日起可以提出异议"),
            rule="evaluation.review",
        )
    if now >= until:
        raise Conflict(_("提出异议的期限已过"), rule="evaluation.dispute_period")
    if any(each.cause is ReviewCause.DISPUTE for each in queries.reviews_of([given])[given.id]):
        raise Conflict(_("已对该评价提出过异议"), rule="evaluation.disputed")
    made = open_review(given, ReviewCause.DISPUTE, written(grounds, "grounds"), actor, now)
    made.filed_by_organisation_id = actor.organisation_id
    return made


def open_review(
    given: Evaluation,
    cause: ReviewCause,
    grounds: str,
    actor: Actor,
    now: datetime,
    flag_id: int | None = None,
) -> EvaluationReview:
    """Have an evaluation looked into, on account of the flag of a screen where one is named.

    Raises Conflict while another review of it runs, or when it is excluded already.
    """
    if queries.live_review(given) is not None:
        raise Conflict(_("该评价正在核查"), rule="evaluation.review")
    if queries.excluded(given) is not None:
        raise Conflict(_("该评价已剔除"), rule="evaluation.excluded")
    contract = given.window.contract
    edition = evaluations.edition_for(contract, now)
    made = EvaluationReview(
        evaluation_id=given.id,
        cause=cause,
        jurisdiction_code=contract.jurisdiction_code,
        grounds=grounds,
        flag_id=flag_id,
        opened_by=actor.user_id,
        opened_at=now,
        due_at=working_calendar().deadline(now, edition.values.dispute_answer_working_days),
        edition_id=edition.id,
    )
    try:
        with db.session.begin_nested():
            lifecycle.begin(made, ReviewStatus.OPEN, actor, now)
    except IntegrityError as error:
        raise Conflict(_("该评价正在核查"), rule="evaluation.review") from error
    return made


def propose_exclusion(
    review: EvaluationReview, finding: str, actor: Actor, now: datetime
) -> EvaluationReview:
    """Propose to exclude an evaluation, with what was found; another officer decides."""
    lock(review)
    now = max(now, clock.now())
    _no_party(review, actor)
    review.finding = written(finding, "finding")
    review.proposed_by = actor.user_id
    review.proposed_at = now
    lifecycle.move(review, ReviewStatus.PROPOSED, actor, now, reason=review.finding)
    return review


def keep(review: EvaluationReview, reason: str, actor: Actor, now: datetime) -> EvaluationReview:
    """Keep an evaluation as it is, with the reasons, where nobody proposed to exclude it."""
    lock(review)
    now = max(now, clock.now())
    _no_party(review, actor)
    if review.status is not ReviewStatus.OPEN:
        raise Conflict(_("已提出剔除建议，或者已有决定"), rule="lifecycle")
    return _kept(review, reason, actor, now)


def refuse_exclusion(
    review: EvaluationReview, reason: str, actor: Actor, now: datetime
) -> EvaluationReview:
    """Keep an evaluation whose exclusion was proposed. Raises Refused for whoever proposed it."""
    _deciding(review, actor)
    now = max(now, clock.now())
    return _kept(review, reason, actor, now)


def _kept(review: EvaluationReview, reason: str, actor: Actor, now: datetime) -> EvaluationReview:
    review.decision_reason = written(reason, "reason")
    review.decided_by = actor.user_id
    review.decided_at = now
    lifecycle.move(review, ReviewStatus.KEPT, actor, now, reason=review.decision_reason)
    _tell(review, "维持", now)
    return review


def exclude(review: EvaluationReview, reason: str, actor: Actor, now: datetime) -> EvaluationReview:
    """Exclude an evaluation: shown struck through with the reason, reversed by an entry.

    Raises Refused for whoever proposed it.
    """
    _deciding(review, actor)
    now = max(now, clock.now())
    entry_id = review.evaluation.rating_entry_id
    assert entry_id is not None  # a revealed evaluation was posted
    review.decision_reason = written(reason, "reason")
    review.decided_by = actor.user_id
    review.decided_at = now
    entry = reverse_entry(entry_id, review, actor, now)
    review.reversal_entry_id = entry.id
    lifecycle.move(review, ReviewStatus.EXCLUDED, actor, now, reason=review.decision_reason)
    _tell(review, "剔除", now)
    return review


def _marked_by_it(given: Evaluation, actor: Actor) -> None:
    if actor.organisation_id != given.about_organisation_id:
        raise Missing(f"evaluation {given.id}")
    if evaluations.revealed_at(given) is None:
        raise Missing(f"evaluation {given.id}")


def _deciding(review: EvaluationReview, actor: Actor) -> None:
    """Lock a review on which another than its proposer decides."""
    lock(review)
    _no_party(review, actor)
    if actor.user_id is None or actor.user_id == review.proposed_by:
        raise Refused(_("提出剔除建议的人不能决定，请由其他人员办理"), rule="two_people")
    if review.status is not ReviewStatus.PROPOSED:
        raise Conflict(_("尚未提出剔除建议，或者已有决定"), rule="lifecycle")


def _no_party(review: EvaluationReview, actor: Actor) -> None:
    given = review.evaluation
    if actor.organisation_id in (given.rater_organisation_id, given.about_organisation_id):
        raise Refused(_("本单位是评价的一方，应当回避"), rule="recusal")


def _tell(review: EvaluationReview, outcome: str, now: datetime) -> None:
    given = review.evaluation
    contract = given.window.contract
    for organisation_id in (given.rater_organisation_id, given.about_organisation_id):
        send(
            organisation_id,
            f"合同 {contract.number} 的一项评价经核查{outcome}",
            f"理由：{review.decision_reason}",
            evaluations.address_of(given, organisation_id),
            f"evaluation-review:{review.id}:{organisation_id}:{review.status}",
            now,
        )
