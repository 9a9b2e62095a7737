"""Firm and department mark each other, on both engines: blind, revealed at once, summed by year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import queries as people
from marketplace.accounts.models import Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.evaluations import queries as evaluations
from marketplace.evaluations.departments import actions, queries
from marketplace.evaluations.departments.models import DepartmentWindow, PairStatus
from marketplace.evaluations.models import Evaluation
from marketplace.evaluations.reviews import actions as reviewing
from marketplace.evaluations.rules import Direction
from marketplace.evaluations.served import matters
from marketplace.evaluations.served.models import MatterKind
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.foundation.transactions import transaction
from marketplace.ratings.models import RatingEntry
from marketplace.ratings.rules.entries import RaterSide
from marketplace.supervision import invariants
from tests.factories import accounts, contracts
from tests.factories import evaluations as giving
from tests.factories.contracts import Deal
from tests.factories.evaluations import publish_least

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
DAY = timedelta(days=1)
LOW = "成果多处不符合技术规范，经指出后仍未改正"
SECRET = "窗口两次一次性告知不全，往返三次"
HELD = {"I20a", "I20b", "I20c", "I20d", "I21a", "I21b", "I21d"}


@pytest.fixture
def deal(app: Flask, advance: Advance) -> Deal:
    """A contract delivered and accepted, and an officer of the department of its item."""
    made = contracts.completed(app, advance)
    advance(timedelta(minutes=1))
    with app.app_context(), transaction():
        office = queries.department_of(made.contract)
        assert office is not None
        accounts.user(office, Role.DEPARTMENT_OFFICER)
    return made


def _officer(deal: Deal) -> tuple[User, Organisation]:
    office = queries.department_of(deal.contract)
    assert office is not None
    user = next(
        each
        for each in db.session.scalars(select(User).order_by(User.id.desc()))
        if (home := people.home_of(each)) is not None and home.id == office.id
    )
    return user, office


def _another(app: Flask, advance: Advance) -> Deal:
    """A further contract that has ended, of another firm."""
    with app.app_context():
        today, days = clock.today(), working_calendar()
        # a pick needs two weeks of five working days, from a Monday on
        wait = next(
            number
            for number in range(60)
            if all(
                days.is_working_day(today + timedelta(days=number + each)) == (each % 7 < 5)
                for each in range(14)
            )
        )
    advance(timedelta(days=wait))
    return contracts.completed(app, advance)


def _actor(deal: Deal, who: str) -> Actor:
    return people.actor_for(*_officer(deal)) if who == "department" else deal.actor(who)


def _give(deal: Deal, who: str, mark: int = 5, reason: str | None = None) -> Evaluation:
    actor = _actor(deal, who)
    direction = queries.direction_of(deal.contract, actor.organisation_id)
    assert direction is not None
    marks = dict.fromkeys(direction.parts, mark)
    return actions.submit_evaluation(deal.contract, marks, reason, actor, clock.now())


def _sound() -> None:
    assert list(map(str, invariants.broken(HELD))) == []


def test_marks_are_committed_and_revealed_when_both_have_marked(app: Flask, deal: Deal) -> None:
    with app.app_context():
        with transaction():
            first = _give(deal, "department", 1, LOW)
            assert first.rating_entry_id is None
        committed = db.session.scalars(
            select(AuditRow).where(
                AuditRow.action == "evaluation.given", AuditRow.subject_id == str(first.id)
            )
        ).one()
        assert committed.facts["commitment"] == first.latest.commitment
        _sound()
        assert evaluations.marks_about(deal.firm_id, Direction.DEPARTMENT_TO_FIRM, 9) == ([], [])
        # the parties' own window has seen nothing of it
        window = evaluations.window_of(deal.contract)
        assert window is not None
        assert evaluations.evaluations_in(window) == []
        assert [each.id for each in evaluations.waiting_for(deal.firm_id)] == [window.id]
        with transaction():
            second = _give(deal, "firm", 2, SECRET)
        entry = db.session.scalars(
            select(RatingEntry).where(RatingEntry.side == RaterSide.DEPARTMENT)
        ).one()
        assert (entry.evidence_id, entry.hundredths) == (first.id, 2000)
        assert entry.subject.organisation_id == deal.firm_id
        assert second.rating_entry_id is None
        shown = evaluations.marks_about(deal.firm_id, Direction.DEPARTMENT_TO_FIRM, 9)[1]
        assert [(each.marks["result"], each.reason) for each in shown] == [(1, LOW)]
        assert not evaluations.revealed_in(window)
        with pytest.raises(Conflict), transaction():
            _give(deal, "department", 5)
        with transaction():
            giving.give(deal, "editor", 5)
            giving.give(deal, "firm", 5)
        _sound()


def test_one_side_alone_counts_at_the_end_and_a_pair_nobody_marks_has_no_effect(
    app: Flask, deal: Deal, advance: Advance
) -> None:
    with app.app_context():
        with pytest.raises(Invalid), transaction():
            _give(deal, "department", 2)
        with pytest.raises(Missing), transaction():
            actions.submit_evaluation(deal.contract, {}, None, deal.actor("editor"), clock.now())
        assert queries.pair_of(deal.contract) is None
        with transaction():
            _give(deal, "department", 4)
            _give(deal, "department", 5)
        with pytest.raises(Conflict), transaction():
            _give(deal, "department", 3)
        assert [
            each.contract_id for each in queries.waiting_for(_officer(deal)[1].id, clock.now())
        ] == []
    advance(30 * DAY)
    with app.app_context():
        pair = db.session.scalars(select(DepartmentWindow)).one()
        assert pair.status is PairStatus.REVEALED
        assert pair.revealed_at is not None
        assert pair.revealed_at >= pair.ends_at
        entry = db.session.scalars(
            select(RatingEntry).where(RatingEntry.side == RaterSide.DEPARTMENT)
        ).one()
        assert entry.hundredths == 10000
        with pytest.raises(Conflict), transaction():
            _give(deal, "firm", 5)
        _sound()


def test_the_firm_disputes_a_departments_mark_and_the_department_never_reads_the_firms(
    app: Flask, deal: Deal, sign_in_as: SignIn
) -> None:
    with app.app_context():
        with transaction():
            given = _give(deal, "department", 1, LOW)
        for does in (reviewing.reply, reviewing.dispute):
            with pytest.raises(Missing), transaction():
                does(given, "该成果经评审一次通过", deal.actor("firm"), clock.now())
        page = f"/contracts/{deal.contract.public_id}/department-evaluation"
        firm = sign_in_as(
            db.session.get_one(User, deal.firm_user_id),
            db.session.get_one(Organisation, deal.firm_id),
        )
        officer = sign_in_as(*_officer(deal))
        owner = sign_in_as(
            db.session.get_one(User, deal.editor_id),
            db.session.get_one(Organisation, deal.owner_id),
        )
    assert LOW not in firm.get(page).text
    assert owner.get(page).status_code == 404
    with app.app_context(), transaction():
        about = _give(deal, "firm", 1, SECRET)
        with pytest.raises(Missing):
            reviewing.reply(about, "部门不能回应", _actor(deal, "department"), clock.now())
        address = f"/evaluations/{about.public_id}/reply"
    assert LOW in firm.get(page).text
    assert SECRET in firm.get(page).text
    told = officer.get(page)
    assert told.status_code == 200
    assert SECRET not in told.text
    assert officer.get(address).status_code == 404
    listed = officer.get("/department/evaluations")
    assert listed.status_code == 200
    assert SECRET not in listed.text
    with app.app_context(), transaction():
        given = db.session.scalars(
            select(Evaluation).where(Evaluation.direction == Direction.DEPARTMENT_TO_FIRM)
        ).one()
        review = reviewing.dispute(given, "该成果经评审一次通过", deal.actor("firm"), clock.now())
        checker = accounts.officer(Role.BUREAU_OPERATOR)
        decider = accounts.officer(Role.BUREAU_APPROVER)
        reviewing.propose_exclusion(review, "评审记录与评价不符", checker.actor, clock.now())
        reviewing.exclude(review, "经核查与事实不符", decider.actor, clock.now())
    with app.app_context():
        assert "经核查与事实不符" in firm.get(page).text
        # whoever disputed may say how the bureau handled it
        decided = matters.to_rate(deal.firm_id, clock.now())
        assert MatterKind.REVIEW in {each.kind for each in decided}
        _sound()


def test_a_department_is_judged_by_the_year_and_only_by_enough_firms(
    app: Flask, deal: Deal, advance: Advance, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        _give(deal, "firm", 3)
        _give(deal, "department", 5)
        office, today = _officer(deal)[1], clock.today()
        # the year has not ended
        assert all(not each.means for each in queries.years_of([office], today)[office.id])
        later = today.replace(year=today.year + 1)
        few = queries.years_of([office], later)[office.id][0]
        assert (few.marks, few.firms, few.means, few.total) == (None, None, None, None)
        # of one firm or two an edition cannot have it told: each would know the other's marks
        for too_few in (1, 2):
            with pytest.raises(policy.PolicyError):
                publish_least(office.jurisdiction_code, too_few)
        publish_least(office.jurisdiction_code, 3)
        office_id = office.id
    for mark in (3, 5):
        other = _another(app, advance)
        with app.app_context(), transaction():
            _give(other, "firm", mark)
    advance(DAY)
    # what nobody answered ends with its period
    advance(30 * DAY)
    with app.app_context():
        office = db.session.get_one(Organisation, office_id)
        one, *before = queries.years_of([office], later)[office.id]
        assert (one.year, one.marks, one.firms, one.total) == (today.year, 3, 3, 33)
        assert one.means == {"guidance": 367, "timeliness": 367, "fairness": 367}
        assert not any(each.means for each in before)
    # a year without anything to tell has no row
    page = client.get("/data/departments")
    assert page.status_code == 200
    assert "还没有可以公布的年度" in page.text
    assert "<table" not in page.text
