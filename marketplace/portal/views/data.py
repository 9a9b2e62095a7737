"""What the site publishes about itself."""

from __future__ import annotations

from flask import render_template
from flask_babel import gettext as _

from marketplace.accounts import areas
from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access

from ..queries import figures, needs
from .blueprint import bp


@bp.route("/data")
@access(PUBLIC)
def data() -> str:
    """Counts, and the ledger's head at the end of yesterday.

    Never the newest row: a number that moves with whatever anybody does would tell one side of a
    contract that the other has marked.
    """
    now, area = clock.now(), areas.chosen()
    return render_template(
        "portal/data.html",
        figures=figures.figures(area, now),
        statuses=needs.need_counts(area),
        now=now,
    )


@bp.route("/accessibility")
@access(PUBLIC)
def accessibility() -> str:
    """What the site promises to people who read, hear or move differently."""
    return render_template("portal/accessibility.html", title=_("无障碍说明"))
