"""Public pages shared between visitors for a second.

Kept per process under address, language, chosen area, host and the public epoch, which every
request reads from the database first: what was made before somebody was barred is never sent
after it, by whichever process. Only the answers of public views to visitors who carry no cookie of
ours but language and area, and only when nothing in the answer is one visitor's own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, g, request, session
from flask_babel import get_locale

from . import clock

Key = tuple[Any, ...]

MOST_BYTES = 32 * 1024 * 1024
_KEY = "marketplace.page_key"


@dataclass(frozen=True)
class _Kept:
    body: bytes
    content_type: str
    made_at: datetime


class Pages:
    """The pages one process keeps, the least recently used given up first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._pages: OrderedDict[Key, _Kept] = OrderedDict()
        self._bytes = 0
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def find(self, key: Key, now: datetime, age: timedelta) -> _Kept | None:
        """A page not older than ``age`` at ``now``."""
        with self._lock:
            kept = self._pages.get(key)
            if kept is None:
                return None
            if not timedelta(0) <= now - kept.made_at < age:
                self._drop(key)
                return None
            self._pages.move_to_end(key)
            return kept

    def keep(self, key: Key, page: _Kept) -> None:
        """Keep a page; what has not been asked for longest makes room."""
        with self._lock:
            self._drop(key)
            self._pages[key] = page
            self._bytes += len(page.body)
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._pages)))

    def _drop(self, key: Key) -> None:
        kept = self._pages.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.body)


_pages = Pages()


def answer_from_cache() -> Response | None:
    """The kept page for this request, or None; before the view runs."""
    seconds = current_app.config["SHARE_PAGES_SECONDS"]
    if not seconds or not _may_share():
        return None
    reading = clock.present()
    key = (
        current_app.config["SQLALCHEMY_DATABASE_URI"],
        current_app.config["JURISDICTION"],
        reading.public,
        reading.editions,
        str(get_locale()),
        request.cookies.get("area", ""),
        request.scheme,
        request.host,
        request.path,
        request.query_string,
    )
    kept = _pages.find(key, clock.now(), timedelta(seconds=seconds))
    if kept is None:
        request.environ[_KEY] = key
        return None
    g.is_marked = True
    return Response(kept.body, content_type=kept.content_type)


def keep_answer(response: Response) -> None:
    """Keep the answer of a view that may be shared, unless it is one visitor's own."""
    key = request.environ.get(_KEY)
    if key is None or not _is_everybodys(response):
        return
    _pages.keep(key, _Kept(response.get_data(), response.content_type or "", clock.now()))


def _may_share() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return (
        request.method == "GET"
        and getattr(view, "access", None) == "public"
        # a visitor with any other cookie may be signed in, or have a message waiting
        and not set(request.cookies) - {"lang", "area"}
        and "Authorization" not in request.headers
        and "HX-Request" not in request.headers
    )


def _is_everybodys(response: Response) -> bool:
    return (
        response.status_code == 200
        and response.mimetype == "text/html"
        and not response.is_streamed
        and not response.headers.getlist("Set-Cookie")
        and not session.modified
        # a form's token belongs to one visitor; notes and effects belong to one request
        and not any(name in g for name in ("csrf_token", "_audit_notes", "_later"))
    )
