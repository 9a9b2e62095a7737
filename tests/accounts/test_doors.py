"""Signing in and out, registering, the first start: through the pages."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from marketplace.accounts import actions, queries
from marketplace.accounts.models import (
    Membership,
    Organisation,
    OrganisationKind,
    SignInThrottle,
    User,
    WebSession,
)
from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.idempotency import IdempotencyKey
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people
from tests.factories.intermediaries import PDF, resident_id

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]


def try_password(browser: FlaskClient, login: str, password: str, query: str = "") -> object:
    return browser.post(f"/sign-in{query}", data={"login": login, "password": password})


def made_firm(app: Flask) -> people.Party:
    with app.app_context(), transaction():
        return people.firm()


def login_of(app: Flask, party: people.Party) -> str:
    with app.app_context():
        return db.session.scalars(select(User.login)).first() or ""


def test_signing_in_and_out(app: Flask, client: FlaskClient) -> None:
    login = login_of(app, made_firm(app))
    answer = try_password(client, login.upper(), people.PASSWORD)
    assert answer.status_code == 303
    assert answer.location == "/workspace"
    cookie = client.get_cookie("sid")
    assert cookie is not None
    assert cookie.http_only
    assert client.get("/workspace").status_code == 200
    token = cookie.value
    assert client.post("/sign-out").status_code == 303
    assert client.get("/workspace").status_code == 302
    client.set_cookie("sid", token)
    assert client.get("/workspace").status_code == 302
    with app.app_context():
        stored = db.session.scalars(select(WebSession)).one()
        assert token not in (stored.token_digest, stored.agent)


def test_wrong_name_and_wrong_password_look_the_same(app: Flask, client: FlaskClient) -> None:
    login = login_of(app, made_firm(app))
    answers = [
        try_password(client, login, "Wrong-7-quay-drift"),
        try_password(client, "nobody", "Wrong-7-quay-drift"),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    said = ["登录名或密码不正确" in answer.text for answer in answers]
    assert said == [True, True]
    assert "Wrong-7-quay-drift" not in answers[0].text


def test_an_account_locks_and_opens_again(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    login = login_of(app, made_firm(app))
    for _each in range(5):
        assert try_password(client, login, "Wrong-7-quay-drift").status_code == 422
    assert try_password(client, login, people.PASSWORD).status_code == 429
    advance(timedelta(seconds=2))
    with app.app_context(), transaction():
        db.session.execute(update(SignInThrottle).values(failures=9))
        db.session.execute(delete(SignInThrottle).where(SignInThrottle.failures != 9))
        actions.count_failure(login, "192.0.2.1", clock.now())
    assert try_password(client, login, people.PASSWORD).status_code == 429
    advance(timedelta(minutes=16))
    assert try_password(client, login, people.PASSWORD).status_code == 303
    with app.app_context():
        keys = db.session.scalars(select(SignInThrottle.key)).all()
        assert len(keys) == 2  # the two addresses; the account begins anew


def test_an_address_that_tries_many_names_waits(app: Flask, client: FlaskClient) -> None:
    for n in range(10):
        assert try_password(client, f"guess{n}", "Wrong-7-quay-drift").status_code == 422
    assert try_password(client, "guess99", "Wrong-7-quay-drift").status_code == 429


def test_simultaneous_failures_are_all_counted(app: Flask) -> None:
    def fail(_n: int) -> None:
        with app.app_context(), transaction():
            actions.count_failure("somebody", "192.0.2.9", clock.now())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fail, range(30)))
    with app.app_context():
        assert set(db.session.scalars(select(SignInThrottle.failures))) == {30}


def test_sessions_end_by_idleness_and_age(
    app: Flask, sign_in_as: Callable[..., FlaskClient], advance: Advance
) -> None:
    party = made_firm(app)
    browser = sign_in_as(party.user)
    advance(timedelta(days=3))
    assert browser.get("/workspace").status_code == 200  # demo time is not the session's time
    with app.app_context(), transaction():
        moved = queries.real_now() - timedelta(minutes=31)
        db.session.execute(update(WebSession).values(last_seen_at=moved))
    assert browser.get("/workspace").status_code == 302
    browser = sign_in_as(party.user)
    with app.app_context(), transaction():
        db.session.execute(update(WebSession).values(expires_at=queries.real_now()))
    assert browser.get("/workspace").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/needs?page=2", "/needs?page=2"),
        ("//evil.example/", "/workspace"),
        ("/\\evil.example/", "/workspace"),
        ("https://evil.example/", "/workspace"),
    ],
)
def test_the_way_on_stays_on_this_site(
    app: Flask, client: FlaskClient, wanted: str, led: str
) -> None:
    login = login_of(app, made_firm(app))
    answer = client.post(
        "/sign-in",
        query_string={"next": wanted},
        data={"login": login, "password": people.PASSWORD},
    )
    assert answer.location == led


def registration(**more: str) -> dict[str, str]:
    return {
        "name": "青河明远咨询有限公司",
        "kind": "company",
        "credit_code": people.new_credit_code(),
        "phone": "0399-6660001",
        "person_name": "周经办",
        "login": "mingyuan",
        "password": "Lantern-7-quay-drift",
        "password_again": "Lantern-7-quay-drift",
        "agreed": "y",
        **more,
    }


def test_a_firm_registers_and_signs_in(app: Flask, client: FlaskClient) -> None:
    assert client.get("/register").status_code == 200
    assert client.get("/register?side=firm").status_code == 200
    data = registration(legal_representative="郑法人", idempotency_key="once")
    for _each in range(2):
        answer = client.post("/register?side=firm", data=data)
        assert answer.status_code == 303
    with app.app_context():
        firm = db.session.scalars(
            select(Organisation).where(Organisation.name == data["name"])
        ).one()
        assert firm.legal_representative == "郑法人"
        roles = db.session.scalars(
            select(Membership.role).where(Membership.organisation_id == firm.id)
        ).all()
        assert roles == [Role.FIRM_ADMIN]
        kept = db.session.scalars(select(IdempotencyKey.content)).all()
        assert all(data["password"] not in each for each in kept)
    assert try_password(client, "mingyuan", data["password"]).status_code == 303


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"credit_code": "91110000600037341M"}, "统一社会信用代码校验未通过"),
        ({"credit_code": ""}, "请填写统一社会信用代码"),
        ({"password": "short", "password_again": "short"}, "密码至少 12 位"),
        ({"password_again": "other"}, "两次输入的密码不一致"),
        ({"login": "中文"}, "登录名为 3 至 40 位"),
        ({"kind": "agency"}, "选"),
        ({"name": ""}, "请填写此项"),
        ({"name": "字" * 121}, "请控制在 120 个字以内"),
        ({"name": "甲\x00乙"}, "控制字符"),
        ({"email": "nobody"}, "电子邮箱格式不正确"),
        ({"surprise": "x"}, "不认识的字段"),
        ({"agreed": ""}, "勾选"),
    ],
)
def test_a_wrong_registration_names_the_field_and_keeps_nothing(
    app: Flask, client: FlaskClient, change: dict[str, str], words: str
) -> None:
    data = registration(legal_representative="郑法人", **change)
    if not data["agreed"]:
        del data["agreed"]
    answer = client.post("/register?side=firm", data=data)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Lantern-7-quay-drift" not in answer.text
    with app.app_context():
        assert db.session.scalars(select(User.id)).all() == []


def test_a_body_already_registered_is_a_conflict(app: Flask, client: FlaskClient) -> None:
    data = registration(legal_representative="郑法人")
    assert client.post("/register?side=firm", data=data).status_code == 303
    assert client.post("/register?side=firm", data={**data, "login": "second"}).status_code == 409


def test_an_agency_registers_with_two_people(app: Flask, client: FlaskClient) -> None:
    data = registration(kind="agency", jurisdiction_code="379921")
    assert client.post("/register?side=owner", data=data).status_code == 422
    data |= {
        "approver_name": "吴审批",
        "approver_login": "approver",
        "approver_password": "Harbour-9-stone-mill",
    }
    assert client.post("/register?side=owner", data=data).status_code == 303
    with app.app_context():
        held = db.session.scalars(select(Membership.role).order_by(Membership.id)).all()
        assert held == [Role.OWNER_EDITOR, Role.OWNER_APPROVER]
    assert try_password(client, "approver", "Harbour-9-stone-mill").status_code == 303


def test_a_village_committee_registers_with_its_certificate(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    code = people.new_credit_code(OrganisationKind.VILLAGE_COMMITTEE)
    data = registration(
        kind="village_committee", jurisdiction_code="379921", name="示范村委会", credit_code=code
    )
    asked = client.post("/register?side=owner", data=data)
    assert asked.status_code == 422
    assert "请上传特别法人统一社会信用代码证书" in asked.text
    wrong = {**data, "certificate": (io.BytesIO(b"MZ"), "证书.pdf")}
    assert "不符" in client.post("/register?side=owner", data=wrong).text
    with app.app_context():
        assert db.session.scalars(select(User.id)).all() == []
    right = {**data, "certificate": (io.BytesIO(PDF), "证书.pdf")}
    assert client.post("/register?side=owner", data=right).status_code == 303
    with app.app_context(), transaction():
        village = db.session.scalars(select(Organisation).where(Organisation.credit_code == code))
        address = f"/organisations/{village.one().public_id}/certificate"
        user = db.session.scalars(select(User)).one()
        rival = people.owner()
        officer = people.officer(Role.BUREAU_OPERATOR)
    own = sign_in_as(user)
    assert address in own.get("/account").text
    assert own.get(address).data == PDF
    assert sign_in_as(officer.user).get(address).data == PDF
    assert sign_in_as(rival.user).get(address).status_code == 404


def test_a_natural_person_registers_without_showing_the_number(
    app: Flask, client: FlaskClient
) -> None:
    number = resident_id(41)
    data = registration(
        kind="natural_person", credit_code="", jurisdiction_code="379902", name="冯自然"
    )
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    refused = client.post("/register?side=owner", data={**data, "identity_number": wrong})
    assert refused.status_code == 422
    assert "身份证件号码校验未通过" in refused.text
    accepted = client.post("/register?side=owner", data={**data, "identity_number": number})
    assert accepted.status_code == 303
    with app.app_context():
        person = db.session.scalars(select(Organisation).where(Organisation.name == "冯自然")).one()
        assert person.public_name == "自然人"
        assert person.credit_code is None
        assert number not in (person.identity_digest or number)


def test_the_first_start_makes_the_bureau_and_two_administrators(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        token = actions.issue_setup_token(clock.now())
        code = queries.bureau(people.CITY).credit_code
        superior = people.new_credit_code(OrganisationKind.AGENCY)
    data = {
        "token": token,
        "bureau_name": "青河市行政审批服务局",
        "credit_code": code,
        "phone": "0399-5550100",
        "system_name": "钱系统",
        "system_login": "system",
        "system_password": "Lantern-7-quay-drift",
        "security_name": "孙安全",
        "security_login": "security",
        "security_password": "Harbour-9-stone-mill",
        "superior_name": "山东省中介超市监督总站",
        "superior_credit_code": superior,
        "supervisor_name": "李监督",
        "supervisor_login": "supervisor",
        "supervisor_password": "Meadow-3-brick-lamp",
    }
    for change in (
        {"token": "guess"},
        {"security_name": "钱系统"},
        {"system_password": "Short-7-a"},
    ):
        assert client.post("/setup", data={**data, **change}).status_code == 422
    assert client.post("/setup", data=data).status_code == 303
    assert client.post("/setup", data=data).status_code == 404
    assert client.get("/setup").status_code == 404
    with app.app_context(), transaction():
        assert actions.issue_setup_token(clock.now()) is None
        held = db.session.scalars(select(Membership.role).order_by(Membership.id)).all()
        assert held == [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.SUPERVISOR]


def test_a_setup_token_lasts_thirty_minutes(
    app: Flask, client: FlaskClient, advance: Advance
) -> None:
    with app.app_context(), transaction():
        token = actions.issue_setup_token(clock.now())
    advance(timedelta(minutes=30))
    with app.app_context(), transaction(), pytest.raises(Invalid):
        actions.use_setup_token(
            token or "",
            bureau_name="x",
            bureau_credit_code="x",
            bureau_phone="x",
            jurisdiction_code=people.CITY,
            system_admin=actions.NewPerson("system", "钱系统", "Lantern-7-quay-drift"),
            security_admin=actions.NewPerson("security", "孙安全", "Lantern-7-quay-drift"),
            superior_name="x",
            superior_credit_code="x",
            supervisor=actions.NewPerson("supervisor", "李监督", "Lantern-7-quay-drift"),
            now=clock.now(),
        )
