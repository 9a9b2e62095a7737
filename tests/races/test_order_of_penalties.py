"""Who comes first where two act on one firm at once: neither waits for the other in a circle, and
each counts for the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db, lock
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.transactions import transaction
from marketplace.notices import actions as notices
from marketplace.notices.models import NoticeStatus, Objection, ObjectionStatus, PublicNotice
from marketplace.projects.models import Need
from marketplace.ratings.models import EntryKind, RatingEntry
from marketplace.sanctions import queries as sanctions_of
from marketplace.sanctions.actions import cards, cases
from marketplace.sanctions.measures.actions import Content, issue_measure
from marketplace.sanctions.measures.models import MeasureKind
from marketplace.sanctions.models import (
    Blacklisting,
    BlacklistingStatus,
    Breach,
    Card,
    Case,
    Cause,
)
from marketplace.sanctions.national.models import NationalImport
from marketplace.sanctions.rules import Colour, Severity
from marketplace.selection import actions as choosing
from marketplace.selection.models import Award, AwardStatus
from marketplace.supervision import invariants
from marketplace.supervision.actions import blacklist_and_withdraw, take_national_list_over
from tests.factories import accounts, sanctions
from tests.factories.notices import Somebody, notice
from tests.races.overlapping import overlapping
from tests.sanctions.test_national import csv, line, taken_over, uploaded
from tests.selection.scenes import drawn

Advance = Callable[[timedelta], None]
WHY = "经核实，事实清楚，理由充分。"


def _officer(role: Role) -> Somebody:
    return Somebody.of(accounts.officer(role))


@pytest.mark.parametrize(
    # one that is suspended while its case is open cannot accept
    ("act", "cause"),
    [("accepted", Cause.BREACH), ("declined", Cause.BRIBERY)],
)
def test_what_is_under_way_at_a_need_comes_before_the_blacklisting(
    app: Flask, advance: Advance, act: str, cause: Cause
) -> None:
    drawn(app, advance)
    advance(timedelta(days=1))
    with app.app_context(), transaction():
        award = db.session.scalars(select(Award)).one()
        assert award.status is AwardStatus.OFFERED
        winner = award.organisation
        person = accounts.user(winner, Role.FIRM_ADMIN)
        party = accounts.Party(person, winner, person)
        case_id = sanctions.proposed_case(party, cause).id
        award_id, need_id, somebody = award.id, award.need_id, Somebody.of(party)
        approver = _officer(Role.BUREAU_APPROVER)

    def answer() -> None:
        found = db.session.get_one(Award, award_id)
        if act == "accepted":
            choosing.accept_award(found, somebody.actor)
        else:
            # which goes on to the firm's rating, where the veto is posted too
            choosing.decline_award(found, WHY, somebody.actor)

    def blacklist() -> None:
        case = db.session.get_one(Case, case_id)
        blacklist_and_withdraw(case, WHY, approver.actor, clock.now())

    def hold() -> None:
        lock(db.session.get_one(Need, need_id))

    assert overlapping(app, hold, blacklist, answer) == ["done", "done"]
    with app.app_context():
        row = db.session.scalars(select(Blacklisting)).one()
        moved = db.session.scalars(
            select(StatusChange).where(
                StatusChange.subject_type == "awards",
                StatusChange.subject_id == award_id,
                StatusChange.to_status == act,
            )
        ).one()
        assert moved.at < row.from_at
        assert list(invariants.broken({"I04", "I04b", "S02"})) == []
        assert list(audit.verify()) == []


@pytest.mark.parametrize("turned", [False, True], ids=["answer_first", "fall_first"])
def test_an_objection_is_upheld_while_its_award_falls(
    app: Flask, advance: Advance, turned: bool
) -> None:
    drawn(app, advance)
    with app.app_context(), transaction():
        award = db.session.scalars(select(Award)).one()
        announced = db.session.scalars(
            select(PublicNotice).where(PublicNotice.kind == "award")
        ).one()
        assert announced.status is NoticeStatus.OPEN
        winner = award.organisation
        person = accounts.user(winner, Role.FIRM_ADMIN)
        case_id = sanctions.proposed_case(accounts.Party(person, winner, person)).id
        other = accounts.firm()
        objection_id = notices.file_objection(announced, WHY, other.actor, clock.now()).id
        award_id, notice_id = award.id, announced.id
        operator, approver = map(_officer, (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER))

    def answer() -> None:
        found = db.session.get_one(Objection, objection_id)
        notices.answer_objection(found, True, WHY, operator.actor, clock.now())

    def blacklist() -> None:
        case = db.session.get_one(Case, case_id)
        blacklist_and_withdraw(case, WHY, approver.actor, clock.now())

    pair = (blacklist, answer) if turned else (answer, blacklist)
    assert overlapping(app, *pair) == ["done", "done"]
    with app.app_context():
        assert db.session.get_one(Award, award_id).status is AwardStatus.BARRED
        assert db.session.get_one(Objection, objection_id).status is ObjectionStatus.UPHELD
        status = db.session.get_one(PublicNotice, notice_id).status
        assert status is (NoticeStatus.WITHDRAWN if turned else NoticeStatus.UPHELD)
        assert list(audit.verify()) == []


def test_a_national_list_being_taken_over_holds_up_nothing_else_of_its_place(app: Flask) -> None:
    with app.app_context(), transaction():
        found_id = uploaded(csv(line(accounts.new_credit_code()))).id
        approver = _officer(Role.BUREAU_APPROVER)
    written = threading.Event()

    def take_over() -> None:
        found = db.session.get_one(NationalImport, found_id)
        take_national_list_over(found, approver.actor, clock.now())

    def publish() -> None:
        notice(subject=db.session.get_one(NationalImport, found_id))
        db.session.flush()
        written.set()

    def look() -> None:
        # where there is one writer only, the second waits for the first whatever it does
        assert db.engine.dialect.name == "sqlite" or written.wait(20)

    assert overlapping(app, take_over, publish, look) == ["done", "done"]
    assert written.is_set()


def test_a_blacklisting_decided_while_its_ground_leaves_the_national_list_ends_with_it(
    app: Flask,
) -> None:
    with app.app_context(), transaction():
        listed = accounts.firm()
        taken_over(line(listed.organisation.credit_code or ""))
        (case,) = sanctions_of.cases_of(listed.organisation.id)
        cases.state_case(case, WHY, listed.actor, clock.now())
        operator, approver, second = map(
            _officer, (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER, Role.BUREAU_APPROVER)
        )
        cases.propose_decision(case, Severity.SERIOUS, 12, [], WHY, operator.actor, clock.now())
        case_id = case.id
        later_id = uploaded(csv(line(accounts.new_credit_code()))).id

    def decide() -> None:
        found = db.session.get_one(Case, case_id)
        blacklist_and_withdraw(found, WHY, approver.actor, clock.now())

    def take_over() -> None:
        found = db.session.get_one(NationalImport, later_id)
        take_national_list_over(found, second.actor, clock.now())

    assert overlapping(app, decide, take_over) == ["done", "done"]
    with app.app_context():
        row = db.session.scalars(select(Blacklisting)).one()
        assert row.status is BlacklistingStatus.ENDED
        assert sanctions_of.bars(row.organisation_id, accounts.CITY, None, clock.now()) == []
        reversal = select(RatingEntry).where(RatingEntry.kind == EntryKind.REVERSAL)
        assert len(db.session.scalars(reversal).all()) == 1


def test_two_breaches_issued_at_once_are_a_yellow_and_a_red_card(app: Flask) -> None:
    with app.app_context(), transaction():
        firm, operator = accounts.firm().organisation, _officer(Role.BUREAU_OPERATOR)
        proposed = [
            cards.propose_card(
                firm, accounts.CITY, Breach.LATE, WHY, operator.actor, clock.now()
            ).id
            for _each in range(2)
        ]
        approvers = [_officer(Role.BUREAU_APPROVER) for _each in range(2)]

    def issue(which: int) -> None:
        found = db.session.get_one(Card, proposed[which])
        cards.issue_card(found, approvers[which].actor, clock.now())

    assert overlapping(app, lambda: issue(0), lambda: issue(1)) == ["done", "done"]
    with app.app_context():
        issued = [db.session.get_one(Card, each).colour for each in proposed]
        assert issued == [Colour.YELLOW, Colour.RED]


def test_a_hotline_order_taken_in_twice_at_once_is_one(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = Somebody.of(accounts.firm())
        officers = [_officer(Role.BUREAU_OPERATOR) for _each in range(2)]
    order = Content(MeasureKind.HOTLINE, WHY, "请答复来电人。", reference="QH20260302-1")

    def take_in(which: int) -> None:
        issue_measure(firm.organisation, accounts.CITY, order, officers[which].actor, clock.now())

    came = overlapping(app, lambda: take_in(0), lambda: take_in(1))
    assert came == ["done", "measure.reference"]
