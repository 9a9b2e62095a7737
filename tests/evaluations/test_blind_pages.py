"""What one side may open is the same to the byte whether or not the other has marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import User
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import contracts
from tests.factories.evaluations import give

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
MOST = 80
# a form's own key, the minute a page was made
_CHANGING = (
    (re.compile(r'name="idempotency_key"|value="[\w.-]{20,}"'), "key"),
    (re.compile(r"剩 [^<]*"), "left"),
    (re.compile(r"\d{4}年\d{1,2}月\d{1,2}日\s+\d{1,2}:\d{2}(:\d{2})?"), "minute"),
)
# the newest row of the ledger moves with whatever anybody does, as its page says
_OF_EVERYBODY = {"/data"}


def _steady(page: str) -> str:
    for pattern, name in _CHANGING:
        page = pattern.sub(name, page)
    return page


def _pages(browser: FlaskClient, starts: list[str]) -> dict[str, str]:
    """Every page that can be reached by links, as one side sees it."""
    found: dict[str, str] = {}
    waiting = list(starts)
    while waiting and len(found) < MOST:
        address = waiting.pop(0)
        if address in found or urlsplit(address).path in _OF_EVERYBODY:
            continue
        answer = browser.get(address)
        if not (answer.content_type or "").startswith("text/html"):
            continue
        found[address] = _steady(answer.text)
        for link in re.findall(r'href="(/[^"#]*)"', answer.text):
            link = urljoin(address, link.replace("&amp;", "&"))
            if not link.startswith(("/static", "/design", "/sign-out")) and "lang=" not in link:
                waiting.append(link)
    return found


@pytest.mark.parametrize(("waits", "marks"), [("firm", "editor"), ("editor", "firm")])
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_no_page_tells_one_side_that_the_other_has_marked(
    app: Flask, advance: Advance, sign_in_as: SignIn, waits: str, marks: str
) -> None:
    deal = contracts.completed(app, advance)
    advance(timedelta(minutes=1))
    with app.app_context():
        person = db.session.get_one(User, deal.actor(waits).user_id)
        contract = deal.contract.public_id
    browser = sign_in_as(person)
    starts = [f"/contracts/{contract}/evaluation", f"/contracts/{contract}", "/", "/inbox"]
    _pages(
        browser, starts
    )  # looks are noted, pages are remembered: the second walk is the steady one
    before = _pages(browser, starts)
    with app.app_context(), transaction():
        give(deal, marks, 1, "成果存在重大错误")
    after = _pages(browser, starts)
    assert "双方均评价后或者截止后同时公开" in before[starts[0]]
    assert len(before) > 30
    assert list(after) == list(before)
    assert [address for address in before if after[address] != before[address]] == []
