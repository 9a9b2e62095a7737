"""What browsers report when a page breaks the content security policy.

A report is a line in the log, nothing more: anybody can send one, so it is bounded in size, in
what is kept of it, and in how many there may be a minute.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from .connections import set_write_mode

log = logging.getLogger(__name__)

PATH = "/csp"
MOST_BYTES = 16 * 1024
MOST_TEXT = 200
MOST_A_MINUTE = 60
MOST_A_MINUTE_FROM_ONE = 10
MEDIA = {"application/csp-report", "application/reports+json", "application/json"}
FIELDS = ("effective-directive", "violated-directive", "source-file", "line-number")


class Allowance:
    """How many reports may still be logged in the present minute, in all and from one address.

    Counted per process and in memory: the limit keeps a log readable, it guards no right.
    """

    def __init__(self) -> None:
        self._minute = -1
        self._counts: Counter[str] = Counter()

    def take(self, address: str, seconds: float) -> bool:
        """Whether one more report from ``address`` is welcome at this moment (in seconds)."""
        if self._minute != int(seconds // 60):
            self._minute = int(seconds // 60)
            self._counts.clear()
        if self._counts[""] >= MOST_A_MINUTE or self._counts[address] >= MOST_A_MINUTE_FROM_ONE:
            return False
        self._counts.update(("", address))
        return True


def init_app(app: Flask) -> None:
    """Give the application an allowance of its own."""
    app.extensions["csp_allowance"] = Allowance()


def receive() -> Response:
    """Log one report; answers 204 whatever it says, 413, 415 or 429 when it is none to read."""
    set_write_mode(False)
    if request.mimetype not in MEDIA:
        return Response(status=415, mimetype="text/plain")
    allowance: Allowance = current_app.extensions["csp_allowance"]
    if not allowance.take(request.remote_addr or "", monotonic()):
        return Response(status=429, headers={"Retry-After": "60"}, mimetype="text/plain")
    body = request.stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return Response(status=413, mimetype="text/plain")
    for report in _reports(body):
        log.warning("content security policy broken: %s", json.dumps(report, ensure_ascii=True))
    return Response(status=204, mimetype="text/plain")


def _reports(body: bytes) -> list[dict[str, str]]:
    """The reports in a body, cut down to what is worth a line; at most three."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return []
    listed = said if isinstance(said, list) else [said]
    found = [_report(each.get("csp-report", each.get("body"))) for each in listed[:3] if _is(each)]
    return [each for each in found if each]


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _report(said: Any) -> dict[str, str]:
    if not _is(said):
        return {}
    kept = {
        name: str(said[name])[:MOST_TEXT]
        for name in FIELDS
        if isinstance(said.get(name), str | int)
    }
    kept["page"] = _page(said.get("document-uri"))
    kept["blocked"] = _origin(said.get("blocked-uri"))
    return kept


def _page(address: Any) -> str:
    """The pattern of the page's address: the address itself may hold the key of an invitation."""
    try:
        path = urlsplit(address[:2000]).path if isinstance(address, str) else ""
        rule, _values = current_app.url_map.bind("localhost").match(
            path, method="GET", return_rule=True
        )
    except (HTTPException, ValueError):
        return ""
    return str(rule.rule)


def _origin(address: Any) -> str:
    """Where the blocked thing would have come from; a word such as ``inline`` as it is."""
    if not isinstance(address, str):
        return ""
    try:
        parts = urlsplit(address[:2000])
    except ValueError:
        return ""
    if parts.scheme:
        return f"{parts.scheme}:{parts.netloc and '//'}{parts.netloc}"[:MOST_TEXT]
    return address[:MOST_TEXT]
