"""Every form, every field, every bad thing: refused with the field named, nothing half-saved,
nothing typed lost, never an error of ours. (RELIABILITY section 8)

The forms are read from the pages a person is offered, so that a new form is under trial as soon
as a link leads to it. What would be accepted is done up to its last step and then undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from marketplace.demo.people import FIRMS, OWNERS
from marketplace.foundation import web
from marketplace.foundation.db import Base, db
from tests.conftest import sign_in
from tests.offered_forms import MARKER, Found, body, offered, spoilt

FORM = "application/x-www-form-urlencoded"
# written beside an answer whatever it was: looks, refusals, counted sign-ins, the last look
BESIDE = {
    "audit_ledger",
    "audit_tail",
    "web_sessions",
    "sign_in_throttles",
    "price_checks",
    "idempotency_keys",
}
OTHER_BODIES = (
    ("application/json", b'{"a": [1, 2'),
    ("text/plain", b"\xff\xfe\x00"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb"),
    ("multipart/form-data", b"--x\r\n"),
    (FORM, b"&".join(b"a%d=1" % n for n in range(1001))),
)
# what signs a person out, or sends letters by design whatever was typed
LEFT_ALONE = {"accounts.sign_out", "accounts.forgotten", "accounts.switch_organisation"}
FIRST = ("", FIRMS[0].login, "jingban", "shenpi")
OTHERS = (
    FIRMS[4].login,
    FIRMS[8].login,
    OWNERS[0].login,
    OWNERS[2].login,
    "zhujian",
    "huanbao",
    "jiandu",
    "jijian",
    "xitong",
    "anquan",
)
# this part of the product
PART = ("intermediaries.", "catalogue.", "accounts.register")


class Trial:
    """A person's browser whose accepted forms are undone at the last step."""

    def __init__(self, app: Flask, login: str) -> None:
        self.app = app
        self.wrong: list[str] = []
        self.sent = 0
        if login:
            from sqlalchemy import select

            from marketplace.accounts.models import User

            with app.app_context():
                user = db.session.scalars(select(User).where(User.login == login)).one()
            self.browser: FlaskClient = sign_in(app, user)
            self.start = ["/workspace", "/"]
        else:
            self.browser, self.start = (
                app.test_client(),
                ["/register?side=firm", "/register?side=owner", "/"],
            )
        self.committed = 0

    @contextmanager
    def undone(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Whatever a view would commit is written to its last row, and rolled back."""

        def dry() -> None:
            session = db.session()
            session.flush()
            session.dispatch.before_commit(session)
            session.flush()
            session.rollback()
            self.committed += 1

        with monkeypatch.context() as patched:
            patched.setattr(web, "commit", dry)
            yield

    def send(self, form: Found, sent: dict[str, str], what: str) -> TestResponse:
        """Send a form and hold the answer to what every answer must be."""
        self.committed, self.sent = 0, self.sent + 1
        answer = self.browser.post(form.action, data=body(sent), content_type=FORM)
        told = f"{form.action} (from {form.page}), {what}: {answer.status_code}"
        if answer.status_code >= 500:
            self.wrong.append(told)
        elif answer.status_code >= 400 and self.committed:
            self.wrong.append(f"{told}, and something was kept")
        elif answer.mimetype == "text/html":
            page = answer.get_data(as_text=True)
            if "<script>alert(1)" in page:
                self.wrong.append(f"{told}, and the script stands on the page")
            if answer.status_code == 422:
                self._told(form, sent, page, told)
        return answer

    def _told(self, form: Found, sent: dict[str, str], page: str, told: str) -> None:
        if "error-summary" not in page:
            self.wrong.append(f"{told}, and nothing says what is wrong")
        kept = [
            entry.name
            for entry in form.fields
            if sent.get(entry.name)
            and entry.type in ("text", "textarea", "search", "tel")
            and _decoded(sent[entry.name]) == MARKER
        ]
        if kept and page.count(MARKER) < len(kept):
            self.wrong.append(f"{told}, and what was typed in {kept} is lost")


def _decoded(value: str) -> str:
    from urllib.parse import unquote_plus

    return unquote_plus(value)


def counts(app: Flask) -> dict[str, int]:
    """How many rows every table holds, but for what is written beside any answer."""
    names = [name for name in Base.metadata.tables if name not in BESIDE]
    query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
    with app.app_context():
        found = {row[0]: row[1] for row in db.session.execute(text(query))}
        db.session.rollback()
    return found


def in_part(endpoint: str) -> bool:
    return endpoint.startswith(PART)


def put_to_trial(
    app: Flask, login: str, monkeypatch: pytest.MonkeyPatch, deep: bool
) -> tuple[Trial, dict[str, Found]]:
    """Every form a person is offered, spoilt in every way."""
    trial = Trial(app, login)
    most, per_shape = (400, 3) if deep else (70, 1)
    found = offered(app, trial.browser, trial.start, most, per_shape)
    before = counts(app)
    with trial.undone(monkeypatch):
        for endpoint, form in found.items():
            if endpoint.split("?")[0] in LEFT_ALONE or not (deep or in_part(endpoint)):
                continue
            for what, _name, sent in spoilt(form, deep and in_part(endpoint)):
                trial.send(form, sent, what)
            _surprises(trial, form)
    assert not trial.wrong, "\n".join(trial.wrong[:60])
    assert counts(app) == before
    return trial, found


def _surprises(trial: Trial, form: Found) -> None:
    """Unknown and doubled fields, other kinds of bodies, bodies cut off."""
    good = form.filled()
    if form.fields:
        answer = trial.send(form, {**good, "is_admin": "1"}, "an unknown field")
        if answer.status_code < 400:
            trial.wrong.append(f"{form.action}: an unknown field was taken")
        entry = next((each for each in form.fields if each.type in ("text", "textarea")), None)
        if entry is not None:
            doubled = body(good) + b"&" + body({entry.name: good[entry.name]})
            status = trial.browser.post(form.action, data=doubled, content_type=FORM).status_code
            if not 400 <= status < 500:
                trial.wrong.append(f"{form.action}: {entry.name} twice: {status}")
    # a body cut off or of another kind holds no token: that is what it is refused for
    trial.app.config["WTF_CSRF_ENABLED"] = True
    try:
        for kind, content in OTHER_BODIES:
            answer = trial.browser.post(form.action, data=content, content_type=kind)
            if not 400 <= answer.status_code < 500:
                trial.wrong.append(f"{form.action}: {kind}: {answer.status_code}")
    finally:
        trial.app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("login", FIRST)
def test_the_forms_of_this_part(
    demo_app: Flask, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, found = put_to_trial(demo_app, login, monkeypatch, deep=False)
    assert trial.sent > (20 if login != "shenpi" else 5)
    assert any(in_part(endpoint) for endpoint in found)


@pytest.mark.long
# hundreds of forms of an officer, each spoilt in every way
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("login", [*FIRST, *OTHERS])
def test_every_form_and_field(demo_app: Flask, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trial, _found = put_to_trial(demo_app, login, monkeypatch, deep=True)
    assert trial.sent > 10


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_there_for_nobody_is_no_error_either(
    demo_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every address of this part that changes something, asked for things there are not, by
    visitors and by people: 401, 403, 404, 422, never more."""
    wrong = []
    before = counts(demo_app)
    for login in ("", FIRMS[0].login, "jingban"):
        trial = Trial(demo_app, login)
        with trial.undone(monkeypatch):
            for rule in demo_app.url_map.iter_rules():
                if "POST" not in (rule.methods or ()) or not in_part(rule.endpoint):
                    continue
                for stand_in in ("0000000000000", "%00", "9" * 40, "..%2F..%2Fetc"):
                    path = re.sub(r"<[^>]+>", stand_in, rule.rule)
                    answer = trial.browser.post(path, data={"a": "1"})
                    if answer.status_code >= 500 or answer.status_code < 300:
                        wrong.append(f"{login or 'nobody'} {path}: {answer.status_code}")
                    if "<" not in rule.rule:
                        break
    assert not wrong, "\n".join(wrong)
    assert counts(demo_app) == before


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_form_without_its_token_changes_nothing(
    demo_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(demo_app, "jingban")
    found = offered(demo_app, trial.browser, trial.start, 60, 1)
    demo_app.config["WTF_CSRF_ENABLED"] = True
    before = counts(demo_app)
    try:
        answers = {
            endpoint: trial.browser.post(form.action, data=body(form.filled()), content_type=FORM)
            for endpoint, form in found.items()
        }
    finally:
        demo_app.config["WTF_CSRF_ENABLED"] = False
    assert {answer.status_code for answer in answers.values()} == {400}
    assert all("刷新后重新提交" in answer.text for answer in answers.values())
    assert counts(demo_app) == before


def unusual_requests(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ways to ask for a page that no browser has."""
    yield "HEAD", {"method": "HEAD"}
    yield "OPTIONS", {"method": "OPTIONS"}
    yield "PROPFIND", {"method": "PROPFIND"}
    yield "doubled", {"query_string": "page=1&page=2&page=x"}
    yield "page", {"query_string": "page=99999999999999999999&sort=%00&q=%ED%A0%80&verdict=x"}
    yield "override", {"headers": {"X-HTTP-Method-Override": "DELETE"}}
    yield "forwarded", {"headers": {"X-Forwarded-For": "a, b, ::1, 999.1.1.1" * 50}}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_pages_of_this_part_asked_for_unusually(demo_app: Flask) -> None:
    trial = Trial(demo_app, "jingban")
    wrong = []
    for rule in demo_app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or not in_part(rule.endpoint):
            continue
        path = re.sub(r"<[^>]+>", "0000000000000", rule.rule)
        for what, more in unusual_requests(path):
            # not read as a page: an answer to OPTIONS has no body
            answer = FlaskClient.open(trial.browser, path, **more)
            answer.close()
            if answer.status_code >= 500:
                wrong.append(f"{path}, {what}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
