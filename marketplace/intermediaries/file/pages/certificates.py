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
from ...models import Qualification
from .. import access as own_rights
from .. import actions
from ..queries.steps import renewing


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
            renewing=renewing(own.id),
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


@bp.route("/firm/qualifications/<public_id>/renewal", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def renew(public_id: str) -> Any:
    """换证: register the certificate that takes the place of one that ends."""
    actor = require_actor()
    firm = access.own_file(actor)
    old = own_rights.own(firm, Qualification, public_id)
    form = QualificationForm(type=old.type, grade=old.grade, number=old.number, issuer=old.issuer)
    form.type.choices = options([(old.type, old.type)])

    def page() -> str:
        return render_template(
            "intermediaries/file/renew.html",
            firm=access.own_file(actor),
            form=form,
            old=own_rights.own(access.own_file(actor), Qualification, public_id),
            today=clock.today(),
        )

    return run_form(
        form,
        lambda: actions.add_qualification(
            firm,
            type=old.type,
            grade=form.grade.data or None,
            number=form.number.data,
            issuer=form.issuer.data,
            valid_from=form.valid_from.data,
            valid_until=form.valid_until.data,
            file=files.store_given(form.file, actor, clock.now()),
            renews=old,
            actor=actor,
            now=clock.now(),
        ),
        page,
        _("新证书已登记，核验后接替原证书"),
        lambda _row: url_for("intermediaries.qualifications"),
    )
