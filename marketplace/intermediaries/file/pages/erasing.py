"""Personal values of old changes: what is past its retention, and erasing it."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up_to_send
from marketplace.foundation import clock
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ... import access as rights
from ...blueprint import bp
from .. import actions
from ..actions import erasing
from ..forms import EraseForm


@bp.route("/supervision/register/erasure", methods=["GET", "POST"])
@allow(Permission.ADMISSION_DECIDE)
@step_up_to_send
@writes
def erase_history() -> Any:
    """What the personal fields of files were, and who acted for firms, past its retention: how
    much, and erase it."""
    actor = require_actor()
    here, form = rights.register_here(actor), EraseForm()

    def page() -> str:
        now = clock.now()
        return render_template(
            "intermediaries/file/erasing.html",
            form=form,
            past=erasing.past_retention(here, now),
            authorities=erasing.authorities_past_retention(here, now),
            titles=actions.FIELDS,
            years=erasing.kept_years(),
            since=erasing.kept_since(now),
            done=erasing.erasures(here),
        )

    return run_form(
        form,
        lambda: erasing.erase_past_retention(here, form.reason.data or "", actor, clock.now()),
        page,
        lambda made: _(
            "已删除变更内容 %(n)s 条、经办人授权 %(m)s 份", n=made.count, m=made.authorities
        ),
        lambda _made: url_for("intermediaries.erase_history"),
    )
