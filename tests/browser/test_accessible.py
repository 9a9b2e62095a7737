"""axe reads the demo's pages in a real browser: nothing serious or critical on any of them.

Contrast is among it: no text below 4.5 : 1 on its ground. The short programme looks at the first
pages that a visitor and the three main users meet; the long one at all of everybody's, wide and
narrow. A page whose main part was read already, for somebody else, is not read again: beside it
stand only the head and the rail, which are read on the first page of each person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.foundation.db import db
from tests.browsing import NARROW, WIDE, LiveSite
from tests.conftest import sign_in
from tests.journeys.test_every_page import PEOPLE
from tests.walking import walk

pytestmark = pytest.mark.browser
on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"])
SHORT = 14
TOKEN = re.compile(r"<input[^>]*name=\"csrf_token\"[^>]*>")
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
READ = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"], xpath: false});
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => [each.id, each.nodes.slice(0, 3).map(
      (node) => `${node.target.join(" ")}: ${node.failureSummary.split("\\n").slice(1).join(";")}`)]);
}"""


def grave(page: Page) -> list[Any]:
    """The serious and critical findings of axe on the open page."""
    page.evaluate(AXE)
    return list(page.evaluate(READ))


@pytest.fixture
def look(demo_app: Flask, chromium: Browser) -> Iterator[Callable[..., dict[str, list[Any]]]]:
    """``look(login, paths, size)``: what axe finds on pages, opened as somebody of the demo."""
    with LiveSite(demo_app) as site:

        def find(browser: FlaskClient, paths: list[str], size: tuple[int, int]) -> dict[str, Any]:
            context = chromium.new_context(
                base_url=site.address,
                locale="zh-CN",
                reduced_motion="reduce",
                viewport={"width": size[0], "height": size[1]},
            )
            cookie = browser.get_cookie("sid")
            if cookie is not None:
                context.add_cookies([{"name": "sid", "value": cookie.value, "url": site.address}])
            page = context.new_page()
            found = {}
            for path in paths:
                page.goto(path)
                if wrong := grave(page):
                    found[path] = wrong
            context.close()
            return found

        yield find
        assert site.csp_reports == []


def _at_home(app: Flask, login: str) -> FlaskClient:
    with app.app_context():
        user = db.session.scalar(select(User).where(User.login == login))
    assert user is not None or not login
    return sign_in(app, user) if user else app.test_client()


def _paths(
    browser: FlaskClient, login: str, per_shape: int, most: int = 250
) -> list[tuple[str, str]]:
    """Every page somebody reaches, each with the digest of its main part."""
    start = ["/workspace", "/"] if login else ["/"]
    return [
        (path, _main(answer.get_data(as_text=True)))
        for path, answer in walk(browser, start, most, per_shape)
        if answer.mimetype == "text/html" and answer.status_code == 200
    ]


def _main(html: str) -> str:
    """The digest of a page's main part with the layout around it, not of its form tokens."""
    layout = re.search(r"<body[^>]*>", html)
    start = html.find("<main")
    assert layout
    assert start > 0
    told = layout.group() + TOKEN.sub("", html[start : html.index("</main>")])
    return hashlib.sha256(told.encode()).hexdigest()


def _told(found: dict[str, list[Any]]) -> str:
    return "\n".join(f"{path}: {what}" for path, what in found.items())


Look = Callable[[FlaskClient, list[str], tuple[int, int]], dict[str, list[Any]]]


def test_axe_sees_what_it_is_there_for(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content(
        "<html lang='zh-CN'><title>x</title><main><h1>x</h1><input name='price'>"
        "<p style='color:#999;background:#fff'>看不清</p></main></html>"
    )
    assert {name for name, _nodes in grave(page)} >= {"label", "color-contrast"}
    page.close()


@on_sqlite
def test_nothing_grave_on_the_pages_most_people_see(demo_app: Flask, look: Look) -> None:
    seen: set[str] = set()
    found: dict[str, list[Any]] = {}
    for login in ("", PEOPLE[1], PEOPLE[4], "jingban"):
        browser = _at_home(demo_app, login)
        paths = [path for path, _ in _paths(browser, login, 1, SHORT) if path not in seen]
        seen |= set(paths)
        found |= look(browser, paths, WIDE)
    assert not found, _told(found)
    assert len(seen) > 18


@on_sqlite
@pytest.mark.long
# up to 250 pages, wide and narrow, on a machine that may be busy
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("login", PEOPLE)
def test_nothing_grave_on_any_page_of_anybody(
    demo_app: Flask, look: Look, login: str, read_before: set[str]
) -> None:
    browser = _at_home(demo_app, login)
    every = _paths(browser, login, 2)
    fresh = [path for n, (path, main) in enumerate(every) if n < 2 or main not in read_before]
    for size in (WIDE, NARROW):
        found = look(browser, fresh, size)
        assert not found, _told(found)
    read_before.update(main for _, main in every)
    assert len(every) > 10


@pytest.fixture(scope="session")
def read_before() -> set[str]:
    """The main parts of pages that axe has read in this run without a grave finding."""
    return set()
