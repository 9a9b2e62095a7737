"""The forms a person is offered, read from the pages as a browser would, and bad things to put
into their fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_plus

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.walking import walk

HIDDEN = ("csrf_token", "idempotency_key")
# what a person typed rightly elsewhere in the form, to be found again on the page that refuses
MARKER = "打过的字不能丢"

# raw bytes as they come in an address-encoded body: halves of pairs cannot be written otherwise
TEXTS: dict[str, str] = {
    "nothing": "",
    "a blank": "+",
    "far too long": quote_plus("长" * 5000),
    "a NUL": "a%00b",
    "a control character": "a%1Fb",
    "half a pair": "a%ED%B2%80b",
    "no UTF-8": "a%FF%FEb",
    "right to left": quote_plus("a\u202eb"),
    "zero width": quote_plus("a\u200bb"),
    "emoji": quote_plus("好😀"),
    "full width": quote_plus("１２３"),
    "a formula": quote_plus("＝cmd|'/c calc'!A1"),
    "combining": quote_plus("e\u0301" * 3),
    "SQL": quote_plus("'\"; DROP TABLE firms;-- %_"),
    "a template": quote_plus("${7*7}{{7*7}}"),
    "a script": quote_plus("<script>alert(1)</script>"),
    "a header": quote_plus("a\r\nX-Evil: y"),
}
NUMBERS: dict[str, str] = {
    "below nothing": "-1",
    "zero": "0",
    "a sum": quote_plus("0.1+0.2"),
    "endless": "1e309",
    "no number": "NaN",
    "infinite": "Infinity",
    "2^31": "2147483648",
    "2^63": "9223372036854775808",
    "underlined": "1_000",
    "arabic": quote_plus("٣"),
}
DAYS: dict[str, str] = {
    "31 February": "2026-02-31",
    "31 April": "2026-04-31",
    "29 February 2025": "2025-02-29",
    "24:00": quote_plus("2026-03-02T24:00"),
    "23:59:60": quote_plus("2026-03-02T23:59:60"),
    "beyond the clock": quote_plus("2026-03-02T10:00+14:00"),
    "the first day": "0001-01-01",
    "1970": "1970-01-01",
    "the last day": "9999-12-31",
    "beyond the last": "99999-01-01",
    "no day": "0000-00-00",
}
CHOICES: dict[str, str] = {
    "no choice": "",
    "no such choice": "no-such-choice",
    "another's": quote_plus("1' OR '1'='1"),
}
KINDS = {"text": TEXTS, "number": NUMBERS, "date": DAYS, "choice": CHOICES}


@dataclass
class Entry:
    """One field: its name, what kind of thing it takes, what stands in it."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    checked: bool = False
    type: str = "text"


