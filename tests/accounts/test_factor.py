"""The second factor: asked of those who must, once per code, and never got round."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from marketplace.accounts.models import FactorReset, RecoveryCode, User, WebSession
from marketplace.accounts.permissions import Role
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts as people

from .devices import Device, set_up, sign_in

SignIn = Callable[..., FlaskClient]


def made(app: Flask, role: Role) -> tuple[people.Party, str]:
    with app.app_context(), transaction():
        party = people.officer(role)
        return party, party.user.login


def firm_login(app: Flask) -> str:
    with app.app_context(), transaction():
        return people.firm().user.login


def enter(browser: FlaskClient, code: str) -> int:
    return browser.post("/sign-in/factor", data={"code": code}).status_code


def test_an_official_is_led_to_set_a_factor_up_before_anything_else(guarded: Flask) -> None:
    _party, login = made(guarded, Role.BUREAU_OPERATOR)
    browser = guarded.test_client()
    sign_in(browser, login)
    for page in ("/workspace", "/supervision", "/account", "/account/password"):
        assert "/sign-in" in browser.get(page).location, page
    assert browser.post("/account/sessions/others/end").status_code == 401
    led = browser.get("/workspace", follow_redirects=True)
    assert "须先设置二次验证" in led.text
    before = browser.get_cookie("sid")
    assert before is not None
    assert browser.get("/account/factor/picture.svg").status_code == 404
    device = set_up(guarded, browser)
    assert len(set(device.recovery)) == 10
    after = browser.get_cookie("sid")
    assert after is not None
    assert after.value != before.value
    assert browser.get("/workspace").status_code == 200
    assert browser.get("/account/factor/picture.svg").status_code == 404
    thief = guarded.test_client()
    thief.set_cookie("sid", before.value)
    assert thief.get("/workspace").status_code == 302
    with guarded.app_context():
        user = db.session.scalars(select(User).where(User.login == login)).one()
        assert device.key not in (user.factor_secret or "")
        stored = db.session.scalars(select(RecoveryCode.code_digest)).all()
        assert not set(device.recovery) & set(stored)


def test_a_code_works_once_and_a_recovery_code_too(guarded: Flask) -> None:
    login = firm_login(guarded)
    first, before = guarded.test_client(), guarded.test_client()
    for browser in (first, before):
        sign_in(browser, login)
    device = set_up(guarded, first)
    # signed in by the password alone before there was a factor: over, even with a right code
    assert enter(before, device.code(1)) == 401
    used = device.code()
    second, third = guarded.test_client(), guarded.test_client()
    sign_in(second, login)
    # the code that set the factor up is used already; the next half minute's is not
    assert enter(second, used) == 422
    fresh = device.code(1)
    assert enter(second, f" {fresh[:3]} {fresh[3:]} ") == 303
    assert second.get("/workspace").status_code == 200
    sign_in(third, login)
    assert enter(third, fresh) == 422
    assert third.get("/workspace").status_code == 302
    assert enter(third, device.recovery[0].upper()) == 303
    fourth = guarded.test_client()
    sign_in(fourth, login)
    assert enter(fourth, device.recovery[0]) == 422
    assert enter(fourth, device.recovery[1]) == 303
    renewed = fourth.post("/account/factor/codes")
    codes = re.findall(r"<code>([\w-]{14})</code>", renewed.text)
    assert len(codes) == 10
    fifth = guarded.test_client()
    sign_in(fifth, login)
    assert enter(fifth, device.recovery[2]) == 422
    assert enter(fifth, codes[0]) == 303


def test_guesses_are_limited_even_at_the_same_moment(guarded: Flask) -> None:
    login = firm_login(guarded)
    browser = guarded.test_client()
    sign_in(browser, login)
    device = set_up(guarded, browser)
    browsers = [guarded.test_client() for _n in range(3)]
    for each in browsers:
        sign_in(each, login)
    right = {device.code(step) for step in range(-2, 4)}
    wrong = next(code for code in map("{:06d}".format, range(20)) if code not in right)
    # guesses are counted in windows of five minutes: all twelve have to fall into one
    while time.time() % 300 > 270:
        time.sleep(1)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: enter(browsers[n % 3], wrong), range(12)))
    assert sorted(answers) == [422] * 5 + [429] * 7
    assert enter(browsers[0], device.code(1)) == 429


def test_the_same_code_at_the_same_moment_lets_one_in(guarded: Flask) -> None:
    login = firm_login(guarded)
    browser = guarded.test_client()
    sign_in(browser, login)
    device = set_up(guarded, browser)
    browsers = [guarded.test_client() for _n in range(3)]
    for each in browsers:
        sign_in(each, login)
    code = device.code(1)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda each: enter(each, code), browsers))
    assert sorted(answers) == [303, 422, 422]


def test_a_stolen_password_alone_throws_nobody_out(guarded: Flask) -> None:
    _party, login = made(guarded, Role.BUREAU_OPERATOR)
    owner, thief = guarded.test_client(), guarded.test_client()
    sign_in(owner, login)
    device = set_up(guarded, owner)
    for _n in range(4):
        sign_in(thief, login)
    assert enter(thief, "000000") == 422
    assert owner.get("/supervision").status_code == 200
    second = guarded.test_client()
    sign_in(second, login)
    assert enter(second, device.code(1)) == 303
    assert second.get("/supervision").status_code == 200
    assert owner.get("/supervision").status_code == 302  # one at a time for officials
    assert enter(thief, device.recovery[0]) == 401
    with guarded.app_context():
        failed = select(func.count()).where(AuditRow.action == "factor.failed")
        assert db.session.scalar(failed) == 1


def test_who_need_not_may_still_have_one_and_is_then_always_asked(
    guarded: Flask, sign_in_as: SignIn
) -> None:
    with guarded.app_context(), transaction():
        firm = people.firm()
        staff = people.user(firm.organisation, Role.FIRM_STAFF)
        login = staff.login
    browser = guarded.test_client()
    sign_in(browser, login)
    assert browser.get("/workspace").status_code == 200
    device = set_up(guarded, browser)
    again = guarded.test_client()
    sign_in(again, login)
    assert again.get("/workspace").status_code == 302
    # a session that owes its code cannot replace the factor, see a new key, or drop it
    assert again.get("/account/factor").status_code == 404
    assert again.post("/account/factor/key").status_code == 404
    assert again.post("/account/factor/off").status_code == 401
    assert enter(again, device.code(1)) == 303
    assert again.post("/account/factor/off").status_code == 303
    plain = guarded.test_client()
    sign_in(plain, login)
    assert plain.get("/workspace").status_code == 200


def test_an_administrator_cannot_drop_the_factor(guarded: Flask) -> None:
    login = firm_login(guarded)
    browser = guarded.test_client()
    sign_in(browser, login)
    set_up(guarded, browser)
    assert browser.post("/account/factor/off").status_code == 403


def prove(browser: FlaskClient, device: Device, later: int = 1) -> None:
    with device.app.app_context(), transaction():
        db.session.execute(text("UPDATE users SET factor_step = NULL"))
    answer = browser.post("/account/confirm", data={"code": device.code(later)})
    assert answer.status_code == 303, answer.text


def lapse(app: Flask) -> None:
    """Let every proof be six minutes old."""
    with app.app_context(), transaction():
        for row in db.session.scalars(select(WebSession)):
            if row.confirmed_at is not None:
                row.confirmed_at = row.confirmed_at.replace(year=row.confirmed_at.year - 1)


def test_a_grave_act_asks_for_a_fresh_proof_and_loses_nothing(guarded: Flask) -> None:
    login = firm_login(guarded)
    browser = guarded.test_client()
    sign_in(browser, login)
    device = set_up(guarded, browser)
    assert browser.get("/staff").status_code == 200
    lapse(guarded)
    led = browser.get("/staff?x=1")
    assert led.status_code == 303
    assert led.location == "/account/confirm?next=/staff?x%3D1"
    asked = browser.post("/staff", data={"name": "何经办", "role": "firm_staff"})
    assert asked.status_code == 403
    with guarded.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
        assert db.session.execute(text("SELECT count(*) FROM invitations")).scalar_one() == 0
    kept = re.search(r'name="kept"[^>]*value="([^"]*)"', asked.text)
    assert kept is not None
    import html

    data = {"kept": html.unescape(kept.group(1))}
    assert browser.post("/account/confirm", data={**data, "code": "000000"}).status_code == 422
    resumed = browser.post("/account/confirm", data={**data, "code": device.code(1)})
    assert resumed.status_code == 200
    assert 'action="/staff"' in resumed.text
    assert 'value="何经办"' in resumed.text
    done = browser.post("/staff", data={"name": "何经办", "role": "firm_staff"})
    assert "/invitations/" in done.text
    foreign = '{"action": "//evil.example/", "fields": []}'
    lapse(guarded)
    with guarded.app_context(), transaction():
        db.session.execute(text("UPDATE users SET factor_step = NULL"))
    sent = browser.post(
        "/account/confirm?next=//evil.example/", data={"kept": foreign, "code": device.code()}
    )
    assert sent.location == "/account"


def test_a_lost_factor_takes_two_administrators(guarded: Flask, sign_in_as: SignIn) -> None:
    system, _login = made(guarded, Role.SYSTEM_ADMIN)
    second, _login = made(guarded, Role.SYSTEM_ADMIN)
    security, _login = made(guarded, Role.SECURITY_ADMIN)
    supervisor, superior_login = made(guarded, Role.SUPERVISOR)
    login = firm_login(guarded)
    victim = guarded.test_client()
    sign_in(victim, login)
    set_up(guarded, victim)
    data = {"login": login, "reason": "本人持证到窗口核验，手机遗失"}
    assert sign_in_as(security.user).post("/factor-resets", data=data).status_code == 422
    proposer = sign_in_as(system.user)
    for wrong in ("nobody", superior_login):
        assert proposer.post("/factor-resets", data={**data, "login": wrong}).status_code == 422
    assert proposer.post("/factor-resets", data=data).status_code == 303
    assert sign_in_as(second.user).post("/factor-resets", data=data).status_code == 409
    with guarded.app_context():
        public_id = db.session.scalars(select(FactorReset.public_id)).one()
    address = f"/factor-resets/{public_id}/approval"
    assert proposer.post(address).status_code == 404
    assert sign_in_as(supervisor.user).post(address).status_code == 404
    assert victim.get("/workspace").status_code == 200
    approver = sign_in_as(security.user)
    assert login in approver.get("/factor-resets").text
    assert approver.post(address).status_code == 303
    assert approver.post(address).status_code == 409
    assert victim.get("/workspace").status_code == 302
    again = guarded.test_client()
    sign_in(again, login)
    assert "须先设置二次验证" in again.get("/workspace", follow_redirects=True).text


def test_supervisors_reset_for_their_own_office_and_nobody_alone(
    guarded: Flask, sign_in_as: SignIn
) -> None:
    one, _login = made(guarded, Role.SUPERVISOR)
    two, _login = made(guarded, Role.SUPERVISOR)
    _three, login = made(guarded, Role.SUPERVISOR)
    owner = guarded.test_client()
    sign_in(owner, login)
    set_up(guarded, owner)
    proposer = sign_in_as(one.user)
    data = {"login": login, "reason": "本人当面说明，手机遗失"}
    assert proposer.post("/factor-resets", data=data).status_code == 303
    with guarded.app_context():
        public_id = db.session.scalars(select(FactorReset.public_id)).one()
    address = f"/factor-resets/{public_id}/approval"
    assert proposer.post(address).status_code == 403
    assert owner.post(address).status_code == 403
    assert owner.get("/workspace").status_code == 200
    assert sign_in_as(two.user).post(address).status_code == 303
    assert owner.get("/workspace").status_code == 302


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_where_it_is_switched_off_nothing_is_asked_and_the_page_says_so(demo_app: Flask) -> None:
    assert demo_app.config["SECOND_FACTOR"] is False
    demo_app.config["IS_DEMO"] = True
    try:
        browser = demo_app.test_client()
        sign_in(browser, "jingban", "demo-Qinghe-2026")
        page = browser.get("/workspace")
        assert page.status_code == 200
        assert "二次验证和操作前确认已关闭" in page.text
    finally:
        demo_app.config["IS_DEMO"] = False
