"""Call-backs on both engines: what is called back, how the sample is drawn, what follows."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.accounts.permissions import Role
from marketplace.evaluations.callbacks import actions, queries, rules
from marketplace.evaluations.callbacks.models import (
    AttemptOutcome,
    CallbackCause,
    CallbackDraw,
    CallbackStatus,
    EvaluationCallback,
)
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.reviews import actions as reviewing
from marketplace.evaluations.reviews.models import ReviewCause, ReviewStatus
from marketplace.evaluations.rules import EvaluationPolicy
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.supervision.models import ClockKind, RunningClock
from tests.factories import accounts, contracts, evaluations
from tests.factories.contracts import Deal

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
LOW = "成果有两处计算错误，退回后仍未改正"
SAID = ["已接受服务", "本人打分", "与实际一致", "没有"]


@pytest.fixture
def deal(app: Flask, advance: Advance) -> Deal:
    """A contract on which the firm got 2s and the owner 5s."""
    made = contracts.completed(app, advance)
    with app.app_context(), transaction():
        evaluations.give(made, "editor", 2, LOW)
        assert db.session.scalars(select(EvaluationCallback)).all() == []
        evaluations.give(made, "firm", 5)
    return made


def only() -> EvaluationCallback:
    return db.session.scalars(select(EvaluationCallback)).one()


def officer(role: Role = Role.BUREAU_OPERATOR) -> Actor:
    with transaction():
        return accounts.officer(role).actor


def _conclude(outcome: CallbackStatus, actor: Actor, note: str = "") -> EvaluationCallback:
    return actions.conclude(only(), outcome, SAID, note, None, actor, clock.now())


def test_every_low_mark_is_called_back_from_its_reveal_on(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    advance(timedelta(minutes=2))
    with app.app_context():
        found = only()
        assert found.cause is CallbackCause.LOW
        assert found.evaluation.about_organisation_id == deal.firm_id
        assert len(found.questions) == 4
        lamp = db.session.scalars(
            select(RunningClock).where(RunningClock.kind == ClockKind.CALLBACK)
        ).one()
        assert lamp.due_at == found.due_at
        operator = officer()
        with pytest.raises(Invalid) as refusal, transaction():
            actions.conclude(
                only(), CallbackStatus.CONFIRMED, ["", *SAID[1:]], "", None, operator, clock.now()
            )
        assert refusal.value.field == "answer_0"
        with transaction():
            _conclude(CallbackStatus.CONFIRMED, operator)
        assert only().answers == SAID
        with pytest.raises(Conflict), transaction():
            _conclude(CallbackStatus.DENIED, operator, "事后又说不属实，前后矛盾")
    advance(timedelta(minutes=2))
    with app.app_context():
        assert (
            db.session.scalars(
                select(RunningClock).where(
                    RunningClock.kind == ClockKind.CALLBACK, RunningClock.ended_at.is_(None)
                )
            ).all()
            == []
        )


def test_unreached_takes_attempts_on_three_days(app: Flask, deal: Deal, advance: Advance) -> None:
    with app.app_context():
        operator = officer()
    for day in range(3):
        with app.app_context():
            for _twice in range(2):
                with transaction():
                    actions.note_attempt(
                        only(), AttemptOutcome.NO_ANSWER, "", operator, clock.now()
                    )
            if day < 2:
                with pytest.raises(Invalid) as refusal, transaction():
                    _conclude(CallbackStatus.UNREACHED, operator)
                assert refusal.value.rule == "callback.attempts"
        advance(DAY)
    with app.app_context(), transaction():
        assert _conclude(CallbackStatus.UNREACHED, operator).answers is None


def test_untrue_proposes_an_exclusion_that_another_decides(app: Flask, deal: Deal) -> None:
    with app.app_context():
        operator, approver = officer(), officer(Role.BUREAU_APPROVER)
        with pytest.raises(Invalid), transaction():
            _conclude(CallbackStatus.DENIED, operator)
        with transaction():
            _conclude(CallbackStatus.DENIED, operator, "业主称经办人员并未作出该评价")
        review = only().review
        assert review is not None
        assert (review.cause, review.status) == (ReviewCause.CALLBACK, ReviewStatus.PROPOSED)
        assert review.reversal_entry_id is None
        with pytest.raises(Refused), transaction():
            reviewing.exclude(review, "自己回访自己决定", operator, clock.now())
        with transaction():
            reviewing.exclude(review, "经核实评价不是业主作出", approver, clock.now())
        assert only().evaluation.rating_entry_id is not None


def test_the_share_and_the_seed_are_what_the_page_says() -> None:
    policy = EvaluationPolicy()
    assert [rules.sample_size(n, policy) for n in (0, 1, 10, 11, 200)] == [0, 1, 1, 2, 20]
    listed = hashlib.sha256(b"a\nb\n").hexdigest()
    assert rules.population_sha256(["b", "a"]) == listed
    text = f"zjcs-callback/1\n379900\n2026-03\n{listed}\n7\n{'f' * 64}\n"
    said = hashlib.sha256(text.encode()).hexdigest()
    assert rules.seed_of("379900", date(2026, 3, 1), listed, 7, "f" * 64) == said


def _again(seed: str, names: list[str]) -> list[str]:
    """The shuffle as the rules of the draw describe it, written once more."""
    order, index = sorted(names, key=str.encode), 0
    for last in range(len(order) - 1, 0, -1):
        limit = 2**256 - 2**256 % (last + 1)
        while True:
            block = hmac.new(seed.encode(), index.to_bytes(8, "big"), hashlib.sha256).digest()
            index += 1
            if int.from_bytes(block, "big") < limit:
                break
        other = int.from_bytes(block, "big") % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def test_a_sample_of_the_full_marks_is_drawn_when_the_month_is_over(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context():
        month = clock.today().replace(day=1)
        full = [
            each.public_id
            for each in db.session.scalars(select(Evaluation))
            if rules.is_full(each.latest.marks)
        ]
        assert len(full) == 1
        days = (queries.next_month(month) - clock.today()).days
    advance(timedelta(days=days - 1))
    advance(timedelta(minutes=1))
    with app.app_context():
        assert db.session.scalars(select(CallbackDraw)).all() == []
    advance(2 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        drawn = db.session.scalars(select(CallbackDraw)).one()
        assert (drawn.month, drawn.population) == (month, full)
        assert drawn.drawn == _again(drawn.seed, drawn.population)[:1]
        sampled = db.session.scalars(
            select(EvaluationCallback).where(EvaluationCallback.cause == CallbackCause.SAMPLED)
        ).one()
        assert sampled.evaluation.about_organisation_id == deal.owner_id
        assert sampled.month == month
        key = drawn.public_id
    advance(3 * DAY)
    advance(timedelta(minutes=1))
    with app.app_context():
        assert len(db.session.scalars(select(CallbackDraw)).all()) == 1
    visitor = app.test_client()
    page = visitor.get("/data/callbacks").text
    assert "满分评价抽中" in page
    record = json.loads(visitor.get(f"/data/callbacks/{key}.json").data)
    text = "".join(
        f"{line}\n"
        for line in (
            record["format"],
            record["jurisdiction"],
            record["month"],
            record["population_sha256"],
            record["head_seq"],
            record["head"],
        )
    )
    assert record["seed"] == hashlib.sha256(text.encode()).hexdigest()


def test_the_desk_masks_whom_to_call_and_opens_it_on_a_reason(
    app: Flask, deal: Deal, sign_in_as: SignIn
) -> None:
    with app.app_context():
        key = only().public_id
        contact = queries.contact_of(only())
        with transaction():
            users: list[User] = [
                accounts.officer(role).user for role in (Role.BUREAU_OPERATOR, Role.AUDITOR)
            ]
    desk, auditor = (sign_in_as(user) for user in users)
    page = f"/supervision/callbacks/{key}"
    assert key in desk.get("/supervision/callbacks").text
    told = desk.get(page).text
    assert LOW in told
    assert contact.name not in told
    assert contact.name not in auditor.get(page).text
    reveal = f"/personal/callback/{key}/contact"
    assert reveal in told
    assert reveal not in auditor.get(page).text
    answer = desk.post(reveal, data={"reason": "电话回访核实评价", "idempotency_key": "a"})
    assert answer.status_code == 303
    assert contact.name in desk.get(page).text
    assert auditor.post(f"{page}/result", data={"idempotency_key": "b"}).status_code == 403
    sent = {f"answer_{number}": said for number, said in enumerate(SAID)}
    refused = desk.post(
        f"{page}/result", data={**sent, "outcome": "denied", "idempotency_key": "c"}
    )
    assert refused.status_code == 422
    done = desk.post(
        f"{page}/result",
        data={
            **sent,
            "outcome": "denied",
            "note": "业主称经办人员并未作出该评价",
            "idempotency_key": "d",
        },
    )
    assert done.status_code == 303
    told = desk.get(page).text
    assert "剔除建议及其决定" in told
    assert reveal not in told
