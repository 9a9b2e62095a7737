"""How many firms could enter, told while a need is written."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import Need
from tests.factories import accounts, intermediaries


def test_the_count_follows_the_answers_and_stores_nothing(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        for name in ("甲", "乙"):
            intermediaries.listed(name=f"青河{name}环境咨询有限公司")
        owner = accounts.owner()
        login = owner.user.login
    page = "/owner/needs/prospect/hpwj"
    assert client.get(page).status_code == 302
    client.post("/sign-in", data={"login": login, "password": accounts.PASSWORD})
    shown = client.get(f"{page}?investment=enterprise").get_data(as_text=True)
    assert "在册机构 2 家，按所选条件现可报名 2 家" in shown
    assert "不足 3 家" in shown
    # neither has a grade yet: nobody reaches a minimum of A
    shown = client.get(f"{page}?minimum_grade=A").get_data(as_text=True)
    assert "在册机构 2 家，按所选条件现可报名 0 家" in shown
    assert client.get(f"{page}?minimum_grade=Z").status_code == 200
    assert client.get("/owner/needs/prospect/nothing").status_code == 404
    with app.app_context():
        assert db.session.query(Need).count() == 0
