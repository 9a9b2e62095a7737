"""Everybody walks through the demo in English: what is left in Chinese is data and nothing else."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.foundation.db import db
from tests.chinese import data_of, left_over
from tests.conftest import sign_in
from tests.journeys.test_every_page import PEOPLE
from tests.walking import walk

EXAMPLES = "/design"  # the page of parts shows made-up data that is written for it
# a visitor, a firm, an owner and a bureau officer always; the others see much the same
FIRST = {PEOPLE[0], PEOPLE[1], PEOPLE[4], "jingban"}


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize(
    "login",
    [pytest.param(one, marks=() if one in FIRST else pytest.mark.long) for one in PEOPLE],
)
def test_only_data_is_chinese(demo_app: Flask, login: str) -> None:
    with demo_app.app_context():
        user = db.session.scalar(select(User).where(User.login == login))
    browser = sign_in(demo_app, user) if user else demo_app.test_client()
    browser.set_cookie("lang", "en")
    data = data_of(demo_app)
    wrong: dict[str, object] = {}
    seen = 0
    for path, answer in walk(browser, ["/", "/workspace"] if user else ["/"]):
        if answer.status_code == 200 and answer.mimetype == "text/html" and path != EXAMPLES:
            seen += 1
            assert '<html lang="en">' in answer.text, path
            if found := left_over(answer.text, data):
                wrong[path] = found
    assert not wrong, "\n".join(f"{path}: {what}" for path, what in wrong.items())
    assert seen > 15
