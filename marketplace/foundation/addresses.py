"""Addresses of pages and of static files, made once and kept by the process.

A page holds some fifty of them, and each costs more to build than a row to print.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

from flask import Flask, current_app, has_request_context, request, url_for
from markupsafe import Markup

_MOST_KEPT = 20_000
_QUERIES = "marketplace.queries"
_hashes: dict[str, tuple[float, str]] = {}


def init_app(app: Flask) -> None:
    """Give templates ``url_for``, ``static_url`` and ``style_sheets``."""
    kept: dict[Any, str] = {}
    files: dict[tuple[str, str], str] = {}

    def kept_url_for(endpoint: str, **values: Any) -> str:
        """``flask.url_for``, remembered; the address depends on its arguments and on the path
        the application is served under."""
        plain = has_request_context() and not endpoint.startswith(".")
        if not plain or any(name.startswith("_") for name in values):
            return url_for(endpoint, **values)
        # 1, True and "1" are equal or look alike, and make different addresses
        place = (request.script_root, endpoint, *((k, type(v), v) for k, v in values.items()))
        try:
            found = kept.get(place)
        except TypeError:  # a list of values
            return url_for(endpoint, **values)
        if found is None:
            found = url_for(endpoint, **values)
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[place] = found
        return found

    def static_url(filename: str) -> str:
        """Address of a static file with a hash of its content, so that it can be cached for long.

        Outside production the file is looked at each time, since there it may change.
        """
        place = (request.script_root if has_request_context() else "", filename)
        found = files.get(place)
        if found is None:
            found = _hashed(filename)
            if not (app.debug or app.testing):
                files[place] = found
        return found

    def query_with(name: str, value: Any, *dropped: str) -> str:
        """This page's query with one argument changed (or, when empty, left out), without those
        dropped."""
        kept = request.environ.setdefault(_QUERIES, {})
        rest = kept.get((name, dropped))
        if rest is None:
            args = request.args.items(multi=True)
            pairs = [(key, given) for key, given in args if key != name and key not in dropped]
            rest = kept[name, dropped] = urlencode(pairs)
        if not value and value != 0:
            return f"?{rest}"
        return f"?{rest}{'&' if rest else ''}{name}={quote_plus(str(value))}"

    def style_sheets(names: Sequence[str]) -> Markup:
        """The links to style sheets, in their order."""
        link = Markup('<link rel="stylesheet" href="{}">')
        return Markup("\n  ").join(link.format(static_url(f"css/{name}.css")) for name in names)

    app.jinja_env.globals.update(
        url_for=kept_url_for,
        static_url=static_url,
        query_with=query_with,
        style_sheets=style_sheets,
    )


def _hashed(filename: str) -> str:
    path = Path(current_app.static_folder or "") / filename
    try:
        modified = path.stat().st_mtime
    except FileNotFoundError:
        return url_for("static", filename=filename)
    known = _hashes.get(filename)
    if known is None or known[0] != modified:
        known = (modified, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
        _hashes[filename] = known
    return url_for("static", filename=filename, v=known[1])