@dataclass
class Found:
    """One form of a page."""

    page: str
    action: str
    files: bool
    entries: list[Entry]

    def filled(self) -> dict[str, str]:
        """What a person would send: what stands there, something for what is empty."""
        sent = {}
        for entry in self.entries:
            if entry.name in HIDDEN or entry.kind == "file":
                continue
            if entry.kind == "tick":
                sent[entry.name] = "y"
            elif entry.kind == "choice":
                given = entry.value or next((each for each in entry.choices if each), "")
                sent.setdefault(entry.name, quote_plus(given))
            elif entry.kind == "date":
                sent[entry.name] = quote_plus(entry.value or "2026-11-20")
            elif entry.kind == "number":
                sent[entry.name] = quote_plus(entry.value or "1")
            else:
                sent[entry.name] = quote_plus(entry.value or MARKER)
        return sent

    @property
    def fields(self) -> list[Entry]:
        """The fields people fill in, each once."""
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.name not in HIDDEN and entry.kind != "file":
                seen.setdefault(entry.name, entry)
        return list(seen.values())


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.found = page, list[Found]()
        self._form: Found | None = None
        self._entry: Entry | None = None
        self._area = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            if told.get("method", "get").lower() == "post":
                files = told.get("enctype") == "multipart/form-data"
                action = told.get("action") or self.page
                self._form = Found(self.page, action, files, [])
                self.found.append(self._form)
            return
        if self._form is None or not told.get("name"):
            if tag == "option" and self._entry is not None:
                self._entry.choices.append(told.get("value", ""))
                if "selected" in told:
                    self._entry.value = told.get("value", "")
            return
        if tag == "input":
            self._input(told)
        elif tag == "select":
            self._entry = Entry(told["name"], "choice", type="select")
            self._form.entries.append(self._entry)
        elif tag == "textarea":
            self._entry, self._area = Entry(told["name"], "text", type="textarea"), True
            self._form.entries.append(self._entry)

    def _input(self, told: dict[str, str]) -> None:
        assert self._form is not None
        kind = told.get("type", "text")
        value = told.get("value", "")
        if kind in ("submit", "button"):
            return
        if kind == "radio":
            for entry in self._form.entries:
                if entry.name == told["name"]:
                    entry.choices.append(value)
                    entry.value = value if "checked" in told else entry.value
                    return
            made = Entry(told["name"], "choice", choices=[value], type=kind)
            made.value = value if "checked" in told else ""
        elif kind == "checkbox":
            made = Entry(told["name"], "tick", value, type=kind)
        elif kind == "file":
            made = Entry(told["name"], "file", type=kind)
        elif kind in ("date", "datetime-local", "time", "month"):
            made = Entry(told["name"], "date", value, type=kind)
        elif kind == "number":
            made = Entry(told["name"], "number", value, type=kind)
        else:
            made = Entry(told["name"], "text", value, type=kind)
        self._form.entries.append(made)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in ("select", "textarea"):
            self._entry, self._area = None, False

    def handle_data(self, data: str) -> None:
        if self._area and self._entry is not None:
            self._entry.value += data.lstrip("\n") if not self._entry.value else data


def forms_in(page: str, text: str) -> list[Found]:
    """The forms of a page that change something."""
    reader = _Reader(page)
    reader.feed(text)
    return reader.found


def endpoint_of(app: Flask, path: str) -> str | None:
    """Which endpoint answers a POST there."""
    try:
        found: Any = app.url_map.bind("localhost").match(path.split("?")[0], method="POST")
        return str(found[0])
    except (HTTPException, RequestRedirect):
        return None


def offered(
    app: Flask, browser: FlaskClient, start: Sequence[str], most: int, per_shape: int
) -> dict[str, Found]:
    """The forms somebody is offered along the links, one for each endpoint."""
    found: dict[str, Found] = {}
    for path, answer in walk(browser, list(start), most, per_shape):
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        for form in forms_in(path, answer.get_data(as_text=True)):
            endpoint = endpoint_of(app, form.action)
            _path, mark, query = form.action.partition("?")
            if endpoint is not None:
                # one address may show several forms, as asked
                found.setdefault(f"{endpoint}{mark}{query}", form)
    return found


def spoilt(form: Found, deep: bool) -> Iterator[tuple[str, str | None, dict[str, str]]]:
    """Ways to spoil a form: (what is wrong, in which field, what is sent). Not ``deep``: each kind
    of bad thing once, in all fields of its kind at the same time."""
    good = form.filled()
    yield "nothing at all", None, {}
    for kind, bad in KINDS.items():
        fields = [entry for entry in form.fields if entry.kind == kind]
        for what, value in bad.items():
            if deep:
                for entry in fields:
                    yield f"{what} in {entry.name}", entry.name, {**good, entry.name: value}
            elif fields:
                yield f"{what}", None, good | {entry.name: value for entry in fields}
    for entry in form.fields:
        if entry.kind == "text" and deep:
            for kind in (NUMBERS, DAYS):
                for what, value in kind.items():
                    yield f"{what} in {entry.name}", entry.name, {**good, entry.name: value}


def body(sent: dict[str, str]) -> bytes:
    """An address-encoded body of values that are encoded already."""
    return "&".join(f"{quote_plus(name)}={value}" for name, value in sent.items()).encode()
