"""Looking at masked personal data on a reason, and who has looked."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError
from marketplace.foundation.web import SIGNED_IN, access, require_actor, writes

from . import revealing
from .blueprint import bp, led_to, safe_path
from .forms import RevealForm


@bp.route("/personal/<name>/<public_id>/<field>", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def reveal(name: str, public_id: str, field: str) -> Any:
    """Say why, then see the value for sixty seconds on the page one came from."""
    actor = require_actor()
    found = revealing.datum(actor, name, public_id, field)
    back = safe_path(request.args.get("next", ""), url_for("workspace.home"))
    form = RevealForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            revealing.reveal(name, public_id, field, form.reason.data, actor, clock.now())
            return led_to(back)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    page = render_template(
        "accounts/reveal.html",
        form=form,
        label=found.label,
        shown=found.shown,
        back=back,
    )
    return page, status


@bp.route("/personal/log")
@access(SIGNED_IN)
def reveal_log() -> ResponseReturnValue:
    """Who looked at personal data: for whoever audits, and for the organisation it is about."""
    return render_template("accounts/reveal_log.html", rows=revealing.log_for(require_actor()))


@bp.after_app_request
def hide_again(response: Any) -> Any:
    """Reload a page that shows a value in clear when its sixty seconds are over."""
    seconds = g.get("_reveals_end")
    if seconds and response.status_code == 200 and request.method == "GET":
        response.headers["Refresh"] = str(seconds)
    return response
