"""The fixtures every test stands on: two engines, a copy each, time that starts at one point."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from marketplace.accounts.models import Organisation, User
from marketplace.foundation import audit, clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import current_actor
from tests.conftest import START
from tests.factories import accounts


def _write_and_count(app: Flask, engine_name: str) -> int:
    with app.app_context():
        assert db.session.scalar(text("SELECT 1")) == 1
        assert db.engine.dialect.name == engine_name
        assert timedelta(0) <= clock.now() - START < timedelta(minutes=2)
        before = db.session.scalar(select(func.count()).select_from(User)) or 0
        with transaction():
            accounts.firm("只在这里的公司")
        assert list(audit.verify()) == []
        return before


def test_each_test_has_its_own_copy(app: Flask, engine_name: str) -> None:
    assert _write_and_count(app, engine_name) == 0


def test_what_another_test_wrote_is_gone(app: Flask, engine_name: str) -> None:
    assert _write_and_count(app, engine_name) == 0


def test_the_prepared_database_holds_the_offices(app: Flask) -> None:
    with app.app_context():
        offices = select(func.count()).select_from(Organisation)
        assert (db.session.scalar(offices) or 0) >= 5


def test_time_moves_forward(app: Flask, advance: Callable[[timedelta], None]) -> None:
    advance(timedelta(days=3))
    with app.app_context():
        assert timedelta(0) <= clock.now() - START - timedelta(days=3) < timedelta(minutes=2)


def test_a_person_is_signed_in(app: Flask, sign_in_as: Callable[..., FlaskClient]) -> None:
    with app.app_context(), transaction():
        party = accounts.firm()
    browser = sign_in_as(party.user)
    cookie = browser.get_cookie("sid")
    assert cookie is not None
    for value, signed_in in ((cookie.value, True), ("x" + cookie.value, False)):
        with app.test_request_context(headers={"Cookie": f"sid={value}"}):
            actor = current_actor()
            assert (actor is not None) == signed_in
            if actor:
                assert actor.roles == {"firm_admin"}
