"""A firm's professionals."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ... import access, queries
from ...blueprint import bp
from ...forms import PractitionerForm
from ...models import Practitioner
from .. import access as own_rights
from .. import actions
from ..forms import ExtensionForm


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
            today=clock.today(),
        )

    return run_form(
        form,
        lambda: actions.add_practitioner(
            firm,
            name=form.name.data,
            profession=form.profession.data,
            number=form.number.data,
            valid_until=form.valid_until.data,
            actor=actor,
            now=clock.now(),
        ),
        page,
        None,
        lambda _row: url_for("intermediaries.practitioners"),
    )


@bp.route("/firm/practitioners/<public_id>/extension", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def extend_practitioner(public_id: str) -> Any:
    """A professional's certificate was prolonged."""
    actor = require_actor()
    row = own_rights.own(access.own_file(actor), Practitioner, public_id)
    form = ExtensionForm()
    return run_form(
        form,
        lambda: actions.extend_practitioner(row, form.valid_until.data, actor, clock.now()),
        lambda: render_template(
            "intermediaries/file/extend.html",
            form=form,
            row=own_rights.own(access.own_file(actor), Practitioner, public_id),
        ),
        _("有效期已更新"),
        lambda _none: url_for("intermediaries.practitioners"),
    )
