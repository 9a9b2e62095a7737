"""Who comes, who goes: rights end with what gave them, at once and for good."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from marketplace.accounts import actions, queries
from marketplace.accounts.models import Invitation, Membership, OrganisationKind, User, WebSession
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people

SignIn = Callable[..., FlaskClient]
NO_RIGHT_OUTLIVES = text(
    # I28, I29: no live session of somebody without a live role there, or with a closed account
    "SELECT s.id FROM web_sessions s JOIN users u ON u.id = s.user_id WHERE s.ended_at IS NULL AND "
    "(u.disabled_at IS NOT NULL OR NOT EXISTS (SELECT 1 FROM memberships m WHERE "
    "m.user_id = s.user_id AND m.organisation_id = s.organisation_id AND m.until IS NULL))"
)


def sound(app: Flask) -> bool:
    with app.app_context():
        return db.session.execute(NO_RIGHT_OUTLIVES).all() == []


def held(app: Flask, user: User, role: Role) -> str:
    with app.app_context():
        return db.session.scalars(
            select(Membership.public_id).where(
                Membership.user_id == people_id(user),
                Membership.role == role,
                Membership.until.is_(None),
            )
        ).one()


def people_id(user: User) -> int:
    from sqlalchemy import inspect

    return int(inspect(user).identity[0])


def link_in(page: str) -> str:
    found = re.search(r"http://localhost(/invitations/[\w-]+)", page)
    assert found is not None, page
    return found.group(1)


def test_a_person_removed_is_locked_out_at_once_and_so_is_what_he_left_open(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
        second = people.user(firm.organisation, Role.FIRM_ADMIN, Role.FIRM_STAFF)
        second_id = second.public_id
        stranger = people.firm()
        stranger_id = stranger.user.public_id
    keeper, leaving = sign_in_as(firm.user), sign_in_as(second)
    left_open = link_in(leaving.post("/staff", data={"name": "某人", "role": "firm_admin"}).text)
    assert app.test_client().get(left_open).status_code == 200
    # another organisation's person, by a posted id
    for path in (f"/staff/{stranger_id}/removal", f"/staff/{stranger_id}/role"):
        assert keeper.post(path, data={"role": "firm_admin"}).status_code == 404
        assert keeper.get(path).status_code == 404
    asked = keeper.get(f"/staff/{second_id}/removal")
    assert asked.status_code == 200
    assert "收回此人在本单位的全部角色" in asked.text
    assert leaving.get("/workspace").status_code == 200, "asking alone takes nobody off"
    assert keeper.post(f"/staff/{second_id}/removal").status_code == 303
    assert leaving.get("/workspace").status_code == 302
    assert leaving.post("/staff", data={"name": "某人", "role": "firm_admin"}).status_code == 401
    assert app.test_client().get(left_open).status_code == 404
    assert sound(app)
    with app.app_context():
        assert queries.places_of(people_id(second)) == []


def test_the_last_keeper_stays_even_when_two_go_at_the_same_moment(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
        second = people.user(firm.organisation, Role.FIRM_ADMIN)
    both = [(sign_in_as(firm.user), second), (sign_in_as(second), firm.user)]
    ids = {id(person): held(app, person, Role.FIRM_ADMIN) for _browser, person in both}

    def end(pair: tuple[FlaskClient, User]) -> int:
        return pair[0].post(f"/memberships/{ids[id(pair[1])]}/end").status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(end, both))
    assert answers[0] == 303
    assert answers[1] in (401, 403, 404)
    with app.app_context():
        left = db.session.scalars(
            select(Membership).where(Membership.role == Role.FIRM_ADMIN, Membership.until.is_(None))
        ).all()
        assert len(left) == 1
        last = left[0].user
    assert sign_in_as(last).post(f"/memberships/{left[0].public_id}/end").status_code == 403
    assert sound(app)


def test_an_officials_account_closed_ends_everything(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        security = people.officer(Role.SECURITY_ADMIN)
        people.officer(Role.SECURITY_ADMIN)  # stays: the own account is refused as one's own
        operator = people.officer(Role.BUREAU_OPERATOR)
        superior = people.officer(Role.SUPERVISOR)
        firm = people.firm()
        ids = [each.user.public_id for each in (operator, superior, firm, security)]
    keeper, closed = sign_in_as(security.user), sign_in_as(operator.user)
    assert closed.get("/supervision").status_code == 200
    assert closed.post(f"/offices/accounts/{ids[1]}/closing").status_code == 403
    asked = [keeper.get(f"/offices/accounts/{each}/closing").status_code for each in ids]
    assert asked == [200, 404, 404, 403]
    assert closed.get("/supervision").status_code == 200
    answers = [keeper.post(f"/offices/accounts/{each}/closing").status_code for each in ids]
    assert answers == [303, 404, 404, 403]
    assert closed.get("/supervision").status_code == 302
    assert sound(app)
    with app.app_context():
        assert db.session.get_one(User, people_id(operator.user)).disabled_at is not None
        login = db.session.get_one(User, people_id(operator.user)).login
    refused = app.test_client().post("/sign-in", data={"login": login, "password": people.PASSWORD})
    assert refused.status_code == 422


def test_several_organisations_are_switched_under_a_new_session_id(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm, owner = people.firm(), people.owner()
        other = people.firm().organisation.public_id
        home, second = firm.organisation.public_id, owner.organisation.public_id
        name, owner_name = firm.user.name, owner.organisation.name
    browser, keeper = sign_in_as(firm.user), sign_in_as(owner.user)
    assert "切换单位" not in browser.get("/workspace").text
    wrong = link_in(keeper.post("/staff", data={"name": "另一人", "role": "owner_editor"}).text)
    assert browser.post(f"{wrong}/account").status_code == 403
    link = link_in(keeper.post("/staff", data={"name": name, "role": "owner_editor"}).text)
    assert "用当前账号加入" in browser.get(link).text
    before = browser.get_cookie("sid")
    assert browser.post(f"{link}/account").status_code == 303
    after = browser.get_cookie("sid")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    page = browser.get("/workspace").text
    assert "切换单位" in page
    assert owner_name in page
    assert app.test_client().get(link).status_code == 404
    old = app.test_client()
    old.set_cookie("sid", before.value)
    assert old.get("/workspace").status_code == 302
    assert browser.post(f"/account/organisation/{other}").status_code == 404
    assert browser.post(f"/account/organisation/{second}").status_code == 303
    assert browser.get("/staff").status_code == 403
    assert browser.post(f"/account/organisation/{home}").status_code == 303
    assert browser.get("/staff").status_code == 200


def test_a_role_for_an_officials_account_needs_two_and_never_oneself(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        system = people.officer(Role.SYSTEM_ADMIN)
        security = people.officer(Role.SECURITY_ADMIN)
        operator = people.officer(Role.BUREAU_OPERATOR)
        officer = people.officer(Role.DEPARTMENT_OFFICER)
        firm = people.firm()
        office = queries.bureau(people.CITY).public_id
        logins = {p: (p.user.login, p.user.name) for p in (system, operator, officer, firm)}
    proposer, approver = sign_in_as(system.user), sign_in_as(security.user)

    def propose(party: people.Party, role: str, name: str | None = None) -> int:
        login, own = logins[party]
        data = {"name": name or own, "office": office, "role": role, "login": login}
        return proposer.post("/offices/accounts", data=data).status_code

    assert propose(firm, "bureau_approver") == 422
    assert propose(operator, "bureau_approver") == 409  # the two must not be in one hand
    assert propose(officer, "bureau_approver", name="别人") == 422
    assert propose(system, "security_admin") == 403
    assert propose(officer, "bureau_approver") == 303
    with app.app_context():
        public_id = db.session.scalars(select(Invitation.public_id)).one()
    address = f"/offices/accounts/{public_id}/approval"
    assert proposer.post(address).status_code == 403
    assert approver.post(address).status_code == 303
    assert approver.post(address).status_code == 404
    with app.app_context():
        roles = [
            role for _place, roles in queries.places_of(people_id(officer.user)) for role in roles
        ]
        assert sorted(roles) == [Role.BUREAU_APPROVER, Role.DEPARTMENT_OFFICER]


def test_an_agency_keeps_editor_and_approver_apart_when_roles_are_added(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        agency = people.owner(kind=OrganisationKind.AGENCY)
        editor = agency.user.public_id
    keeper = sign_in_as(agency.approver)
    refused = keeper.post(f"/staff/{editor}/role", data={"role": "owner_approver"})
    assert refused.status_code == 409
    assert keeper.post(f"/staff/{editor}/role", data={"role": "firm_admin"}).status_code == 422


def test_own_sessions_are_listed_and_ended_and_nobody_elses(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        firm, other = people.firm(), people.firm()
    first, second, third = (sign_in_as(firm.user) for _n in range(3))
    stranger = sign_in_as(other.user)
    with app.app_context():
        mine = db.session.scalars(
            select(WebSession.public_id)
            .where(WebSession.user_id == people_id(firm.user))
            .order_by(WebSession.id)
        ).all()
    page = first.get("/account").text
    assert page.count("退出该设备") == 2
    assert stranger.post(f"/account/sessions/{mine[1]}/end").status_code == 404
    assert first.post(f"/account/sessions/{mine[1]}/end").status_code == 303
    assert second.get("/workspace").status_code == 302
    assert third.get("/workspace").status_code == 200
    assert first.post("/account/sessions/others/end").status_code == 303
    assert third.get("/workspace").status_code == 302
    assert first.get("/workspace").status_code == 200
    for _n in range(3):
        sign_in_as(firm.user)
    assert first.get("/workspace").status_code == 302  # three at a time: the oldest gave way
    with app.app_context():
        live = select(func.count()).where(
            WebSession.user_id == people_id(firm.user), WebSession.ended_at.is_(None)
        )
        assert db.session.scalar(live) == 3


def test_disabling_ends_what_was_under_way(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        firm = people.firm()
    browser = sign_in_as(firm.user)
    with app.app_context(), transaction():
        user = db.session.get_one(User, people_id(firm.user))
        actions.disable_user(user, people.CLOCK, clock.now())
    assert browser.get("/workspace").status_code == 302
    assert sound(app)
