"""Assessors' marks after their reveal, on both engines: disputed, excluded, called back, screened; and
what waits for an assessor whose appointment ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import User, WebSession
from marketplace.accounts.permissions import Role
from marketplace.evaluations import queries
from marketplace.evaluations.assessors import actions as assessors
from marketplace.evaluations.assessors.models import AssessorAppointment
from marketplace.evaluations.callbacks.models import CallbackCause, EvaluationCallback
from marketplace.evaluations.models import Evaluation, EvaluationWindow, WindowStatus
from marketplace.evaluations.reviews.models import EvaluationReview
from marketplace.evaluations.rules import Direction
from marketplace.evaluations.screens import actions as screening
from marketplace.evaluations.screens.models import EvaluationFlag
from marketplace.evaluations.screens.rules import Screen
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.supervision import invariants
from marketplace.supervision.models import ClockKind, RunningClock
from tests.factories import accounts, contracts, evaluations
from tests.factories.contracts import Deal
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
LOW = "抽查底稿，部分数据缺少来源"


@pytest.fixture
def house(app: Flask) -> Somebody:
    """An assessor appointed by two officers in the city, whose edition gives it a part."""
    with app.app_context(), transaction():
        evaluations.give_assessors_a_part()
        return Somebody.of(evaluations.appointed())


@pytest.fixture
def deal(app: Flask, house: Somebody, advance: Advance) -> Deal:
    """A contract that has ended since."""
    made = contracts.completed(app, advance)
    advance(timedelta(minutes=2))
    return made


def _both(app: Flask, deal: Deal) -> None:
    with app.app_context(), transaction():
        evaluations.give(deal, "editor", 5)
    with app.app_context(), transaction():
        evaluations.give(deal, "firm", 5)


def _assess(deal: Deal, who: Somebody, mark: int, reason: str | None = None) -> Evaluation:
    parts = ("quality", "timeliness", "conduct")
    return assessors.submit_assessment(
        deal.contract, dict.fromkeys(parts, mark), reason, who.actor, clock.now()
    )


def _assessment() -> Evaluation:
    return db.session.scalars(
        select(Evaluation).where(Evaluation.direction == Direction.ASSESSOR_TO_FIRM)
    ).one()


def _window() -> EvaluationWindow:
    return db.session.scalars(select(EvaluationWindow)).one()


def test_the_firm_disputes_an_assessors_mark_and_two_officers_exclude_it(
    app: Flask, deal: Deal, house: Somebody, advance: Advance, sign_in_as: SignIn
) -> None:
    _both(app, deal)
    with app.app_context(), transaction():
        _assess(deal, house, 1, LOW)
    with app.app_context():
        key, public = _assessment().public_id, deal.contract.public_id
        firm = db.session.get_one(User, deal.firm_user_id)
        listed = f"/firms/{deal.party().organisation.public_id}"
        with transaction():
            operator = accounts.officer(Role.BUREAU_OPERATOR).user
            approver = accounts.officer(Role.BUREAU_APPROVER).user
    page = f"/contracts/{public}/evaluation"
    browser = sign_in_as(firm)
    told = browser.get(page).text
    assert LOW in told
    assert f"/evaluations/{key}/reply" in told
    said = {"text": "底稿已补充来源，并已送业主确认", "idempotency_key": "r"}
    assert browser.post(f"/evaluations/{key}/reply", data=said).status_code == 303
    grounds = {"grounds": "抽查的底稿不是本合同的底稿", "idempotency_key": "d"}
    assert browser.post(f"/evaluations/{key}/dispute", data=grounds).status_code == 303
    advance(timedelta(minutes=2))
    with app.app_context():
        review = db.session.scalars(select(EvaluationReview)).one()
        lamp = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.REVIEW)
        ).one()
        assert lamp.due_at == review.due_at
        desk = f"/supervision/evaluations/{review.public_id}"
    found = {"outcome": "exclude", "finding": "抽查的底稿属于另一合同", "idempotency_key": "f"}
    assert sign_in_as(operator).post(f"{desk}/finding", data=found).status_code == 303
    decided = {"outcome": "exclude", "reason": "评价依据不是本合同成果", "idempotency_key": "e"}
    assert sign_in_as(operator).post(f"{desk}/decision", data=decided).status_code == 403
    assert sign_in_as(approver).post(f"{desk}/decision", data=decided).status_code == 303
    with app.app_context():
        mark = db.session.get_one(RatingEntry, _assessment().rating_entry_id)
        undone = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == EntryKind.REVERSAL)
        ).one()
        assert undone.reverses_id == mark.id
        assert mark.rater_organisation_id == house.actor.organisation_id
        assert [str(each) for each in invariants.broken()] == []
        assessor = db.session.get_one(User, house.user_id)
    shown = app.test_client().get(listed).text
    assert "已剔除，不计入得分：评价依据不是本合同成果" in shown
    assert "机构回应：底稿已补充来源，并已送业主确认" in shown
    own = sign_in_as(assessor).get(f"/contracts/{public}/assessment").text
    assert "评价依据不是本合同成果" in own
    assert "底稿已补充来源" in own


def test_a_low_mark_of_an_assessor_is_called_back_with_questions_for_it(
    app: Flask, deal: Deal, house: Somebody
) -> None:
    with app.app_context(), transaction():
        _assess(deal, house, 2, LOW)
    _both(app, deal)
    with app.app_context():
        found = db.session.scalars(select(EvaluationCallback)).one()
        assert found.cause is CallbackCause.LOW
        assert found.evaluation_id == _assessment().id
        rules = queries.edition_for(deal.contract, clock.now()).values
        assert found.questions == list(rules.callback_assessor_questions)
        assert found.questions != list(rules.callback_questions)


def test_full_marks_from_the_firms_own_device_are_flagged(
    app: Flask, deal: Deal, house: Somebody, advance: Advance
) -> None:
    with app.app_context(), transaction():
        _assess(deal, house, 5)
    _both(app, deal)
    with app.app_context(), transaction():
        for number, (user, place) in enumerate(
            ((deal.firm_user_id, deal.firm_id), (house.user_id, house.organisation_id))
        ):
            db.session.add(
                WebSession(
                    token_digest=f"{number}" * 64,
                    user_id=user,
                    organisation_id=place,
                    address="203.0.113.9",
                    agent="one browser",
                    created_at=clock.now(),
                    last_seen_at=clock.now(),
                    expires_at=clock.now() + DAY,
                )
            )
    advance(DAY)
    with app.app_context(), transaction():
        screening.screen(accounts.CITY, CLOCK, clock.now())
        flags = db.session.scalars(
            select(EvaluationFlag).where(EvaluationFlag.screen == Screen.SAME_DEVICE)
        ).all()
        assert [(flag.organisation_id, flag.others) for flag in flags] == [
            (deal.firm_id, [house.organisation_id])
        ]
        assert flags[0].evidence == [_assessment().rating_entry_id]


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_what_waited_for_an_assessor_is_revealed_when_its_appointment_ends(
    app: Flask, deal: Deal, house: Somebody, advance: Advance, how: str
) -> None:
    if how == "expired":
        # a second one, whose term ends tonight, while the first stands aside
        with app.app_context(), transaction():
            evaluations.appointed(days=0, name="今日到期评估有限公司")
        with app.app_context(), transaction():
            assessors.stand_aside(deal.contract, "曾为该项目提供咨询", house.actor, clock.now())
    _both(app, deal)
    with app.app_context():
        assert _window().status is WindowStatus.OPEN
        ends_at = _window().ends_at
        with transaction():
            approver = Somebody.of(accounts.officer(Role.BUREAU_APPROVER))
    if how == "withdrawn":
        with app.app_context(), transaction():
            found = db.session.scalars(select(AssessorAppointment)).one()
            assessors.withdraw_appointment(
                found, "聘任材料不实，撤销聘任", approver.actor, clock.now()
            )
    else:
        advance(DAY)
    with app.app_context():
        window = _window()
        assert window.status is WindowStatus.REVEALED
        assert window.revealed_at is not None
        assert window.revealed_at < ends_at
        assert {each.rating_entry_id is not None for each in queries.revealed_in(window)} == {True}


def test_the_pages_say_for_whom_the_reveal_waits(
    app: Flask, deal: Deal, house: Somebody, sign_in_as: SignIn
) -> None:
    with app.app_context():
        public = deal.contract.public_id
        firm = db.session.get_one(User, deal.firm_user_id)
    page = sign_in_as(firm).get(f"/contracts/{public}/evaluation").text
    assert "双方和聘任的评价人（社会监督员、第三方评估机构）均评价后，或者截止后同时公开" in page
    with app.app_context():
        told = db.session.scalars(select(Message.body).where(Message.link.endswith("/evaluation")))
        assert all("双方和聘任的评价人均评价后，或者截止后同时公开" in body for body in told.all())
