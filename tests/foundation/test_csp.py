"""Reports of a broken content security policy: logged in one line each, bounded, never trusted."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.foundation import csp
from tests.browsing import LiveSite, Visitor

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"])
INVITATION = "3f9a2c7d1e5b8a4c6d0e2f4a6b8c0d1e"


@pytest.fixture(autouse=True)
def _a_new_minute(app: Flask) -> None:
    app.extensions["csp_allowance"] = csp.Allowance()


def report(client: FlaskClient, body: Any, kind: str = "application/csp-report") -> int:
    data = body if isinstance(body, bytes) else json.dumps(body)
    return client.post("/csp", data=data, content_type=kind).status_code


def said(**facts: Any) -> dict[str, Any]:
    return {"csp-report": facts}


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == csp.log.name]


def test_a_report_is_one_line_without_what_an_address_keeps_secret(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    body = said(
        **{
            "document-uri": f"https://market.example/invitations/{INVITATION}?q=张三",
            "blocked-uri": "https://evil.example/x.js?who=me",
            "effective-directive": "script-src-elem",
            "script-sample": "alert('身份证号')",
            "source-file": "a\nforged: line" + "x" * 1000,
        }
    )
    with caplog.at_level(logging.WARNING):
        assert report(client, body) == 204
    (line,) = lines(caplog)
    assert "/invitations/<token>" in line
    assert "https://evil.example" in line
    assert "script-src-elem" in line
    assert "\n" not in line
    assert len(line) < 600
    for secret in (INVITATION, "who=me", "身份证", "张三"):
        assert secret not in line


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 204),
        (b"not json", 204),
        (b"[" * 5000, 204),
        (b'{"csp-report": 7}', 204),
        (b'[1, null, {"body": []}]', 204),
        (b'{"csp-report": {"document-uri": "http://[", "blocked-uri": "http://["}}', 204),
        (b'{"csp-report": {"document-uri": 7, "line-number": [1]}}', 204),
        (b" " * (csp.MOST_BYTES + 1), 413),
    ],
)
def test_whatever_is_sent_nothing_breaks(client: FlaskClient, body: bytes, status: int) -> None:
    assert report(client, body) == status


def test_only_reports_are_taken_and_only_posted(client: FlaskClient) -> None:
    assert report(client, b"price=1", "application/x-www-form-urlencoded") == 415
    assert client.get("/csp").status_code == 405


def test_one_address_cannot_fill_the_log_and_all_together_neither(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csp, "monotonic", lambda: 30.0)
    good = said(**{"effective-directive": "img-src"})
    with caplog.at_level(logging.WARNING):
        answers = [report(client, good) for _time in range(csp.MOST_A_MINUTE_FROM_ONE + 3)]
    assert answers == [204] * csp.MOST_A_MINUTE_FROM_ONE + [429] * 3
    assert len(lines(caplog)) == csp.MOST_A_MINUTE_FROM_ONE
    allowance = csp.Allowance()
    taken = [allowance.take(f"10.0.0.{number}", 30.0) for number in range(200)]
    assert taken.count(True) == csp.MOST_A_MINUTE
    assert allowance.take("10.0.0.1", 61.0), "the next minute begins anew"


@pytest.mark.browser
def test_a_browser_reports_what_it_blocks(
    app: Flask, live_site: LiveSite, visitor: Callable[..., Visitor]
) -> None:
    def broken() -> str:
        return "<!doctype html><title>x</title><main><p style='color:red'>x</p></main>"

    broken.access = "public"  # type: ignore[attr-defined]
    app.view_functions["portal.home"], home = broken, app.view_functions["portal.home"]
    try:
        window = visitor()
        window.open("/")
        window.page.wait_for_timeout(300)
    finally:
        app.view_functions["portal.home"] = home
    assert [each["effective-directive"] for each in live_site.csp_reports] == ["style-src-attr"]
    live_site.csp_reports.clear()
    assert [each for each in window.complaints if "Content Security Policy" in each]
    window.complaints.clear()
