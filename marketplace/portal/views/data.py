"""What the site publishes about itself."""

from __future__ import annotations

from flask import render_template
from flask_babel import gettext as _

from marketplace.accounts import areas
from marketplace.foundation import audit, clock
from marketplace.foundation.web import PUBLIC, access

from ..queries import figures, needs
from .blueprint import bp


@bp.route("/data")
@access(PUBLIC)
def data() -> str:
    """Counts and the head of the ledger."""
    now, area = clock.now(), areas.chosen()
    seq, head = audit.head()
    return render_template(
        "portal/data.html",
        figures=figures.figures(area, now),
        statuses=needs.need_counts(area),
        seq=seq,
        head=head,
        now=now,
    )


@bp.route("/accessibility")
@access(PUBLIC)
def accessibility() -> str:
    """What the site promises to people who read, hear or move differently."""
    return render_template("portal/accessibility.html", title=_("无障碍说明"))
