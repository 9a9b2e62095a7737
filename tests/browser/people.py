"""People of the journeys: each at a window of their own, signing in again as time goes by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask

from marketplace.foundation.transactions import transaction
from tests.browsing import Visitor
from tests.factories.accounts import PASSWORD, Party


class Cast:
    """Opens windows for people and lets the marketplace's time pass."""

    def __init__(
        self, app: Flask, visitor: Callable[..., Visitor], advance: Callable[[timedelta], None]
    ) -> None:
        self.app = app
        self._visitor = visitor
        self._advance = advance
        self._windows: dict[str, Visitor] = {}
        self._stale: set[str] = set()

    def make(self, build: Callable[[], Any]) -> Any:
        """Build something through the actions in a transaction of its own."""
        with self.app.app_context(), transaction():
            return build()

    def login_of(self, build: Callable[[], Party]) -> str:
        """The login of a person made for the journey (its password is the factories')."""
        with self.app.app_context(), transaction():
            return build().user.login

    def at(self, login: str) -> Visitor:
        """The window of a person, signed in; after time has passed, signed in again."""
        window = self._windows.get(login)
        if window is None:
            window = self._windows[login] = self._visitor()
            self._stale.add(login)
        if login in self._stale:
            window.sign_in(login, PASSWORD)
            self._stale.discard(login)
        return window

    def stranger(self) -> Visitor:
        """A visitor who is not signed in."""
        if "" not in self._windows:
            self._windows[""] = self._visitor()
        return self._windows[""]

    def wait(self, step: timedelta) -> None:
        """Let time pass; whatever becomes due on the way happens at its moment."""
        self._advance(step)
        self._stale |= set(self._windows) - {""}


def fill(window: Visitor, **values: str) -> None:
    """Fill fields by name; selects, radios and boxes by value. ``__`` stands for ``-``."""
    for name, value in values.items():
        field = window.page.locator(f"main [name='{name.replace('__', '-')}']")
        kind = field.first.get_attribute("type") or ""
        tag = field.first.evaluate("node => node.tagName")
        if tag == "SELECT":
            field.select_option(value)
        elif kind == "radio":
            window.page.locator(f"main [name='{name}'][value='{value}']").check()
        elif kind == "checkbox":
            field.first.check()
        elif kind == "file":
            field.set_input_files({"name": value, "mimeType": "application/pdf", "buffer": PDF})
        else:
            field.fill(value)


def press(window: Visitor, name: str, expected: int = 200) -> None:
    """Press the button with this name; the answer must have the expected status."""
    button = window.page.locator("main").get_by_role("button", name=name, exact=True).first
    with window.page.expect_navigation() as answer:
        button.click()
    response = answer.value
    assert response is not None
    assert response.status == expected, f"{name}: {response.status}\n{text(window)}"


def press_in(window: Visitor, name: str, expected: int, **values: str) -> None:
    """Fill the form that has the button, then press it; the page may hold several forms."""
    fill(window, **values)
    press(window, name, expected)


def text(window: Visitor) -> str:
    """What the page says."""
    return window.page.locator("main").inner_text()


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
