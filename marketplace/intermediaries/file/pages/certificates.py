"""A firm's certificates."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.forms import options
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ... import access, queries
from ...blueprint import bp
from ...forms import QualificationForm
from .. import actions


@bp.route("/firm/qualifications", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def qualifications() -> Any:
    """Certificates on file, and one more."""
    actor = require_actor()
    firm = access.own_file(actor)
    form = QualificationForm()
    items = queries.items_of(firm, clock.today())
    kinds = sorted({each.type for item in items.values() for each in item.requirements})
    form.type.choices = options([("", _("请选择"))] + [(kind, kind) for kind in kinds])

    def page() -> str:
        own = access.own_file(actor)
        return render_template(
            "intermediaries/qualifications.html",
            firm=own,
            form=form,
            qualifications=queries.all_qualifications(own.id),
            today=clock.today(),
        )

    return run_form(
        form,
        lambda: actions.add_qualification(
            firm,
            type=form.type.data,
            grade=form.grade.data or None,
            number=form.number.data,
            issuer=form.issuer.data,
            valid_from=form.valid_from.data,
            valid_until=form.valid_until.data,
            file=files.store_given(form.file, actor, clock.now()),
            actor=actor,
            now=clock.now(),
        ),
        page,
        None,
        lambda _row: url_for("intermediaries.qualifications"),
    )
