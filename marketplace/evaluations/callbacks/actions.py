"""Make a call-back: note an attempt, or say what was found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.files import StoredFile

from ..reviews import actions as reviewing
from ..reviews import queries as reviews
from ..reviews.models import EvaluationReview, ReviewCause, ReviewStatus
from ..rules import EvaluationPolicy
from .models import AttemptOutcome, CallbackAttempt, CallbackStatus, EvaluationCallback
from .rules import may_give_up

LONGEST_ANSWER, LONGEST_NOTE = 200, 300


def note_attempt(
    callback: EvaluationCallback, outcome: AttemptOutcome, note: str, actor: Actor, now: datetime
) -> CallbackAttempt:
    """Record an attempt that reached nobody who answered."""
    _working(callback, actor)
    now = max(now, clock.now())
    attempt = CallbackAttempt(
        callback_id=callback.id,
        at=now,
        by=actor.user_id,
        outcome=outcome,
        note=note.strip()[:LONGEST_NOTE] or None,
    )
    db.session.add(attempt)
    db.session.flush()
    audit.record("callback.attempted", actor, callback, now, outcome=outcome.value)
    return attempt


def conclude(
    callback: EvaluationCallback,
    outcome: CallbackStatus,
    answers: Sequence[str],
    note: str,
    evidence: StoredFile | None,
    actor: Actor,
    now: datetime,
) -> EvaluationCallback:
    """Say what a call-back found, with the answers to the edition's questions.

    Untrue proposes the exclusion of the evaluation, on which another officer decides; it never
    excludes by itself. Unreached needs attempts on as many days as the edition says. Raises Invalid
    naming the field.
    """
    _working(callback, actor)
    now = max(now, clock.now())
    values = policy.by_id(EvaluationPolicy, callback.edition_id).values
    said = [each.strip() for each in answers]
    if outcome is CallbackStatus.UNREACHED:
        days = [clock.local_day(each.at) for each in callback.attempts]
        if not may_give_up(days, values):
            raise Invalid(
                _(
                    "在 %(days)s 个不同的日子均未接通后方可认定为未接通，请先登记每次拨打情况",
                    days=values.callback_attempts,
                ),
                field="outcome",
                rule="callback.attempts",
            )
        said = []
    else:
        for number, answer in enumerate(said):
            if not 1 <= len(answer) <= LONGEST_ANSWER:
                raise Invalid(
                    _("请填写 %(min)d 到 %(max)d 个字", min=1, max=LONGEST_ANSWER),
                    field=f"answer_{number}",
                    rule="callback.answers",
                )
    denied = outcome is CallbackStatus.DENIED
    told = reviewing.written(note, "note") if denied else note.strip() or None
    review = _propose(callback, told, actor, now) if denied and told else None
    callback.review_id = review.id if review else None
    callback.note = told
    callback.answers = said or None
    callback.evidence_file_id = evidence.id if evidence else None
    callback.done_by = actor.user_id
    callback.done_at = now
    lifecycle.move(callback, outcome, actor, now, reason=callback.note)
    return callback


def _propose(
    callback: EvaluationCallback, told: str, actor: Actor, now: datetime
) -> EvaluationReview | None:
    """The review in which another officer decides; None where the mark is excluded already."""
    given = callback.evaluation
    if reviews.excluded(given) is not None:
        return None
    review = reviews.live_review(given)
    if review is None:
        review = reviewing.open_review(given, ReviewCause.CALLBACK, told, actor, now)
    if review.status is ReviewStatus.OPEN:
        reviewing.propose_exclusion(review, told, actor, now)
    return review


def _working(callback: EvaluationCallback, actor: Actor) -> None:
    lock(callback)
    given = callback.evaluation
    if actor.organisation_id in (given.rater_organisation_id, given.about_organisation_id):
        raise Refused(_("本单位是评价的一方，应当回避"), rule="recusal")
    if callback.status is not CallbackStatus.WAITING:
        raise Conflict(_("该项回访已经办结"), rule="lifecycle")
