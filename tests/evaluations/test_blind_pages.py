"""What one side may open is the same to the byte whether or not the other has marked."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from tests.factories import accounts, contracts
from tests.factories.evaluations import give

Advance = Callable[[timedelta], None]
SignIn = Callable[..., FlaskClient]
MOST = 130
# a form's own key, the minute a page was made
_CHANGING = (
    (re.compile(r'name="idempotency_key"|value="[\w.-]{20,}"'), "key"),
    (re.compile(r"剩 [^<]*"), "left"),
    (re.compile(r"\d{4}年\d{1,2}月\d{1,2}日\s+\d{1,2}:\d{2}(:\d{2})?"), "minute"),
)
# of everything sent with an answer only these say when it was made, and to whom
_OF_THE_MOMENT = {"date", "expires", "set-cookie", "x-request-id"}
_MADE_AT, _OF_A_FILE = "docProps/core.xml", {"content-length", "etag", "last-modified"}
_MADE_ANEW = ("/static", "/design", "/sign-out", "/demo")


def _steady(text: str) -> str:
    for pattern, name in _CHANGING:
        text = pattern.sub(name, text)
    return text


def _told(answer: TestResponse) -> tuple[object, ...]:
    """Everything an answer tells: status, all headers with their sizes and tags, every byte."""
    headers = sorted(
        (name.lower(), value)
        for name, value in answer.headers
        if name.lower() not in _OF_THE_MOMENT
    )
    plain = (answer.mimetype or "").startswith(("text/", "application/json", "image/svg"))
    if zipfile.is_zipfile(io.BytesIO(answer.data)):
        # a workbook says when it was made, inside and in the dates of its parts
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            parts = [(name, book.read(name)) for name in book.namelist() if name != _MADE_AT]
        return answer.status_code, [one for one in headers if one[0] not in _OF_A_FILE], parts
    if not plain:
        return answer.status_code, headers, answer.data
    text = _steady(answer.text)
    if answer.mimetype == "text/html":
        # written anew in each: a shorter or longer key or minute is no news
        headers = [(name, len(text) if name == "content-length" else v) for name, v in headers]
    return answer.status_code, headers, text


def _walk(browser: FlaskClient, starts: list[str]) -> dict[str, tuple[object, ...]]:
    """Every answer that can be reached by links: pages, files, data, as one person sees them."""
    found: dict[str, tuple[object, ...]] = {}
    waiting = list(starts)
    while waiting and len(found) < MOST:
        address = waiting.pop(0)
        if address in found:
            continue
        answer = browser.get(address)
        found[address] = _told(answer)
        if answer.mimetype != "text/html":
            continue
        for link in re.findall(r'(?:href|src|action)="(/[^"#]*)"', answer.text):
            link = urljoin(address, link.replace("&amp;", "&"))
            if not link.startswith(_MADE_ANEW) and "lang=" not in link:
                waiting.append(link)
    return found


def _without_arguments(app: Flask) -> list[str]:
    """Every address that can be asked without knowing anything, linked or not."""
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not rule.arguments
        and not rule.rule.startswith(_MADE_ANEW)
    )


# each direction on one engine always, on the other in the long programmes
@pytest.mark.parametrize(
    ("engine_name", "waits", "marks"),
    [
        ("sqlite", "firm", "editor"),
        ("postgresql", "editor", "firm"),
        pytest.param("postgresql", "firm", "editor", marks=pytest.mark.long),
        pytest.param("sqlite", "editor", "firm", marks=pytest.mark.long),
    ],
)
def test_no_answer_tells_one_side_that_the_other_has_marked(
    app: Flask, advance: Advance, sign_in_as: SignIn, waits: str, marks: str
) -> None:
    deal = contracts.completed(app, advance, kind=OrganisationKind.AGENCY)
    advance(timedelta(minutes=1))
    with app.app_context(), transaction():
        place = db.session.get_one(Organisation, deal.actor(waits).organisation_id)
        own = [db.session.get_one(User, deal.actor(waits).user_id)]
        if waits == "firm":
            own.append(accounts.user(place, Role.FIRM_STAFF))
        else:
            own.append(db.session.get_one(User, deal.approver_id))
        contract = deal.contract.public_id
    browsers = [sign_in_as(person, place) for person in own] + [app.test_client()]
    page = f"/contracts/{contract}/evaluation"
    starts = [page, f"/contracts/{contract}", *_without_arguments(app)]

    def walks() -> list[dict[str, tuple[object, ...]]]:
        return [_walk(browser, starts) for browser in browsers]

    walks()  # looks are noted, pages are remembered: the second walk is the steady one
    before = walks()
    with app.app_context(), transaction():
        give(deal, marks, 1, "成果存在重大错误")
    after = walks()
    assert "双方均评价后或者截止后同时公开" in str(before[0][page])
    assert {"/data", "/data/ledger", "/data/ledger/hashes"} <= {
        urlsplit(address).path for address in before[-1]
    }
    for then, now in zip(before, after, strict=True):
        assert len(then) > 40
        assert list(now) == list(then)
        changed = {
            address: [
                (one, other)
                for one, other in zip(then[address], now[address], strict=True)
                if one != other
            ]
            for address in then
            if now[address] != then[address]
        }
        assert not changed, [
            [
                [each for each in zip(one, other, strict=False) if each[0] != each[1]]
                if isinstance(one, list)
                else (one, other)
                for one, other in differences
            ]
            for differences in changed.values()
        ]
