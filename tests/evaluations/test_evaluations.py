"""Two-way evaluation on both engines: window, marks, revision, simultaneous reveal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

from marketplace.accounts.models import User
from marketplace.evaluations import actions, queries
from marketplace.evaluations.models import (
    Evaluation,
    EvaluationVersion,
    EvaluationWindow,
    WindowStatus,
)
from marketplace.evaluations.rules import Direction
from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.ratings import queries as ratings
from marketplace.ratings.actions import replay
from marketplace.ratings.models import Capacity, RatingEntry
from tests.factories import accounts, contracts, evaluations
from tests.factories.contracts import Deal

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)


@pytest.fixture
def deal(app: Flask, advance: Advance) -> Deal:
    """A contract delivered and accepted, its window open."""
    made = contracts.completed(app, advance)
    advance(timedelta(minutes=1))
    return made


def _window(deal: Deal) -> EvaluationWindow:
    window = queries.window_of(deal.contract)
    assert window is not None
    return window


def _entries() -> list[RatingEntry]:
    return list(
        db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == "mark").order_by(RatingEntry.id)
        )
    )


def test_the_window_opens_by_the_clock_for_fifteen_working_days(app: Flask, deal: Deal) -> None:
    with app.app_context():
        window = _window(deal)
        assert window.status is WindowStatus.OPEN
        assert window.opened_at == deal.contract.ended_at
        told = db.session.scalars(
            select(Message.organisation_id).where(Message.subject.startswith("请评价合同"))
        ).all()
        assert sorted(told) == sorted([deal.owner_id, deal.firm_id])
        assert queries.unopened(clock.now()) == []
        waiting = queries.waiting_for(deal.firm_id)
        assert [one.id for one in waiting] == [window.id]


def test_a_running_contract_cannot_be_evaluated(app: Flask, advance: Advance) -> None:
    running = contracts.signed(app, advance)
    with app.app_context(), pytest.raises(Conflict), transaction():
        evaluations.give(running, "firm")


def test_nothing_is_posted_until_both_are_in_and_then_both_at_once(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context():
        with transaction():
            evaluations.give(deal, "editor", 5)
        assert _window(deal).status is WindowStatus.OPEN
        assert queries.revealed_in(_window(deal)) == []
        assert queries.marks_about(deal.firm_id, Direction.OWNER_TO_FIRM, 10) == ([], [])
        assert _entries() == []
        assert queries.waiting_for(deal.owner_id) == []
        with transaction():
            evaluations.give(deal, "firm", 4)
        assert _window(deal).status is WindowStatus.REVEALED
        about_firm, about_owner = _entries()
        assert (about_firm.side, about_firm.hundredths) == ("owner", 10000)
        assert (about_owner.side, about_owner.hundredths) == ("firm", 8000)
        assert about_firm.recorded_by is None
        assert about_firm.contract_id == deal.contract.id
        averages, shown = queries.marks_about(deal.firm_id, Direction.OWNER_TO_FIRM, 10)
        assert [(one.rater, one.item_name, one.marks["quality"]) for one in shown] == [
            (deal.contract.owner.name, deal.contract.need.item_name, 5)
        ]
        assert [(one.part, one.hundredths) for one in averages][:1] == [("quality", 500)]
    advance(2 * DAY)
    with app.app_context():
        today = clock.today()
        firm = ratings.grade_on(deal.firm_id, accounts.CITY, today)
        owner = ratings.grade_on(deal.owner_id, accounts.CITY, today, Capacity.OWNER)
        assert (firm.evaluated, firm.score) == (1, Decimal("80.95"))
        assert (owner.evaluated, owner.score) == (1, Decimal("80.00"))
        assert list(replay()) == []


def test_one_side_alone_is_revealed_when_the_time_is_over(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context(), transaction():
        evaluations.give(deal, "editor", 3)
    with app.app_context():
        left = _window(deal).ends_at - clock.now()
    advance(left - timedelta(seconds=30))
    with app.app_context():
        assert _entries() == []
    advance(timedelta(seconds=30))
    with app.app_context():
        assert _window(deal).status is WindowStatus.REVEALED
        assert [entry.side for entry in _entries()] == ["owner"]
        with pytest.raises(Conflict), transaction():
            evaluations.give(deal, "firm")


def test_silence_of_both_has_no_effect(app: Flask, deal: Deal, advance: Advance) -> None:
    advance(40 * DAY)
    with app.app_context():
        assert _window(deal).status is WindowStatus.LAPSED
        assert _entries() == []
        assert ratings.grade_on(deal.firm_id, accounts.CITY, clock.today()).score is None


def test_one_revision_within_three_working_days(app: Flask, deal: Deal, advance: Advance) -> None:
    with app.app_context():
        with transaction():
            evaluations.give(deal, "editor", 5)
        with transaction():
            evaluations.give(deal, "editor", 2, "成果经两次退回方才合格")
        with pytest.raises(Conflict), transaction():
            evaluations.give(deal, "editor", 5)
        kept = db.session.scalars(select(EvaluationVersion).order_by(EvaluationVersion.number))
        assert [(one.number, one.marks["quality"]) for one in kept] == [(1, 5), (2, 2)]
    with app.app_context(), transaction():
        evaluations.give(deal, "firm", 5)
    with app.app_context():
        assert _entries()[0].hundredths == 4000


def test_the_newest_of_many_versions_is_the_one_that_is_shown(app: Flask, deal: Deal) -> None:
    """However many revisions an edition grants, they do not push each other off the page."""
    with app.app_context():
        with transaction():
            given = evaluations.give(deal, "editor", 1, "成果迟交两周，且未按约定报告")
            first = given.versions[0]
            copied = {"evaluation_id": given.id, "salt": "0" * 64, "commitment": "0" * 64}
            marks = [dict.fromkeys(first.marks, 1)] * 1000 + [dict.fromkeys(first.marks, 5)]
            db.session.execute(
                insert(EvaluationVersion),
                [
                    {**copied, "number": number, "marks": each, "given_at": first.given_at}
                    for number, each in enumerate(marks, 2)
                ],
            )
            db.session.expire(given)
            evaluations.give(deal, "firm", 5)
        averages, shown = queries.marks_about(deal.firm_id, Direction.OWNER_TO_FIRM, 10)
        assert {one.hundredths for one in averages} == {500}
        assert [set(one.marks.values()) for one in shown] == [{5}]


def test_no_revision_after_its_days_or_after_the_reveal(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context(), transaction():
        evaluations.give(deal, "editor", 5)
    with app.app_context():
        until = db.session.scalars(select(Evaluation)).one().revise_until
        left = until - clock.now()
    advance(left)
    with app.app_context():
        with pytest.raises(Conflict), transaction():
            evaluations.give(deal, "editor", 4)
        with transaction():
            evaluations.give(deal, "firm", 4)
        with pytest.raises(Conflict), transaction():
            evaluations.give(deal, "firm", 5)


def test_a_low_mark_needs_a_reason_and_a_stranger_gets_nothing(app: Flask, deal: Deal) -> None:
    with app.app_context():
        for reason in (None, "  ", "慢"):
            with pytest.raises(Invalid) as refusal, transaction():
                evaluations.give(deal, "editor", 2, reason)
            assert refusal.value.field == "reason"
        with transaction():
            stranger = accounts.firm().actor
        marks = dict.fromkeys(Direction.OWNER_TO_FIRM.parts, 5)
        with pytest.raises(Missing), transaction():
            actions.submit_evaluation(deal.contract, marks, None, stranger, clock.now())
        assert db.session.scalars(select(Evaluation)).all() == []


def test_the_commitment_in_the_audit_ledger_matches_the_marks(app: Flask, deal: Deal) -> None:
    with app.app_context():
        with transaction():
            evaluations.give(deal, "editor", 4)
        version = db.session.scalars(select(EvaluationVersion)).one()
        row = db.session.scalars(
            select(AuditRow).where(AuditRow.action == "evaluation.given")
        ).one()
        assert row.facts["commitment"] == version.commitment == version.content_digest()
        assert "marks" not in row.facts
        for statement in (
            "UPDATE evaluation_versions SET marks = '{}'",
            "DELETE FROM evaluation_versions",
        ):
            with pytest.raises(DatabaseError):
                db.session.execute(text(statement))
            db.session.rollback()
        second = Evaluation(
            window_id=_window(deal).id,
            direction=Direction.OWNER_TO_FIRM,
            rater_organisation_id=deal.owner_id,
            about_organisation_id=deal.firm_id,
            given_at=clock.now(),
            revise_until=clock.now(),
        )
        db.session.add(second)
        with pytest.raises(DatabaseError):
            db.session.flush()


def _user(app: Flask, user_id: int) -> User:
    with app.app_context():
        return db.session.get_one(User, user_id)


def _steady(page: str) -> str:
    """A page without what differs from one loading to the next: tokens and the time."""
    page = re.sub(r'name="(csrf_token|idempotency_key)"[^>]*value="[^"]*"', "", page)
    page = re.sub(r'name="(csrf_token|idempotency_key)"|value="[\w.-]{20,}"', "", page)
    return re.sub(r"剩 [^<]*", "", page)


def test_the_page_of_one_side_does_not_tell_whether_the_other_has_marked(
    app: Flask, deal: Deal, sign_in_as: SignIn
) -> None:
    browser = sign_in_as(_user(app, deal.firm_user_id))
    with app.app_context():
        url = f"/contracts/{deal.contract.public_id}/evaluation"
    before = browser.get(url)
    assert before.status_code == 200
    assert "双方均评价后或者截止后同时公开" in before.get_data(as_text=True)
    with app.app_context(), transaction():
        evaluations.give(deal, "editor", 1, "成果存在重大错误")
    after = browser.get(url)
    assert _steady(after.get_data(as_text=True)) == _steady(before.get_data(as_text=True))


def test_both_sides_mark_on_their_pages(app: Flask, deal: Deal, sign_in_as: SignIn) -> None:
    owner = sign_in_as(_user(app, deal.editor_id))
    firm = sign_in_as(_user(app, deal.firm_user_id))
    with app.app_context():
        url = f"/contracts/{deal.contract.public_id}/evaluation"
        name = db.session.get_one(User, deal.editor_id).name
    marks = dict.fromkeys(Direction.OWNER_TO_FIRM.parts, "5")
    refused = owner.post(url, data={**marks, "quality": "", "idempotency_key": "a"})
    assert refused.status_code == 422
    assert "请选择 1 到 5 分" in refused.get_data(as_text=True)
    refused = owner.post(url, data={**marks, "quality": "9", "idempotency_key": "b"})
    assert refused.status_code == 422
    refused = owner.post(url, data={**marks, "quality": "1", "idempotency_key": "c"})
    assert refused.status_code == 422
    assert "请写明事实和理由" in refused.get_data(as_text=True)
    reason = "数据有两处错误，经指出后改正"
    sent = {**marks, "quality": "2", "reason": reason, "idempotency_key": "d"}
    for _twice in range(2):
        assert owner.post(url, data=sent).status_code == 303
    assert "已于" in owner.get(url).get_data(as_text=True)
    assert reason not in firm.get(url).get_data(as_text=True)
    marks = dict.fromkeys(Direction.FIRM_TO_OWNER.parts, "4")
    assert firm.post(url, data={**marks, "idempotency_key": "e"}).status_code == 303
    for browser in (owner, firm):
        page = browser.get(url).get_data(as_text=True)
        assert reason in page
        assert "配合程度" in page
    assert name not in firm.get(url).get_data(as_text=True)
    late = firm.post(url, data={**marks, "idempotency_key": "f"})
    assert late.status_code == 409
    with app.app_context():
        assert len(_entries()) == 2
        assert len(db.session.scalars(select(EvaluationVersion)).all()) == 2


def test_another_party_gets_404(app: Flask, deal: Deal, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        stranger = accounts.firm().user
        url = f"/contracts/{deal.contract.public_id}/evaluation"
    browser = sign_in_as(stranger)
    assert browser.get(url).status_code == 404
    assert browser.post(url, data={"idempotency_key": "x"}).status_code == 404
