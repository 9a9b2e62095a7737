"""Ratings under whatever sequence of facts: replay equals what is stored, the past stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notices import queries as notices
from marketplace.notices.models import NoticeStatus
from marketplace.ratings import actions, queries
from marketplace.ratings.models import GradeProposal, GradeRecord, ProposalStatus, RatingEntry
from marketplace.ratings.rules.entries import ConductKind, Grade, VetoKind
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.models import Cause
from tests.factories import accounts, ratings
from tests.factories import sanctions as cases

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
CITY = accounts.CITY


def new_firm(app: Flask) -> int:
    with app.app_context(), transaction():
        return accounts.firm().organisation.id


def grade_today(app: Flask, firm: int) -> Grade:
    with app.app_context():
        return queries.grade_on(firm, CITY, clock.today()).grade


def past(app: Flask, firm: int) -> dict[date, queries.GradeOn]:
    """The grade of every day until yesterday, as the site answers it now."""
    with app.app_context():
        today = clock.today()
        days = [date(2026, 3, 1) + DAY * each for each in range((today - date(2026, 3, 1)).days)]
        return {day: queries.grade_on(firm, CITY, day) for day in days}


def stored(app: Flask) -> list[tuple[Any, ...]]:
    """Every stored record, in full."""
    with app.app_context():
        columns = list(GradeRecord.__table__.columns)
        return [tuple(row) for row in db.session.execute(select(*columns).order_by("id"))]


STEPS = st.one_of(
    st.tuples(st.just("mark"), st.integers(1, 5)),
    st.tuples(st.just("inspect"), st.sampled_from([40, 65, 80, 95])),
    st.tuples(st.just("conduct"), st.sampled_from(["abandoned_award", "overcharge", "red_card"])),
    st.tuples(st.just("veto"), st.just(0)),
    st.tuples(st.just("reverse"), st.integers(0, 9)),
    st.tuples(st.just("reverse_from_start"), st.integers(0, 9)),
    st.tuples(st.just("confirm"), st.just(0)),
    st.tuples(st.just("reject"), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 12)),
)


def take(step: str, value: int | str, firm: int) -> None:
    """One step of a random history, by somebody who may take it."""
    organisation = db.session.get_one(Organisation, firm)
    now = clock.now()
    subject = queries.subject_of(firm, CITY)
    rows = queries.rows_of(subject) if subject else []
    undone = {row.reverses_id for row in rows}
    facts = [row for row in rows if row.kind != "decision" and row.id not in undone]
    proposal = queries.open_proposal(subject) if subject else None
    if step == "mark":
        ratings.marked(organisation, accounts.owner().organisation, int(value))
    elif step == "inspect":
        ratings.inspected(organisation, int(value))
    elif step == "conduct":
        actions.post_conduct(firm, CITY, ConductKind(str(value)), organisation, CLOCK, now)
    elif step == "veto":
        officer = accounts.officer(Role.BUREAU_OPERATOR).actor
        actions.propose_grade(
            firm, CITY, Grade.D, "经查串通报价", organisation, officer, now, VetoKind.COLLUSION
        )
    elif step.startswith("reverse") and facts:
        row = facts[int(value) % len(facts)]
        since = row.takes_effect_on if step == "reverse_from_start" else None
        actions.reverse_entry(row.id, organisation, CLOCK, now, takes_effect_on=since)
    elif step == "confirm" and proposal and proposal.status is ProposalStatus.PROPOSED:
        actions.confirm_grade(proposal, accounts.officer(Role.BUREAU_APPROVER).actor, now)
    elif step == "reject" and proposal:
        actions.reject_grade(
            proposal, "核对后依据不足", accounts.officer(Role.BUREAU_APPROVER).actor, now
        )


def test_whatever_happens_replay_equals_what_is_stored_and_the_past_stays(
    app: Flask, advance: Advance
) -> None:
    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(STEPS, min_size=4, max_size=9))
    def history(steps: list[tuple[str, int | str]]) -> None:
        firm = new_firm(app)
        for step, value in steps:
            before, rows = past(app, firm), stored(app)
            if step != "wait":
                with app.app_context(), transaction():
                    take(step, value, firm)
            advance(DAY * int(value) if step == "wait" else DAY)
            after = past(app, firm)
            assert {day: after[day] for day in before} == before
            assert stored(app)[: len(rows)] == rows
        advance(9 * DAY)
        with app.app_context():
            assert list(map(str, actions.replay())) == []

    history()


def test_a_backdated_correction_changes_today_and_no_day_before(
    app: Flask, advance: Advance
) -> None:
    firm = new_firm(app)
    with app.app_context(), transaction():
        organisation = db.session.get_one(Organisation, firm)
        ratings.evaluated(organisation, 3)
        ratings.inspected(organisation, 50)
    advance(10 * DAY)
    assert grade_today(app, firm) is Grade.C
    before, rows = past(app, firm), stored(app)
    with app.app_context(), transaction():
        wrong = db.session.scalars(
            select(RatingEntry).where(RatingEntry.kind == "inspection")
        ).one()
        evidence = db.session.get_one(Organisation, firm)
        entry = actions.reverse_entry(
            wrong.id, evidence, CLOCK, clock.now(), takes_effect_on=wrong.takes_effect_on
        )
        assert entry.takes_effect_on < clock.local_day(entry.recorded_at)
    assert grade_today(app, firm) is Grade.C, "what is posted today never changes today's choices"
    advance(2 * DAY)
    assert grade_today(app, firm) is Grade.B
    after = past(app, firm)
    assert {day: after[day] for day in before} == before
    assert stored(app)[: len(rows)] == rows
    with app.app_context():
        assert list(map(str, actions.replay())) == []


@pytest.mark.parametrize("how", ["rejected", "lapsed"])
def test_a_proposal_closed_without_effect_takes_its_notice_with_it(
    app: Flask, advance: Advance, how: str
) -> None:
    firm = new_firm(app)
    with app.app_context(), transaction():
        organisation = db.session.get_one(Organisation, firm)
        ratings.inspected(organisation, 95)
    advance(2 * DAY)
    with app.app_context(), transaction():
        proposal = db.session.scalars(select(GradeProposal)).one()
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        actions.confirm_grade(proposal, approver, clock.now())
        notice = notices.latest("grade", proposal)
        assert notice is not None
        assert notice.status is NoticeStatus.OPEN
        if how == "rejected":
            actions.reject_grade(proposal, "公示期内发现计分依据有误", approver, clock.now())
        else:
            organisation = db.session.get_one(Organisation, firm)
            ratings.inspected(organisation, 70)
    advance(2 * DAY)
    with app.app_context():
        proposal = db.session.scalars(select(GradeProposal)).one()
        assert proposal.status.value == how
        notice = notices.latest("grade", proposal)
        assert notice is not None
        assert notice.status is NoticeStatus.WITHDRAWN
        assert queries.grade_on(firm, CITY, clock.today()).grade is not Grade.A
        assert list(map(str, actions.replay())) == []


def test_a_veto_suspends_at_once_and_d_follows_only_by_two_officers(
    app: Flask, advance: Advance
) -> None:
    firm = new_firm(app)
    with app.app_context(), transaction():
        organisation = db.session.get_one(Organisation, firm)
        ratings.evaluated(organisation, 3)
    advance(3 * DAY)
    with app.app_context(), transaction():
        organisation = db.session.get_one(Organisation, firm)
        person = accounts.user(organisation, Role.FIRM_ADMIN)
        party = accounts.Party(person, organisation, person)
        case = cases.reported_case(party, Cause.BRIBERY)
        assert sanctions.bars(firm, CITY, None, clock.now()), "suspended the same second"
        until = case.suspended_until
        assert until is not None
    assert grade_today(app, firm) is Grade.B
    with app.app_context(), transaction():
        organisation = db.session.get_one(Organisation, firm)
        proposer = accounts.officer(Role.BUREAU_OPERATOR).actor
        proposal = actions.propose_grade(
            firm, CITY, Grade.D, "行贿", organisation, proposer, clock.now(), VetoKind.BRIBERY
        )
        public_id = proposal.public_id
        assert proposal.status is ProposalStatus.PROPOSED
    advance(20 * DAY)
    assert grade_today(app, firm) is Grade.B, "nobody confirmed it"
    with app.app_context(), transaction():
        assert sanctions.bars(firm, CITY, None, until) == [], "at most ten working days"
        proposal = db.session.scalars(
            select(GradeProposal).where(GradeProposal.public_id == public_id)
        ).one()
        approver = accounts.officer(Role.BUREAU_APPROVER).actor
        actions.confirm_grade(proposal, approver, clock.now())
    advance(9 * DAY)
    assert grade_today(app, firm) is Grade.D
    with app.app_context():
        assert queries.d_in_force(firm, CITY, clock.now())
        assert list(map(str, actions.replay())) == []


def test_whoever_recorded_the_trigger_cannot_confirm_on_the_page(
    app: Flask, advance: Advance, sign_in_as: Callable[..., FlaskClient]
) -> None:
    firm = new_firm(app)
    with app.app_context(), transaction():
        officer = accounts.officer(Role.BUREAU_APPROVER)
        organisation = db.session.get_one(Organisation, firm)
        ratings.inspected(organisation, 95, officer.actor)
        person = officer.user
    advance(2 * DAY)
    with app.app_context():
        public_id = db.session.scalars(select(GradeProposal)).one().public_id
    answer = sign_in_as(person).post(f"/supervision/ratings/{public_id}")
    assert answer.status_code == 403
    with app.app_context():
        proposal = db.session.scalars(select(GradeProposal)).one()
        assert proposal.status is ProposalStatus.PROPOSED
        assert proposal.confirmed_by is None
