"""The live page of one firm's place on the register: what a certificate's QR code opens."""

from __future__ import annotations

from flask import Response, render_template, url_for

from marketplace.foundation import clock, qr
from marketplace.foundation.web import PUBLIC, access
from marketplace.intermediaries.models import FirmStatus

from ..queries import standing as standings
from .blueprint import bp
from .firms import registers


@bp.route("/firms/<public_id>/register")
@access(PUBLIC)
def standing(public_id: str) -> str:
    """Whether a firm is listed at this instant, suspended, removed or gone, and how it came."""
    now = clock.now()
    return render_template(
        "portal/standing.html",
        standing=standings.of(public_id, registers(), now),
        statuses=FirmStatus,
        now=now,
    )


@bp.route("/firms/<public_id>/register.svg")
@access(PUBLIC)
def standing_code(public_id: str) -> Response:
    """The address of that page as a QR code."""
    standings.of(public_id, registers(), clock.now())
    return qr.picture(url_for("portal.standing", public_id=public_id, _external=True))
