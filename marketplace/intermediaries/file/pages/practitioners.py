"""A firm's professionals."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import writes

from ... import queries
from ...blueprint import bp
from ...forms import PractitionerForm
from ...models import Practitioner
from .. import actions
from ..forms import ExtensionForm
from .keeping import kept_list, kept_row


@bp.route("/firm/practitioners", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def practitioners() -> Any:
    """Professionals on file, and one more."""
    form = PractitionerForm()
    return kept_list(
        form,
        lambda firm, actor: actions.add_practitioner(
            firm,
            name=form.name.data,
            profession=form.profession.data,
            number=form.number.data,
            valid_until=form.valid_until.data,
            actor=actor,
            now=clock.now(),
        ),
        "intermediaries/practitioners.html",
        lambda own: {"practitioners": queries.practitioners(own.id), "today": clock.today()},
        None,
        "intermediaries.practitioners",
    )


@bp.route("/firm/practitioners/<public_id>/extension", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def extend_practitioner(public_id: str) -> Any:
    """A professional's certificate was prolonged."""
    form = ExtensionForm()
    return kept_row(
        form,
        Practitioner,
        public_id,
        lambda row, actor: actions.extend_practitioner(
            row, form.valid_until.data, actor, clock.now()
        ),
        "intermediaries/file/extend.html",
        _("有效期已更新"),
        "intermediaries.practitioners",
    )
