"""Passwords renewed: by their owner, or by a mailed link that tells nothing and works once."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import PasswordReset, User
from marketplace.accounts.permissions import Role
from marketplace.accounts.rules import password_problem
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Letter
from marketplace.schedule import run_due
from tests.factories import accounts as people

from .devices import set_up, sign_in

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]
WORDS = [f"Harbour-{n}-stone-mill" for n in range(9)]


def firm_with_mail(app: Flask) -> tuple[people.Party, str]:
    with app.app_context(), transaction():
        party = people.firm()
        party.user.email = "keeper@firm.invalid"
        return party, party.user.login


def change(browser: FlaskClient, current: str, new: str) -> int:
    data = {"current": current, "password": new, "password_again": new}
    return browser.post("/account/password", data=data).status_code


def mails(app: Flask) -> list[str]:
    with app.app_context():
        run_due()
    folder = Path(app.config["MAIL_DIR"])
    found = []
    for file in sorted(folder.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns):
        mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        body = mail.get_body(("plain",))
        assert body is not None
        found.append(f"{mail['To']}\n{body.get_content()}")
    return found


def link_in(mail: str) -> str:
    found = re.search(r"https?://[^/\s]+(/password-reset/[\w-]+)", mail)
    assert found is not None, mail
    return found.group(1)


def test_a_password_is_changed_after_the_present_one(app: Flask, sign_in_as: SignIn) -> None:
    party, login = firm_with_mail(app)
    browser, elsewhere = app.test_client(), sign_in_as(party.user)
    sign_in(browser, login)
    before = browser.get_cookie("sid")
    assert change(browser, "wrong-Word-1-here", WORDS[0]) == 422
    assert change(browser, people.PASSWORD, people.PASSWORD) == 422
    assert change(browser, people.PASSWORD, "Sunshine-2026!!") == 422
    assert elsewhere.get("/workspace").status_code == 200
    assert change(browser, people.PASSWORD, WORDS[0]) == 303
    after = browser.get_cookie("sid")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert browser.get("/workspace").status_code == 200
    assert elsewhere.get("/workspace").status_code == 302
    for old, new in itertools.pairwise(WORDS[:5]):
        assert change(browser, old, new) == 303
    assert [change(browser, WORDS[4], each) for each in WORDS[:5]] == [422] * 5
    assert change(browser, WORDS[4], people.PASSWORD) == 303  # the sixth before may come back


def test_guessing_the_present_password_locks(app: Flask, sign_in_as: SignIn) -> None:
    party, _login = firm_with_mail(app)
    browser = sign_in_as(party.user)
    answers = [change(browser, "wrong-Word-1-here", WORDS[0]) for _n in range(6)]
    assert answers == [422] * 5 + [429]


def test_a_forgotten_password_is_set_by_a_link_that_works_once(
    app: Flask, sign_in_as: SignIn
) -> None:
    party, login = firm_with_mail(app)
    signed_in = sign_in_as(party.user)
    visitor = app.test_client()
    known = visitor.post("/password-reset", data={"login": login.upper()}, follow_redirects=True)
    unknown = visitor.post("/password-reset", data={"login": "nobody"}, follow_redirects=True)
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert login not in known.text
    sent = mails(app)
    assert len(sent) == 1
    assert sent[0].startswith("keeper@firm.invalid")
    link = link_in(sent[0])
    token = link.rsplit("/", 1)[1]
    with app.app_context():
        letter = db.session.scalars(select(Letter)).one()
        assert letter.sealed is None
        rows = db.session.scalars(select(PasswordReset)).all()
        assert len(rows) == 2
        assert token not in {row.token_digest for row in rows}
    assert "no-store" in visitor.get(link).headers["Cache-Control"]
    new = {"password": WORDS[1], "password_again": WORDS[1]}
    weak = {"password": people.PASSWORD, "password_again": people.PASSWORD}
    assert visitor.post(link, data=weak).status_code == 422
    assert visitor.post(link, data=new).status_code == 303
    assert visitor.get("/workspace").status_code == 302
    assert visitor.get(link).status_code == 404
    assert visitor.post(link, data=new).status_code == 404
    assert signed_in.get("/workspace").status_code == 302
    refused = visitor.post("/sign-in", data={"login": login, "password": people.PASSWORD})
    assert refused.status_code == 422
    sign_in(visitor, login, WORDS[1])


def test_a_link_ends_after_thirty_minutes_and_with_a_newer_password(
    app: Flask, advance: Advance, sign_in_as: SignIn
) -> None:
    party, login = firm_with_mail(app)
    visitor = app.test_client()
    visitor.post("/password-reset", data={"login": login})
    link = link_in(mails(app)[-1])
    advance(timedelta(minutes=30))
    assert visitor.get(link).status_code == 404
    visitor.post("/password-reset", data={"login": login})
    newer = link_in(mails(app)[-1])
    assert newer != link
    assert visitor.get(newer).status_code == 200
    assert change(sign_in_as(party.user), people.PASSWORD, WORDS[0]) == 303
    assert visitor.get(newer).status_code == 404


def test_links_are_not_sent_without_end(app: Flask, advance: Advance) -> None:
    _party, login = firm_with_mail(app)
    visitor = app.test_client()
    for _n in range(3):
        visitor.post("/password-reset", data={"login": login})
    assert len(mails(app)) == 1
    for _n in range(7):
        advance(timedelta(minutes=61))
        visitor.post("/password-reset", data={"login": login})
    assert len(mails(app)) == 5
    answers = [visitor.post("/password-reset", data={"login": "x"}).status_code for _n in range(6)]
    assert answers[-1] == 429


def test_a_new_password_does_not_get_round_the_second_factor(guarded: Flask) -> None:
    _party, login = firm_with_mail(guarded)
    browser = guarded.test_client()
    sign_in(browser, login)
    device = set_up(guarded, browser)
    visitor = guarded.test_client()
    visitor.post("/password-reset", data={"login": login})
    link = link_in(mails(guarded)[-1])
    visitor.post(link, data={"password": WORDS[2], "password_again": WORDS[2]})
    sign_in(visitor, login, WORDS[2])
    assert visitor.get("/workspace").status_code == 302
    assert visitor.get("/account/factor").status_code == 404
    answer = visitor.post("/sign-in/factor", data={"code": device.code(1)})
    assert answer.status_code == 303
    assert visitor.get("/workspace").status_code == 200


def test_an_invitation_is_mailed_where_an_address_is_given(app: Flask, sign_in_as: SignIn) -> None:
    party, _login = firm_with_mail(app)
    data = {"name": "何经办", "role": Role.FIRM_STAFF.value, "email": "new@firm.invalid"}
    page = sign_in_as(party.user).post("/staff", data=data).text
    assert "/invitations/" not in page.split("未使用的邀请")[0]
    assert "链接已发送" in page
    mail = mails(app)[-1]
    assert mail.startswith("new@firm.invalid")
    found = re.search(r"https?://[^/\s]+(/invitations/[\w-]+)", mail)
    assert found is not None
    assert app.test_client().get(found.group(1)).status_code == 200
    with app.app_context():
        assert db.session.scalars(select(User.email).where(User.name == "何经办")).all() == []


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("Lantern-7-quay-drift", None),
        ("Sunshine-2026!!", "common"),
        ("P@ssw0rd123456", "common"),
        ("WangWei19900101!", "common"),
        ("Zhongjie-2026-Chaoshi", "common"),
        ("Qwertyuiop12345", "common"),
        ("zhangsan123zhangsan123", "common"),
        ("370102-Abc-2026", "common"),
        ("Abc-Mingyuan-77", "context"),
        ("lanternquaydrift", "simple"),
        ("lantern quay drift mill", None),
    ],
)
def test_common_words_make_no_password(password: str, problem: str | None) -> None:
    assert password_problem(password, False, ["mingyuan"]) == problem


def test_a_password_past_its_time_is_changed_before_anything_else(
    guarded: Flask, advance: Advance
) -> None:
    with guarded.app_context(), transaction():
        officer = people.officer(Role.BUREAU_OPERATOR)
        login = officer.user.login
    party_login = firm_with_mail(guarded)[1]
    advance(timedelta(days=89))
    browser = guarded.test_client()
    sign_in(browser, login)
    set_up(guarded, browser)
    assert browser.get("/workspace").status_code == 200
    advance(timedelta(days=1, hours=1))
    for page in ("/workspace", "/account", "/supervision"):
        assert browser.get(page).location == "/account/password", page
    assert browser.post("/account/sessions/others/end").location == "/account/password"
    assert browser.get("/").status_code == 200
    assert "修改后方可继续办理" in browser.get("/account/password").text
    assert change(browser, people.PASSWORD, WORDS[0]) == 303
    assert browser.get("/workspace").status_code == 200
    firm = guarded.test_client()
    sign_in(firm, party_login)
    set_up(guarded, firm)
    assert firm.get("/workspace").status_code == 200
