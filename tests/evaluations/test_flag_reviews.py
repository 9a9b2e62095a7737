"""From a flag of the screens to reviews of its marks: who opens, who decides, what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.evaluations.reviews import actions as reviewing
from marketplace.evaluations.reviews.models import EvaluationReview, ReviewCause, ReviewStatus
from marketplace.evaluations.screens import actions, queries
from marketplace.evaluations.screens.models import EvaluationFlag, FlagStatus
from marketplace.evaluations.screens.rules import Screen
from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.supervision.models import ClockKind, RunningClock
from tests.factories import accounts, contracts, evaluations
from tests.factories.contracts import Deal

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
FOUND = "双方联系电话相同，评价由同一人登录提交"


@pytest.fixture
def deal(app: Flask, advance: Advance) -> Deal:
    """Full marks by an owner that has the firm's telephone, flagged by the night's run."""
    made = contracts.completed(app, advance)
    with app.app_context(), transaction():
        for key in (made.owner_id, made.firm_id):
            db.session.get_one(Organisation, key).phone = "0531-86001234"
        evaluations.give(made, "editor", 5)
        evaluations.give(made, "firm", 5)
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    return made


def flag() -> EvaluationFlag:
    return db.session.scalars(
        select(EvaluationFlag).where(EvaluationFlag.screen == Screen.SAME_DEVICE)
    ).one()


def test_marks_of_a_founded_flag_are_excluded_by_two_officers(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context():
        with transaction():
            operator, second, approver = (
                accounts.officer(role).actor
                for role in (Role.BUREAU_OPERATOR, Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER)
            )
        (mark,) = queries.reviewable(flag())
        with pytest.raises(Invalid) as refusal, transaction():
            actions.decide(flag(), False, FOUND, operator, clock.now(), [mark.public_id])
        assert refusal.value.field == "marks"
        with pytest.raises(Invalid), transaction():
            actions.decide(flag(), True, FOUND, operator, clock.now(), ["nobody-knows"])
        assert flag().status is FlagStatus.RAISED
        with pytest.raises(Conflict), transaction():
            actions.review_marks(flag(), [mark.public_id], FOUND, operator, clock.now())
        with transaction():
            actions.decide(flag(), True, FOUND, operator, clock.now(), [mark.public_id])
        review = db.session.scalars(select(EvaluationReview)).one()
        assert (review.cause, review.status) == (ReviewCause.SCREEN, ReviewStatus.OPEN)
        assert review.flag_id == flag().id
        assert review.grounds == FOUND
        assert review.due_at - review.opened_at > 5 * DAY
        facts = db.session.scalars(
            select(AuditRow.facts).where(AuditRow.action == "screen.reviewed")
        ).one()
        assert facts == {
            "screen": "same_device",
            "flagged": 1,
            "firms": 1,
            "reviews": [review.id],
        }
        with pytest.raises(Invalid), transaction():
            actions.review_marks(flag(), [mark.public_id], FOUND, operator, clock.now())
    advance(timedelta(minutes=2))
    with app.app_context():
        review = db.session.scalars(select(EvaluationReview)).one()
        lamp = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.REVIEW)
        ).one()
        assert lamp.due_at == review.due_at
        with transaction():
            reviewing.propose_exclusion(review, FOUND, second, clock.now())
        with pytest.raises(Refused), transaction():
            reviewing.exclude(review, "自己建议自己决定", second, clock.now())
        with transaction():
            reviewing.exclude(review, "评价不是业主作出", approver, clock.now())
        kinds = list(db.session.scalars(select(RatingEntry.kind).order_by(RatingEntry.id)))
        assert kinds[-1] is EntryKind.REVERSAL
        assert queries.reviewable(flag()) == []


def test_no_review_names_a_flag_without_its_cause(app: Flask, deal: Deal) -> None:
    with app.app_context():
        with transaction():
            (given,) = queries.reviewable(flag())
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            reviewing.open_review(given, ReviewCause.CALLBACK, FOUND, operator, clock.now())
        sql, key = text("UPDATE evaluation_reviews SET flag_id = :flag"), {"flag": flag().id}
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(sql, key)


def test_pages_lead_from_the_flag_to_the_review_and_back(
    app: Flask, deal: Deal, sign_in_as: SignIn
) -> None:
    with app.app_context():
        page = f"/supervision/flags/{flag().public_id}"
        (mark,) = queries.reviewable(flag())
        chosen = mark.public_id
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR).user
            auditor = accounts.officer(Role.AUDITOR).user
    desk = sign_in_as(operator)
    assert chosen in desk.get(page).text
    sent = {"outcome": "clear", "reason": FOUND, "marks": chosen, "idempotency_key": "a"}
    wrong = desk.post(f"{page}/decision", data=sent)
    assert wrong.status_code == 422
    assert "予以排除的，不能同时核查评价" in wrong.text
    sent |= {"outcome": "pursue", "marks": [], "idempotency_key": "b"}
    assert desk.post(f"{page}/decision", data=sent).status_code == 303
    assert "核查其他评价" in desk.get(page).text
    assert "核查其他评价" not in sign_in_as(auditor).get(page).text
    more = {"grounds": FOUND, "idempotency_key": "c"}
    assert desk.post(f"{page}/reviews", data=more).status_code == 422
    more |= {"marks": chosen, "idempotency_key": "d"}
    assert sign_in_as(auditor).post(f"{page}/reviews", data=more).status_code == 403
    assert desk.post(f"{page}/reviews", data=more).status_code == 303
    with app.app_context():
        review = db.session.scalars(select(EvaluationReview)).one().public_id
    there = f"/supervision/evaluations/{review}"
    told = desk.get(page).text
    assert there in told
    assert "核查其他评价" not in told
    back = desk.get(there).text
    assert page in back
    assert "名录上有评价的 1 家机构中，1 家有同样情形（100.0%）" in back
