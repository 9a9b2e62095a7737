"""The design system, every component in every state: documentation anybody may read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from flask import current_app, render_template

from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access

from .. import gallery
from .blueprint import bp


@bp.route("/design")
@access(PUBLIC)
def design() -> str:
    """Tokens, type, and each component with what it looks like in every state."""
    now = clock.now()
    folder = Path(current_app.root_path).parent / "templates" / "components"
    return render_template(
        "portal/design.html",
        names=gallery.components(folder),
        gallery=gallery,
        forms=gallery.forms(),
        now=now,
        share=Decimal("0.9"),
        less=Decimal("0.72"),
        floor=Decimal("862104"),
        ceiling=Decimal("1293156"),
        within=Decimal("990000"),
        over=Decimal("1400000"),
    )
