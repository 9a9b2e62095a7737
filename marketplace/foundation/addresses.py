"""Addresses of pages and of static files, made once and kept by the process.

A page holds some fifty of them, and each costs more to build than a row to print.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

from flask import Flask, current_app, has_request_context, request, url_for
from markupsafe import Markup
from werkzeug.routing import IntegerConverter, Map

# the largest number either database keeps
MAX_ID = 2**63 - 1
_MOST_KEPT = 20_000
_QUERIES = "marketplace.queries"
_MARK = "0value0"
_AS_IT_IS = re.compile(r"[A-Za-z0-9]+").fullmatch
_hashes: dict[str, tuple[float, str]] = {}


class _Key(IntegerConverter):
    """``<int:…>`` no larger than a key can be; a larger one names nothing and answers 404."""

    def __init__(self, routes: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(routes, *args, **{"max": MAX_ID, **kwargs})


def init_app(app: Flask) -> None:
    """Give templates ``url_for``, ``static_url`` and ``style_sheets``; bound what is a number in
    an address. Before any page is registered."""
    app.url_map.converters["int"] = _Key
    kept: dict[Any, str] = {}
    patterns: dict[tuple[str, str, tuple[str, ...]], str | None] = {}
    files: dict[tuple[str, str], str] = {}
    sheets: dict[tuple[str, ...], Markup] = {}

    def kept_url_for(endpoint: str, **values: Any) -> str:
        """``flask.url_for``, remembered; the address depends on its arguments and on the path
        the application is served under."""
        plain = has_request_context() and not endpoint.startswith(".")
        if not plain or any(name.startswith("_") for name in values):
            return url_for(endpoint, **values)
        # a public id stands in an address as it is: one pattern serves all of an endpoint's
        if all(type(value) is str and _AS_IT_IS(value) for value in values.values()):
            place = (request.script_root, endpoint, tuple(values))
            if place not in patterns:
                patterns[place] = _pattern(endpoint, tuple(values))
            pattern = patterns[place]
            if pattern is not None:
                return pattern % values
        # 1, True and "1" are equal or look alike, and make different addresses
        spot = (request.script_root, endpoint, *((k, type(v), v) for k, v in values.items()))
        try:
            found = kept.get(spot)
        except TypeError:  # a list of values
            return url_for(endpoint, **values)
        if found is None:
            found = url_for(endpoint, **values)
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[spot] = found
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
        said = str(value)
        if not _AS_IT_IS(said):
            said = quote_plus(said)
        return f"?{rest}{'&' if rest else ''}{name}={said}"

    def style_sheets(names: Sequence[str]) -> Markup:
        """The links to style sheets, in their order."""
        place = (request.script_root if has_request_context() else "", *names)
        found = sheets.get(place)
        if found is None:
            link = Markup('<link rel="stylesheet" href="{}">')
            found = Markup("\n  ").join(
                link.format(static_url(f"css/{name}.css")) for name in names
            )
            if not (app.debug or app.testing):
                sheets[place] = found
        return found

    app.jinja_env.globals.update(
        url_for=kept_url_for,
        static_url=static_url,
        query_with=query_with,
        style_sheets=style_sheets,
    )


def _pattern(endpoint: str, names: Sequence[str]) -> str | None:
    """The address of an endpoint with places for its arguments; none where it takes no texts."""
    marks: dict[str, Any] = {name: f"{_MARK}{number}" for number, name in enumerate(names)}
    try:
        made = url_for(endpoint, **marks).replace("%", "%%")
    except ValueError:  # a number is asked for
        return None
    for name, mark in reversed(marks.items()):
        made = made.replace(mark, f"%({name})s")
    return made


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
