"""How a second person comes: invited, approved where it is an office, with an own password."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace.accounts import queries
from marketplace.accounts.models import Invitation, Membership, Organisation, User
from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
NEW = {
    "login": "second",
    "password": "Harbour-9-stone-mill",
    "password_again": "Harbour-9-stone-mill",
}


def link_in(text: str) -> str:
    found = re.search(r"http://localhost(/invitations/[\w-]+)", text)
    assert found is not None
    return found.group(1)


def test_a_firm_invites_its_second_person(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
    browser = sign_in_as(firm.user)
    assert browser.get("/staff").status_code == 200
    answer = browser.post("/staff", data={"name": "何经办", "role": "firm_staff"})
    link = link_in(answer.text)
    assert link.rsplit("/", 1)[1] not in browser.get("/staff").text
    guest = app.test_client()
    assert "何经办" in guest.get(link).text
    assert guest.post(link, data={**NEW, "password": "x"}).status_code == 422
    assert guest.post(link, data=NEW).status_code == 303
    assert guest.get(link).status_code == 404
    assert guest.post(link, data={**NEW, "login": "third"}).status_code == 404
    with app.app_context():
        held = db.session.scalars(
            select(Membership.role).join(User).where(User.login == "second")
        ).one()
        assert held is Role.FIRM_STAFF


@pytest.mark.parametrize("role", ["bureau_operator", "owner_editor", "supervisor", "nothing"])
def test_a_firm_invites_only_its_own_roles(app: Flask, sign_in_as: SignIn, role: str) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
    answer = sign_in_as(firm.user).post("/staff", data={"name": "何经办", "role": role})
    assert answer.status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Invitation.id)).all() == []


def test_an_invitation_is_over_after_seven_days(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
    answer = sign_in_as(firm.user).post("/staff", data={"name": "何经办", "role": "firm_staff"})
    link = link_in(answer.text)
    advance(timedelta(days=7))
    assert app.test_client().get(link).status_code == 404


def test_an_official_is_proposed_by_one_administrator_and_approved_by_the_other(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        system = people.officer(Role.SYSTEM_ADMIN)
        security = people.officer(Role.SECURITY_ADMIN)
        office = queries.department(people.CITY, "sthj").public_id
        bureau = queries.bureau(people.CITY).public_id
    proposer, approver = sign_in_as(system.user), sign_in_as(security.user)
    data = {"name": "许核查", "office": office, "role": "department_officer"}
    assert approver.post("/offices/accounts", data=data).status_code == 403
    assert proposer.post("/offices/accounts", data={**data, "office": bureau}).status_code == 422
    assert proposer.post("/offices/accounts", data=data).status_code == 303
    with app.app_context():
        public_id = db.session.scalars(select(Invitation.public_id)).one()
    address = f"/offices/accounts/{public_id}/approval"
    assert proposer.post(address).status_code == 403
    link = link_in(approver.post(address).text)
    assert approver.post(address).status_code == 409
    official = {**NEW, "password": "Harbour-9-stone-mill", "login": "checker"}
    assert app.test_client().post(link, data=official).status_code == 303
    with app.app_context():
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(update(Invitation).values(approved_by=Invitation.proposed_by))
        held = db.session.scalars(
            select(Membership.public_id).join(User).where(User.login == "checker")
        ).one()
    assert "许核查" in approver.get("/offices/accounts").text
    assert proposer.post(f"/memberships/{held}/end").status_code == 404
    assert approver.post(f"/memberships/{held}/end").status_code == 303
    assert approver.post(f"/memberships/{held}/end").status_code == 404


def test_the_superior_bureau_keeps_its_own_accounts(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        system = people.officer(Role.SYSTEM_ADMIN)
        security = people.officer(Role.SECURITY_ADMIN)
        supervisor = people.officer(Role.SUPERVISOR)
    with app.app_context():
        place = db.session.scalars(
            select(Organisation.public_id).where(Organisation.office_code == "sjdz")
        ).one()
        held = db.session.scalars(
            select(Membership.public_id).where(Membership.role == Role.SUPERVISOR)
        ).one()
    data = {"name": "某人", "office": place, "role": "bureau_operator"}
    assert sign_in_as(system.user).post("/offices/accounts", data=data).status_code == 422
    ended = sign_in_as(security.user).post(f"/memberships/{held}/end")
    assert ended.status_code == 404
    own = sign_in_as(supervisor.user)
    assert own.post("/staff", data={"name": "吴审计", "role": "auditor"}).status_code == 200
    assert own.post(f"/memberships/{held}/end").status_code == 403
