"""After the reveal, on both engines: the one reply, a dispute, exclusion by another officer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.evaluations import queries
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.reviews import actions
from marketplace.evaluations.reviews.models import EvaluationReview, ReviewCause, ReviewStatus
from marketplace.evaluations.rules import Direction
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.transactions import transaction
from marketplace.ratings import queries as ratings
from marketplace.ratings.actions import replay
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.supervision.models import ClockKind, RunningClock
from tests.factories import accounts, contracts, evaluations
from tests.factories.contracts import Deal

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
LOW = "成果有两处计算错误，退回后仍未改正"


@pytest.fixture
def deal(app: Flask, advance: Advance) -> Deal:
    """A contract on which both sides have marked: the firm got 1s, the owner 5s."""
    made = contracts.completed(app, advance)
    with app.app_context(), transaction():
        evaluations.give(made, "editor", 1, LOW)
        evaluations.give(made, "firm", 5)
    return made


def about_firm(deal: Deal) -> Evaluation:
    return db.session.scalars(
        select(Evaluation).where(Evaluation.about_organisation_id == deal.firm_id)
    ).one()


def _review() -> EvaluationReview:
    return db.session.scalars(select(EvaluationReview)).one()


def _dispute(deal: Deal, who: str = "firm") -> EvaluationReview:
    grounds = "评分与验收意见不一致，验收时未提出任何问题"
    return actions.dispute(about_firm(deal), grounds, deal.actor(who), clock.now())


def test_a_side_replies_once_and_nothing_changes_it(app: Flask, deal: Deal) -> None:
    with app.app_context():
        with transaction():
            actions.reply(about_firm(deal), "两处错误已于次日改正", deal.actor("firm"), clock.now())
        with pytest.raises(Conflict), transaction():
            actions.reply(about_firm(deal), "再说一次同样的话", deal.actor("firm"), clock.now())
        with pytest.raises(Missing), transaction():
            actions.reply(about_firm(deal), "业主不能回应自己的", deal.actor("editor"), clock.now())
        _averages, shown = queries.marks_about(deal.firm_id, Direction.OWNER_TO_FIRM, 10)
        assert [one.reply for one in shown] == ["两处错误已于次日改正"]
        with pytest.raises(DatabaseError):
            db.session.execute(text("UPDATE evaluation_replies SET text = '改'"))


def test_only_what_is_revealed_is_replied_to(app: Flask, advance: Advance) -> None:
    running = contracts.completed(app, advance)
    with app.app_context():
        with transaction():
            evaluations.give(running, "editor", 1, LOW)
        for does in (actions.reply, actions.dispute):
            with pytest.raises(Missing), transaction():
                does(about_firm(running), "成果已经改正", running.actor("firm"), clock.now())


def test_a_dispute_has_five_working_days_and_is_filed_once(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context():
        until = actions.queries.dispute_until(about_firm(deal))
        left = until - clock.now()
        assert clock.local_day(until) - clock.local_day(clock.now()) == 7 * DAY
    advance(left - timedelta(seconds=30))
    with app.app_context():
        with transaction():
            made = _dispute(deal)
            assert made.due_at - made.opened_at > 5 * DAY
        with pytest.raises(Conflict), transaction():
            _dispute(deal)
        with pytest.raises(Missing), transaction():
            _dispute(deal, "editor")
    advance(timedelta(minutes=2))
    with app.app_context():
        kept = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.REVIEW)
        ).one()
        assert kept.due_at == _review().due_at


def test_a_dispute_that_comes_too_late_is_refused(app: Flask, deal: Deal, advance: Advance) -> None:
    with app.app_context():
        left = actions.queries.dispute_until(about_firm(deal)) - clock.now()
    advance(left)
    with app.app_context():
        with pytest.raises(Conflict) as refusal, transaction():
            _dispute(deal)
        assert refusal.value.rule == "evaluation.dispute_period"


def test_the_days_to_dispute_begin_anew_when_a_review_of_the_offices_own_keeps_the_mark(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    advance(2 * DAY)
    with app.app_context():
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            actions.open_review(
                about_firm(deal), ReviewCause.CALLBACK, "回访不属实", operator, clock.now()
            )
        before = actions.queries.dispute_until(about_firm(deal))
    advance(before - _now(app) + DAY)
    with app.app_context():
        with pytest.raises(Conflict) as refusal, transaction():
            _dispute(deal)
        assert refusal.value.rule == "evaluation.review"
        with transaction():
            actions.keep(_review(), "回访人记录有误，评价属实", operator, clock.now())
        until = actions.queries.dispute_until(about_firm(deal))
        assert clock.local_day(until) - clock.local_day(clock.now()) >= 7 * DAY
        with transaction():
            assert _dispute(deal).cause is ReviewCause.DISPUTE


def _now(app: Flask) -> datetime:
    with app.app_context():
        return clock.now()


def test_exclusion_takes_two_officers_and_is_reversed_by_an_entry(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    advance(2 * DAY)
    with app.app_context():
        before = ratings.grade_on(deal.firm_id, accounts.CITY, clock.today())
        assert before.score is not None
        assert before.score < 80
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            approver = accounts.officer(Role.BUREAU_APPROVER).actor
            _dispute(deal)
        with pytest.raises(Invalid), transaction():
            actions.propose_exclusion(_review(), " 短 ", operator, clock.now())
        with pytest.raises(Conflict), transaction():
            actions.exclude(_review(), "没有建议就决定", approver, clock.now())
        with transaction():
            actions.propose_exclusion(
                _review(), "评价人承认因付款纠纷报复打分", operator, clock.now()
            )
        with pytest.raises(Refused), transaction():
            actions.exclude(_review(), "自己建议自己决定", operator, clock.now())
        with transaction():
            actions.exclude(_review(), "评价与事实不符，予以剔除", approver, clock.now())
        review = _review()
        entry = db.session.get_one(RatingEntry, review.reversal_entry_id)
        assert entry.kind is EntryKind.REVERSAL
        assert entry.reverses_id == about_firm(deal).rating_entry_id
        assert (entry.evidence_type, entry.evidence_id) == ("evaluation_reviews", review.id)
        averages, shown = queries.marks_about(deal.firm_id, Direction.OWNER_TO_FIRM, 10)
        assert averages == []
        assert [(one.marks["quality"], one.excluded) for one in shown] == [
            (1, "评价与事实不符，予以剔除")
        ]
    advance(2 * DAY)
    with app.app_context():
        after = ratings.grade_on(deal.firm_id, accounts.CITY, clock.today())
        assert after.score == Decimal("80.00")
        assert (
            ratings.grade_on(deal.firm_id, accounts.CITY, clock.today() - 2 * DAY).score
            == before.score
        )
        assert list(replay()) == []


def test_a_dispute_can_end_with_the_evaluation_kept(app: Flask, deal: Deal) -> None:
    with app.app_context():
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR).actor
            _dispute(deal)
        with transaction():
            actions.keep(_review(), "验收记录证实成果确有错误", operator, clock.now())
        assert _review().status is ReviewStatus.KEPT
        assert about_firm(deal).rating_entry_id is not None
        assert not db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == EntryKind.REVERSAL)
        ).all()
        with pytest.raises(Conflict), transaction():
            actions.keep(_review(), "再次维持同一项评价", operator, clock.now())


def test_a_proposal_is_refused_by_who_decides_never_on_the_page_of_who_looks_into(
    app: Flask, deal: Deal, sign_in_as: SignIn
) -> None:
    with app.app_context():
        with transaction():
            operator, second = (accounts.officer(Role.BUREAU_OPERATOR) for _number in range(2))
            approver = accounts.officer(Role.BUREAU_APPROVER).actor
            proposer, looker = operator.actor, second.user
            _dispute(deal)
        with pytest.raises(Conflict), transaction():
            actions.refuse_exclusion(_review(), "没有建议就不予剔除", approver, clock.now())
        with transaction():
            actions.propose_exclusion(_review(), "评分没有事实依据", proposer, clock.now())
        with pytest.raises(Refused), transaction():
            actions.refuse_exclusion(_review(), "自己建议自己不予剔除", proposer, clock.now())
        page = f"/supervision/evaluations/{_review().public_id}/finding"
    sent = {"outcome": "keep", "finding": "另一位经办人员认为评价成立", "idempotency_key": "a"}
    assert sign_in_as(looker).post(page, data=sent).status_code == 409
    with app.app_context():
        assert _review().status is ReviewStatus.PROPOSED
        with transaction():
            actions.refuse_exclusion(_review(), "验收记录证实确有错误", approver, clock.now())
        assert _review().status is ReviewStatus.KEPT


def _person(app: Flask, user_id: int) -> User:
    with app.app_context():
        return db.session.get_one(User, user_id)


def test_the_journey_of_a_dispute_on_the_pages(app: Flask, deal: Deal, sign_in_as: SignIn) -> None:
    firm = sign_in_as(_person(app, deal.firm_user_id))
    owner = sign_in_as(_person(app, deal.editor_id))
    with app.app_context():
        key = about_firm(deal).public_id
        page = f"/contracts/{deal.contract.public_id}/evaluation"
        public = f"/firms/{about_firm(deal).about.public_id}"
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR)
            approver = accounts.officer(Role.BUREAU_APPROVER)
            operator_user, approver_user = operator.user, approver.user
    link = f"/evaluations/{key}/dispute"
    assert link in firm.get(page).text
    assert link not in owner.get(page).text
    assert owner.get(f"/evaluations/{key}/dispute").status_code == 404
    reply = {"text": "错误已于次日改正并重新提交", "idempotency_key": "a"}
    assert firm.post(f"/evaluations/{key}/reply", data=reply).status_code == 303
    assert "错误已于次日改正并重新提交" in owner.get(page).text
    short = firm.post(f"/evaluations/{key}/dispute", data={"grounds": "不", "idempotency_key": "b"})
    assert short.status_code == 422
    sent = {"grounds": "验收意见写明成果合格，评分与之矛盾", "idempotency_key": "c"}
    assert firm.post(f"/evaluations/{key}/dispute", data=sent).status_code == 303
    desk, chief = sign_in_as(operator_user), sign_in_as(approver_user)
    assert firm.get("/supervision/evaluations").status_code == 403
    assert "被评价方提出异议" in desk.get("/supervision/evaluations").text
    with app.app_context():
        review = f"/supervision/evaluations/{_review().public_id}"
    told = desk.get(review).text
    assert "验收意见写明成果合格" in told
    finding = {"outcome": "exclude", "finding": "经核对验收记录，评分没有事实依据"}
    answer = desk.post(f"{review}/finding", data={**finding, "idempotency_key": "d"})
    assert answer.status_code == 303
    decision = {"outcome": "exclude", "reason": "评分没有事实依据", "idempotency_key": "e"}
    assert desk.post(f"{review}/decision", data=decision).status_code == 403
    assert chief.post(f"{review}/decision", data=decision).status_code == 303
    assert "该评价经核查决定剔除" in owner.get(page).text
    shown = app.test_client().get(public)
    if shown.status_code == 200:
        assert "已剔除，不计入得分" in shown.text
        assert "<del>" in shown.text
