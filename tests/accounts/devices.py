"""A person's device for tests: reads the key off the page as a person would, and shows codes."""

from __future__ import annotations

import html
import re

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import queries
from marketplace.accounts.rules import STEP_SECONDS
from tests.factories import accounts as people


class Device:
    """An authenticator with one key."""

    def __init__(self, app: Flask, key: str) -> None:
        self.app = app
        self.key = key
        self.recovery: list[str] = []

    def code(self, later: int = 0) -> str:
        """The code of now, or of so many half minutes later."""
        with self.app.app_context():
            at = int(queries.real_now().timestamp()) // STEP_SECONDS + later
        return pyotp.TOTP(self.key).at(at * STEP_SECONDS)


def sign_in(browser: FlaskClient, login: str, password: str = people.PASSWORD) -> None:
    """The first step."""
    answer = browser.post("/sign-in", data={"login": login, "password": password})
    assert answer.status_code == 303, answer.text


def set_up(app: Flask, browser: FlaskClient) -> Device:
    """Set a factor up in the browser's session, as the pages say."""
    assert browser.post("/account/factor/key").status_code == 303
    page = browser.get("/account/factor").text
    key = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page)
    assert key is not None, page
    device = Device(app, key.group(1).replace(" ", ""))
    answer = browser.post("/account/factor", data={"code": device.code()})
    assert answer.status_code == 200, answer.text
    device.recovery = [
        html.unescape(code) for code in re.findall(r"<code>([\w-]{14})</code>", answer.text)
    ]
    return device
