"""Walking through the site along its links, as somebody who opens whatever is offered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.pages import links


def shape(path: str) -> str:
    """An address without its ids: pages of one shape show different things of one kind."""
    return re.sub(r"[0-9a-z]{13}(?=/|$)|\d+", "*", path)


def walk(
    browser: FlaskClient, start: list[str], most: int = 250, per_shape: int = 4
) -> Iterator[tuple[str, TestResponse]]:
    """Every page reachable from ``start``, at most ``per_shape`` of a shape and ``most`` in all."""
    waiting, seen, shapes = list(start), set[str](), Counter[str]()
    while waiting and len(seen) < most:
        path = waiting.pop(0)
        if path in seen or path.startswith("/static/") or shapes[shape(path)] >= per_shape:
            continue
        seen.add(path)
        shapes[shape(path)] += 1
        answer = browser.get(path)
        yield path, answer
        if answer.status_code in (302, 303):
            waiting.append(answer.headers["Location"].split("?")[0])
        elif answer.mimetype == "text/html":
            waiting += sorted(links(answer.get_data(as_text=True)) - seen)
