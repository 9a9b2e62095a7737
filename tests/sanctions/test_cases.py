"""Blacklisting cases: heard, proposed, decided by another, ended by the clock; what bars whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.accounts import queries as people
from marketplace.accounts.models import Membership, Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused
from marketplace.foundation.transactions import transaction
from marketplace.notices import queries as notices
from marketplace.ratings.models import GradeProposal
from marketplace.sanctions import queries
from marketplace.sanctions.actions import cases
from marketplace.sanctions.models import (
    Blacklisting,
    BlacklistingStatus,
    Case,
    CaseStatus,
    Cause,
)
from marketplace.sanctions.queries import BarKind
from marketplace.sanctions.rules import Severity
from tests.factories import accounts, sanctions
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]


def _barred(item_code: str | None = None, jurisdiction: str | None = None) -> list[int]:
    barred = queries.barred_organisation_ids(clock.now(), item_code, jurisdiction)
    return list(
        db.session.scalars(
            select(Organisation.id).where(Organisation.id.in_(barred)).order_by(Organisation.id)
        )
    )


def test_from_report_to_end_by_the_clock(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        case = sanctions.reported_case(firm)
        # five working days from Monday end on the next Monday at 17:00
        due = case.statement_due_at.astimezone(clock.SHANGHAI)
        assert due.strftime("%a %H:%M") == "Mon 17:00"
        officer = Somebody.of(accounts.officer(Role.BUREAU_OPERATOR))
        approver = Somebody.of(accounts.officer(Role.BUREAU_APPROVER))
        case_id, firm_id = case.id, firm.organisation.id
        with pytest.raises(Conflict):
            cases.propose_decision(
                case, Severity.ORDINARY, 3, [], sanctions.REASON, officer.actor, clock.now()
            )
    advance(timedelta(days=7, hours=9))
    with app.app_context():
        case = db.session.get_one(Case, case_id)
        assert case.status is CaseStatus.HEARD
        assert case.statement is None
        with pytest.raises(Conflict), transaction():
            cases.state_case(case, "现在陈述已经晚了。", _actor_of(firm_id), clock.now())
        with transaction():
            cases.propose_decision(
                case, Severity.ORDINARY, 3, [], sanctions.REASON, officer.actor, clock.now()
            )
            assert queries.bars(firm_id, accounts.CITY, None, clock.now()) == []
            row = cases.decide_case(case, sanctions.REASON, approver.actor, clock.now())
            (bar,) = queries.bars(firm_id, "379902", "jsjl", clock.now())
            assert bar.kind is BarKind.BLACKLISTED
            assert _barred() == [firm_id]
            notice = notices.latest("sanction", row)
            assert notice is not None
            assert notice.ends_at == row.until_at
            assert not notice.objectable
            assert "不是国家严重失信主体名单" in notice.body
            row_id, until = row.id, row.until_at
        assert db.session.query(GradeProposal).count() == 0
    assert until.astimezone(clock.SHANGHAI).strftime("%m-%d %H:%M") == "06-09 17:00"
    with app.app_context():
        assert queries.bars(firm_id, accounts.CITY, None, until - timedelta(seconds=1))
        assert queries.bars(firm_id, accounts.CITY, None, until) == []
    advance(timedelta(days=93))
    with app.app_context():
        assert db.session.get_one(Blacklisting, row_id).status is BlacklistingStatus.ENDED
        assert _barred() == []
        assert queries.bars(firm_id, accounts.CITY, None, clock.now()) == []


def test_the_decision_needs_officers_who_have_not_acted_before(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            case = sanctions.proposed_case(firm)
            reporter = case.reported_by
            proposer = case.proposed_by
            approver = accounts.officer(Role.BUREAU_APPROVER).actor
        assert reporter != proposer
        for user_id in (reporter, proposer):
            actor = _acting(user_id)
            for step in (cases.decide_case, cases.dismiss_case, cases.return_case):
                with pytest.raises(Refused) as same, transaction():
                    step(case, sanctions.REASON, actor, clock.now())
                assert same.value.rule == "two_officers"
        with transaction():
            cases.return_case(case, "期限过长，请重新提出。", approver, clock.now())
        assert case.status is CaseStatus.HEARD
        with pytest.raises(Conflict), transaction():
            cases.decide_case(case, sanctions.REASON, approver, clock.now())
        with transaction():
            cases.dismiss_case(case, "情节轻微并已改正。", approver, clock.now())
        assert case.status is CaseStatus.DISMISSED
        assert db.session.query(Blacklisting).count() == 0
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(db.update(Case).values(decided_by=Case.proposed_by))


def test_a_veto_suspends_at_once_and_ends_with_the_dismissal_or_the_longest_time(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm, other = accounts.firm(), accounts.firm()
        case = sanctions.reported_case(firm, Cause.COLLUSION)
        sanctions.reported_case(other, Cause.BRIBERY)
        firm_id, other_id = firm.organisation.id, other.organisation.id
        approver = Somebody.of(accounts.officer(Role.BUREAU_APPROVER))
        (bar,) = queries.bars(firm_id, accounts.CITY, "jsjl", clock.now())
        assert bar.kind is BarKind.VETO
        assert _barred() == []
        cases.state_case(case, "我单位没有串通行为。", firm.actor, clock.now())
        cases.dismiss_case(case, "经查证不成立。", approver.actor, clock.now())
        assert queries.bars(firm_id, accounts.CITY, "jsjl", clock.now()) == []
    advance(timedelta(days=13))
    with app.app_context():
        assert queries.bars(other_id, accounts.CITY, None, clock.now())
    advance(timedelta(days=2))
    with app.app_context():
        assert queries.bars(other_id, accounts.CITY, None, clock.now()) == []
        heard = db.session.query(Case).filter_by(organisation_id=other_id).one()
        assert heard.status is CaseStatus.HEARD


def test_a_decided_veto_proposes_grade_d(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        sanctions.blacklisted(firm, Cause.FALSE_MATERIALS)
        proposal = db.session.query(GradeProposal).one()
        assert proposal.grade.value == "D"


def test_items_and_jurisdictions_limit_a_blacklisting(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        firm_id = firm.organisation.id
        sanctions.blacklisted(firm, items=["jsjl"], jurisdiction_code="379902")
        now = clock.now()
        assert queries.bars(firm_id, "379902", "jsjl", now)
        assert queries.bars(firm_id, "379902", "zbdl", now) == []
        assert queries.bars(firm_id, "379902", None, now) == []
        assert queries.bars(firm_id, "379921", "jsjl", now) == []
        assert queries.bars(firm_id, accounts.CITY, "jsjl", now) == []
        assert _barred("jsjl") == []
        assert _barred("jsjl", "379902") == [firm_id]
        assert _barred("zbdl", "379902") == []
        assert _barred(None, "379902") == []


def test_wrong_proposals_are_refused_whole(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firm = accounts.firm()
            case = sanctions.reported_case(firm)
            cases.state_case(case, "情况属实，愿意整改。", firm.actor, clock.now())
            officer = accounts.officer(Role.BUREAU_OPERATOR).actor
            stranger = accounts.firm().actor
        for severity, months, items, field in (
            (Severity.SLIGHT, 7, [], "months"),
            (Severity.SERIOUS, 37, [], "months"),
            (Severity.ORDINARY, 0, [], "months"),
            (Severity.ORDINARY, 3, ["nothing"], "items"),
        ):
            with pytest.raises(Invalid) as wrong, transaction():
                cases.propose_decision(
                    case, severity, months, items, sanctions.REASON, officer, clock.now()
                )
            assert wrong.value.field == field
        assert case.status is CaseStatus.HEARD
        assert case.months is None
        with transaction():
            fresh = sanctions.reported_case(accounts.firm())
        with pytest.raises(Missing), transaction():
            cases.state_case(fresh, "我来替他陈述。", stranger, clock.now())


def test_a_statement_at_the_deadline_is_too_late_even_before_the_clock_has_looked(
    app: Flask,
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        case = sanctions.reported_case(firm)
        clock.set_to(case.statement_due_at)
        assert case.status is CaseStatus.REPORTED
        with pytest.raises(Conflict) as late:
            cases.state_case(case, "情况属实，愿意整改。", firm.actor, clock.now())
        assert late.value.rule == "case.statement_period"
        assert case.statement is None


def test_no_blacklisting_without_an_end(app: Flask) -> None:
    with app.app_context():
        with transaction():
            sanctions.blacklisted(accounts.firm())
        for until in (None, Blacklisting.from_at):
            with pytest.raises(IntegrityError), transaction():
                db.session.execute(db.update(Blacklisting).values(until_at=until))


def _acting(user_id: int | None) -> Actor:
    user = db.session.get_one(User, user_id)
    home = people.home_of(user)
    assert home is not None
    return people.actor_for(user, home)


def _actor_of(organisation_id: int) -> Actor:
    row = db.session.query(Membership).filter_by(organisation_id=organisation_id).first()
    assert row is not None
    return _acting(row.user_id)
