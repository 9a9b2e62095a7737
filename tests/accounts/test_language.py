"""The language chosen belongs to the person: kept with the account, met again elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories.accounts import PASSWORD

from .test_renewing import firm_with_mail, mails

ENGLISH, CHINESE = '<html lang="en">', '<html lang="zh-CN">'


def _enter(browser: FlaskClient, login: str) -> str:
    answer = browser.post(
        "/sign-in", data={"login": login, "password": PASSWORD}, follow_redirects=True
    )
    assert answer.status_code == 200
    return answer.text


def _kept(app: Flask, login: str) -> str | None:
    with app.app_context():
        return db.session.scalar(select(User.language).where(User.login == login))


def test_the_language_follows_the_account(app: Flask) -> None:
    _party, login = firm_with_mail(app)
    first = app.test_client()
    assert CHINESE in _enter(first, login)
    assert _kept(app, login) is None
    assert first.get("/workspace?lang=en").status_code == 303
    assert ENGLISH in first.get("/workspace").text
    assert _kept(app, login) == "en"
    elsewhere = app.test_client()
    assert CHINESE in elsewhere.get("/sign-in").text
    assert ENGLISH in _enter(elsewhere, login), "a new browser speaks as the person chose"
    chosen = app.test_client()
    chosen.get("/?lang=zh")
    assert CHINESE in _enter(chosen, login), "what was chosen in a browser stands there"
    assert _kept(app, login) == "en"


def test_a_choice_before_signing_in_becomes_the_accounts_first(app: Flask) -> None:
    _party, login = firm_with_mail(app)
    _other, unmoved = firm_with_mail(app)
    browser = app.test_client()
    browser.get("/sign-in?lang=en")
    refused = browser.post("/sign-in", data={"login": unmoved, "password": "wrong-Word-1-here"})
    assert refused.status_code == 422
    assert ENGLISH in _enter(browser, login)
    assert _kept(app, login) == "en"
    assert _kept(app, unmoved) is None


def test_mails_to_a_person_are_in_the_persons_language(app: Flask) -> None:
    _party, login = firm_with_mail(app)
    visitor = app.test_client()
    visitor.get("/sign-in?lang=en")
    visitor.post("/password-reset", data={"login": login})
    (chinese,) = mails(app)
    assert "重新设置您的密码" in chinese, "who asks does not decide how the person is addressed"
    _enter(visitor, login)
    _second, reader = firm_with_mail(app)
    _enter(visitor, reader)
    assert _kept(app, reader) == "en"
    app.test_client().post("/password-reset", data={"login": reader})
    english = next(mail for mail in mails(app) if mail != chinese)
    assert "30 minutes" in english
    assert "重新设置" not in english
    assert "please do not reply" in english


def test_an_invitation_speaks_both_languages_until_one_is_known(
    app: Flask, sign_in_as: Callable[..., FlaskClient]
) -> None:
    inviter, login = firm_with_mail(app)
    _enter(app.test_client(), login)
    browser = sign_in_as(inviter.user)
    invite = {"name": "林晓舟", "role": "firm_staff", "email": "new@firm.invalid"}
    assert browser.post("/staff", data=invite).status_code == 200
    (both,) = mails(app)
    assert "请在 7 天内打开链接开通账号" in both
    assert "within 7 days" in both
    assert both.count("/invitations/") == 1
    _reader, known = firm_with_mail(app)
    with app.app_context(), transaction():
        person = db.session.scalars(select(User).where(User.login == known)).one()
        person.email, person.language = "reader@firm.invalid", "en"
    browser.post("/staff", data={**invite, "email": "reader@firm.invalid"})
    english = next(mail for mail in mails(app) if mail != both)
    assert "within 7 days" in english
    assert "请在" not in english
