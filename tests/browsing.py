"""A real Chromium for tests, and the people who sit before it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from babel.support import Translations
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Response
from werkzeug.serving import BaseWSGIServer, make_server

from marketplace.foundation import csp

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

CHROMIUM = "/usr/bin/chromium"
TRANSLATIONS = Path(__file__).parents[1] / "marketplace" / "translations"
WIDE = (1280, 900)
NARROW = (360, 740)


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, without anything that calls out."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            "--no-sandbox",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
        ],
    )


class LiveSite:
    """The application answering on a loopback port, in threads of the test process."""

    def __init__(self, app: Flask) -> None:
        self.csp_reports: list[dict[str, Any]] = []
        self._answer = app.wsgi_app
        self._server: BaseWSGIServer = make_server("127.0.0.1", 0, self._listen, threaded=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def _listen(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, and keep what browsers report as blocked."""
        if environ["PATH_INFO"] == csp.PATH and environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            self.csp_reports.append(json.loads(body)["csp-report"])
            environ["wsgi.input"] = io.BytesIO(body)
        return self._answer(environ, start)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


class Visitor:
    """One person at one browser window, with whatever the pages complained about."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        size: tuple[int, int] = WIDE,
        javascript: bool = True,
        language: str = "zh",
    ) -> None:
        self.address = address
        self.pages_read: list[str] = []
        self._language = language
        self.complaints: list[str] = []
        self._context = browser.new_context(
            base_url=address,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport={"width": size[0], "height": size[1]},
            java_script_enabled=javascript,
        )
        self._context.set_default_timeout(15_000)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._on_response)
        if language == "en":
            self.page.goto("/")
            self.page.get_by_role("link", name="English", exact=True).click()
            self.page.wait_for_selector("html[lang=en]")

    def said(self, text: str) -> str:
        """What a Chinese text of the site is in the language of this window."""
        if self._language == "zh":
            return text
        catalogue = Translations.load(str(TRANSLATIONS), [self._language])
        # a button that is called as a status is has an English of its own
        english = catalogue.upgettext("button", text)
        if english == text:
            english = catalogue.ugettext(text)
        assert english != text, f"no English for {text}"
        return english

    def _read(self) -> None:
        if self._language == "en":
            self.pages_read.append(self.page.content())

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium reports every 4xx page as an error; what a form answers is the test's business.
        # Whoever leaves a page while it asks cuts the question short, and htmx tells of that
        cut_short = message.text.startswith(
            ("htmx:afterRequest,", "htmx:sendAbort,", "htmx:sendError,")
        )
        ours = "Failed to load resource" not in message.text and not cut_short
        if message.type == "error" and ours:
            self.complaints.append(message.text)

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")

    def open(self, path: str) -> int:
        """Go to a page; returns its status."""
        answer = self.page.goto(path)
        assert answer is not None
        self._read()
        return answer.status

    def follow(self, link: Locator) -> None:
        """Press a link, or a button that leads on, and wait for the page it leads to."""
        with self.page.expect_navigation():
            link.click()
        self._read()

    def sign_in(self, login: str, password: str) -> None:
        """Sign in through the page, as a person does."""
        self.open("/sign-in")
        form = self.page.locator("main form", has=self.page.locator("[name=password]"))
        form.locator("[name=login]").fill(login)
        form.locator("[name=password]").fill(password)
        form.locator("[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def send(self, button: str, **fields: object) -> None:
        """Fill the form that has ``button`` by field names and press it.

        A text is typed or chosen, True ticks a box, a path is uploaded. The next page must not
        show an error summary. The button is named in Chinese, whatever the window's language.
        """
        button = self.said(button)
        named = self.page.get_by_role("button", name=button, exact=True)
        form = self.page.locator("main form").filter(has=named).first
        assert form.count() == 1, f"no form with {button} on {self.page.url}: {self.text}"
        for name, value in fields.items():
            self._fill(form, name, value)
        with self.page.expect_navigation():
            form.get_by_role("button", name=button, exact=True).first.click()
        problems = self.page.locator(".error-summary")
        assert problems.count() == 0, problems.first.inner_text()
        self._read()

    def _fill(self, form: Locator, name: str, value: object) -> None:
        field = form.locator(f"[name='{name}']")
        kind = field.first.get_attribute("type")
        if isinstance(value, Path):
            field.set_input_files(str(value))
        elif value is True:
            field.check()
        elif kind == "radio":
            form.locator(f"[name='{name}'][value='{value}']").check()
        elif field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))

    @property
    def text(self) -> str:
        """What the page says in its main part."""
        return self.page.locator("main").inner_text()

    def is_wider_than_its_window(self) -> bool:
        """Whether the page must be scrolled sideways."""
        # a link just followed may not have brought its page yet
        self.page.wait_for_load_state("domcontentloaded")
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )

    def close(self) -> None:
        """Shut the window."""
        self._context.close()
