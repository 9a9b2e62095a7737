"""Parts of the frame around every page, made once and kept by the process.

Header and footer hold more words and links than many a page, and are the same for everybody who
reads one language in one area. A part is made anew whenever one of the values it is named with
changes; nothing that belongs to one visitor may stand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from flask import Flask, request
from markupsafe import Markup

from .languages import page_language

_MOST_KEPT = 500


def init_app(app: Flask) -> None:
    """Give templates ``frame_part``, for a call block."""
    kept: dict[Hashable, Markup] = {}

    def frame_part(name: str, *shown: Hashable, caller: Callable[[], Any]) -> Markup:
        """The block's markup under a name and all values it shows, language aside."""
        place = (name, page_language(), request.script_root, request.endpoint, shown)
        found = kept.get(place)
        if found is None:
            # what a block of a template makes is markup already
            found = Markup(caller())  # noqa: S704
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[place] = found
        return found

    app.jinja_env.globals["frame_part"] = frame_part
