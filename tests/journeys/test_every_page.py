"""Everybody walks through the demo along every link: each page answers and is well made."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import User
from marketplace.demo.people import FIRMS, OFFICERS, OWNERS
from marketplace.foundation.db import Base, db
from tests.conftest import sign_in
from tests.walking import walk

NOTES = {"audit_ledger", "web_sessions"}
PEOPLE = [
    "",
    FIRMS[0].login,
    FIRMS[4].login,
    FIRMS[8].login,
    OWNERS[0].login,
    "jiaotong-sp",
    OWNERS[2].login,
    *(login for login, _name, _role, _office in OFFICERS[:5]),
    "jiandu",
    "jijian",
]


def _counts() -> dict[str, int]:
    counts = {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
        if name not in NOTES
    }
    db.session.rollback()
    return counts


# a visitor and a bureau officer on both engines always
FIRST = {PEOPLE[0], "jingban"}


@pytest.mark.parametrize(
    ("engine_name", "login"),
    [
        pytest.param(engine, one, marks=() if always or one in FIRST else pytest.mark.long)
        for engine, always in (("sqlite", True), ("postgresql", False))
        for one in PEOPLE
    ],
)
def test_every_page_along_the_links(demo_app: Flask, login: str) -> None:
    with demo_app.app_context():
        user = db.session.scalar(select(User).where(User.login == login))
    assert user is not None or not login
    browser = sign_in(demo_app, user) if user else demo_app.test_client()
    with demo_app.app_context():
        before = _counts()
    wrong: dict[str, object] = {}
    seen = 0
    for path, answer in walk(browser, ["/", "/workspace"] if user else ["/"]):
        seen += 1
        if answer.status_code not in (200, 302, 303):
            wrong[path] = answer.status_code
    assert not wrong, "\n".join(f"{path}: {what}" for path, what in wrong.items())
    assert seen > 15
    with demo_app.app_context():
        assert _counts() == before, "looking must change nothing"
