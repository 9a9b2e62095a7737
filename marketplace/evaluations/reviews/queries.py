"""Reads about replies and reviews."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from marketplace.contracts.models import Contract
from marketplace.foundation import policy
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Missing

from ..models import Evaluation, EvaluationWindow
from ..queries import revealed_at
from ..rules import EvaluationPolicy
from .models import EvaluationReply, EvaluationReview, ReviewCause, ReviewStatus

LIVE = (ReviewStatus.OPEN, ReviewStatus.PROPOSED)
# a list shows of each the contract and its need
_SHOWN_WITH = (
    joinedload(EvaluationReview.evaluation)
    .joinedload(Evaluation.window)
    .joinedload(EvaluationWindow.contract)
    .joinedload(Contract.need)
)


def evaluation(public_id: str) -> Evaluation:
    """A revealed evaluation; raises Missing, also before its reveal."""
    found = db.session.scalar(select(Evaluation).where(Evaluation.public_id == public_id))
    if found is None or revealed_at(found) is None:
        raise Missing(f"evaluation {public_id}")
    return found


def dispute_until(given: Evaluation) -> datetime:
    """Until when the side marked may dispute a revealed evaluation, by the window's edition.

    While officers look into it for a cause of their own nobody can dispute it: where they keep it
    the days begin anew with their decision.
    """
    since = revealed_at(given)
    assert since is not None  # asked of revealed evaluations alone
    days = policy.by_id(EvaluationPolicy, given.window.edition_id).values.dispute_working_days
    until = working_calendar().deadline(since, days)
    for each in reviews_of([given])[given.id]:
        if each.cause is ReviewCause.DISPUTE or each.opened_at >= until:
            continue
        if each.status is ReviewStatus.KEPT and each.decided_at is not None:
            until = max(until, working_calendar().deadline(each.decided_at, days))
    return until


def replies_to(evaluations: Iterable[Evaluation]) -> dict[int, EvaluationReply]:
    """The replies, by the key of the evaluation."""
    keys = [each.id for each in evaluations]
    rows = db.session.scalars(
        select(EvaluationReply).where(EvaluationReply.evaluation_id.in_(keys))
    )
    return {row.evaluation_id: row for row in rows}


def reviews_of(evaluations: Iterable[Evaluation]) -> dict[int, list[EvaluationReview]]:
    """The reviews, the oldest first, by the key of the evaluation."""
    found: dict[int, list[EvaluationReview]] = {each.id: [] for each in evaluations}
    for row in db.session.scalars(
        select(EvaluationReview)
        .where(EvaluationReview.evaluation_id.in_(list(found)))
        .order_by(EvaluationReview.id)
    ):
        found[row.evaluation_id].append(row)
    return found


def review(public_id: str) -> EvaluationReview:
    """A review by its public id; raises Missing."""
    found = db.session.scalar(
        select(EvaluationReview).where(EvaluationReview.public_id == public_id)
    )
    if found is None:
        raise Missing(f"review {public_id}")
    return found


def live_review(given: Evaluation) -> EvaluationReview | None:
    """The review of an evaluation that is not over yet."""
    return db.session.scalar(
        select(EvaluationReview).where(
            EvaluationReview.evaluation_id == given.id, EvaluationReview.status.in_(LIVE)
        )
    )


def excluded(given: Evaluation) -> EvaluationReview | None:
    """The review that excluded an evaluation."""
    return db.session.scalar(
        select(EvaluationReview).where(
            EvaluationReview.evaluation_id == given.id,
            EvaluationReview.status == ReviewStatus.EXCLUDED,
        )
    )


def waiting(codes: Sequence[str], limit: int = 100) -> list[EvaluationReview]:
    """The reviews of an area that are not over, the nearest deadline first."""
    return list(
        db.session.scalars(
            select(EvaluationReview)
            .where(EvaluationReview.status.in_(LIVE), EvaluationReview.jurisdiction_code.in_(codes))
            .order_by(EvaluationReview.due_at, EvaluationReview.id)
            .limit(as_written(limit))
            .options(_SHOWN_WITH)
        )
    )


def decided(codes: Sequence[str]) -> Select[EvaluationReview]:
    """The reviews of an area that are over, the newest first."""
    return (
        select(EvaluationReview)
        .where(EvaluationReview.status.not_in(LIVE), EvaluationReview.jurisdiction_code.in_(codes))
        .order_by(EvaluationReview.decided_at.desc(), EvaluationReview.id.desc())
        .options(_SHOWN_WITH)
    )
