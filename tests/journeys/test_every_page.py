"""Everybody walks through the demo along every link: each page answers and is well made."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import User
from marketplace.demo.people import FIRMS, OFFICERS, OWNERS
from marketplace.foundation.db import Base, db
from tests.conftest import sign_in
from tests.pages import faults, links

MOST_PAGES = 250
PER_SHAPE = 4
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


def _shape(path: str) -> str:
    return re.sub(r"[0-9a-z]{13}(?=/|$)|\d+", "*", path)


def _counts() -> dict[str, int]:
    counts = {
        name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
        if name not in NOTES
    }
    db.session.rollback()
    return counts


@pytest.mark.parametrize("login", PEOPLE)
def test_every_page_along_the_links(demo_app: Flask, login: str) -> None:
    with demo_app.app_context():
        user = db.session.scalar(select(User).where(User.login == login))
    assert user is not None or not login
    browser = sign_in(demo_app, user) if user else demo_app.test_client()
    with demo_app.app_context():
        before = _counts()
    waiting, seen, shapes = ["/", "/workspace"] if user else ["/"], set(), {}
    wrong: dict[str, object] = {}
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        shape = _shape(path)
        if path in seen or path.startswith("/static/") or shapes.get(shape, 0) >= PER_SHAPE:
            continue
        seen.add(path)
        shapes[shape] = shapes.get(shape, 0) + 1
        answer = browser.get(path)
        if answer.status_code in (302, 303):
            waiting.append(answer.headers["Location"].split("?")[0])
            continue
        if answer.status_code != 200:
            wrong[path] = answer.status_code
            continue
        if not answer.content_type.startswith("text/html"):
            continue
        text = answer.get_data(as_text=True)
        if found := faults(text):
            wrong[path] = found
        waiting += sorted(links(text) - seen)
    assert not wrong, "\n".join(f"{path}: {what}" for path, what in wrong.items())
    assert len(seen) > 15
    with demo_app.app_context():
        assert _counts() == before, "looking must change nothing"
