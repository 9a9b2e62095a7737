"""Organisations, roles that may not be in one hand, and rights that end at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import actions, credit_code, queries
from marketplace.accounts.models import Membership, OrganisationKind, WebSession
from marketplace.accounts.permissions import Role
from marketplace.accounts.rules import password_problem, wait_after
from marketplace.app import EDITIONS
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people


@pytest.mark.parametrize(
    "code",
    ["91110000600037341M", "9111000060003734", "91110000600037341O", "９1110000600037341L", ""],
)
def test_a_wrong_credit_code_is_refused(app: Flask, code: str) -> None:
    with app.app_context(), pytest.raises(Invalid) as refusal:
        credit_code.checked(code)
    assert refusal.value.field == "credit_code"
    assert "逐位核对" in refusal.value.message


def test_a_right_credit_code_is_kept_in_capitals(app: Flask) -> None:
    with app.app_context():
        assert credit_code.checked(" 91110000600037341l ") == "91110000600037341L"


def test_shipped_areas_and_offices_load_once(app: Flask) -> None:
    with app.app_context(), transaction():
        now = clock.now()
        assert actions.load_jurisdictions(EDITIONS / "jurisdictions.toml", CLOCK, now) == 0
        assert actions.load_offices(EDITIONS / "offices" / "379900.toml", CLOCK, now) == 0
        assert queries.lineage("379921") == ("379921", "379900", "370000", "000000")
        assert queries.register_of("379902") == "379900"
        assert queries.department("379921", "sthj").name == "青河市生态环境局"
        assert queries.bureau("379921").name == "安平县行政审批服务局"
        assert queries.bureau("379902").name == "青河市行政审批服务局", "a district without one"
        assert queries.bureau("379902").office_code == "xzsp"


def test_one_body_registers_once(app: Flask) -> None:
    with app.app_context(), transaction():
        first = people.firm()
        with pytest.raises(Conflict):
            actions.create_organisation(
                name="另一家",
                kind=OrganisationKind.COMPANY,
                credit_code=first.organisation.credit_code,
                jurisdiction_code=people.CITY,
                actor=CLOCK,
                now=clock.now(),
            )


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER),
        (Role.BUREAU_OPERATOR, Role.SYSTEM_ADMIN),
        (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN),
    ],
)
def test_roles_that_check_each_other_are_kept_apart(app: Flask, held: Role, asked: Role) -> None:
    with app.app_context(), transaction():
        officer = people.officer(held)
        with pytest.raises(Conflict) as refusal:
            actions.grant_role(officer.user, officer.organisation, asked, CLOCK, clock.now())
        assert refusal.value.rule == "role.conflict"


def test_an_agency_needs_two_people_and_a_company_one(app: Flask) -> None:
    with app.app_context(), transaction():
        agency = people.owner(kind=OrganisationKind.AGENCY)
        assert agency.user.id != agency.approver.id
        with pytest.raises(Conflict):
            actions.grant_role(
                agency.user, agency.organisation, Role.OWNER_APPROVER, CLOCK, clock.now()
            )
        assert people.owner().actor.may("need.approve")


def test_a_role_has_its_kind_of_office(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
        with pytest.raises(Conflict) as refusal:
            actions.grant_role(
                firm.user, firm.organisation, Role.BUREAU_OPERATOR, CLOCK, clock.now()
            )
        assert refusal.value.rule == "role.home"


def test_no_right_outlives_the_membership(
    app: Flask, sign_in_as: Callable[..., FlaskClient]
) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
    browser = sign_in_as(firm.user)
    assert browser.get("/workspace").status_code == 200
    with app.app_context():
        with transaction():
            role = db.session.scalars(select(Membership)).one()
            actions.end_membership(role, CLOCK, clock.now())
        assert db.session.scalars(select(WebSession.ended_at)).one() is not None
    assert browser.get("/workspace").status_code == 302


def test_officials_hold_one_session_and_firms_three(app: Flask) -> None:
    with app.app_context():
        with transaction():
            firm, officer = people.firm(), people.officer(Role.BUREAU_OPERATOR)
            for party, count in ((firm, 5), (officer, 3)):
                for _each in range(count):
                    actions.begin_session(party.user, party.organisation, clock.now())
            ids = firm.user.id, officer.user.id
        live = [
            len(
                db.session.scalars(
                    select(WebSession.id).where(
                        WebSession.user_id == each, WebSession.ended_at.is_(None)
                    )
                ).all()
            )
            for each in ids
        ]
        assert live == [3, 1]


@pytest.mark.parametrize(
    ("password", "official", "problem"),
    [
        ("Lantern-7-quay", False, None),
        ("Lantern-7-quay", True, "short"),
        ("lanternquaydrift", False, "simple"),
        ("lantern quay drift barn", False, None),
        ("Aa1-Aa1-Aa1-Aa1", False, "common"),
        ("Password123456!", False, "common"),
        ("aaaaaaaaaaaaaaaaaaaaa", False, "common"),
        ("Wangce-7-quay-x", False, "context"),
        ("Tab\there-7-quay-x", False, "control"),
        ("x" * 129, False, "long"),
    ],
)
def test_passwords(password: str, official: bool, problem: str | None) -> None:
    assert password_problem(password, official, ("wangce",)) == problem


def test_failures_wait_longer_and_longer() -> None:
    seconds = [wait_after(n).total_seconds() for n in range(1, 12)]
    assert seconds == [0, 0, 0, 0, 1, 2, 4, 8, 16, 900, 900]
