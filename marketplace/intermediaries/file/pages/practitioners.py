"""A firm's professionals."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ... import access, queries
from ...blueprint import bp
from ...forms import PractitionerForm
from .. import actions


@bp.route("/firm/practitioners", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def practitioners() -> Any:
    """Professionals on file, and one more."""
    actor = require_actor()
    firm = access.own_file(actor)
    form = PractitionerForm()

    def page() -> str:
        own = access.own_file(actor)
        return render_template(
            "intermediaries/practitioners.html",
            firm=own,
            form=form,
            practitioners=queries.practitioners(own.id),
        )

    return run_form(
        form,
        lambda: actions.add_practitioner(
            firm,
            name=form.name.data,
            profession=form.profession.data,
            number=form.number.data,
            actor=actor,
            now=clock.now(),
        ),
        page,
        None,
        lambda _row: url_for("intermediaries.practitioners"),
    )
