"""The firm's pages: that it is compared, what is open, what it says to it.

The other body is not named to it. The officers' pages: ``supervision.related``.
"""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ..access import own_file
from ..blueprint import bp
from . import access, actions, queries
from .forms import StatementForm
from .models import TIE_TITLES, Match
from .rules import TieKind


@bp.get("/firm/likeness")
@allow(Permission.FIRM_FILE)
def own_matches() -> str:
    """What is compared and why, and the firm's own matters."""
    firm = own_file(require_actor())
    values = queries.likeness_policy(firm.register_code, clock.today()).values
    return render_template(
        "intermediaries/likeness/own.html",
        firm=firm,
        matches=queries.of_firm(firm.id),
        values=values,
    )


@bp.route("/firm/likeness/<public_id>", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def own_match(public_id: str) -> ResponseReturnValue:
    """One matter, with what the firm says to it."""
    actor = require_actor()
    found = access.own_match(actor, public_id)
    form = StatementForm(data={"statement": found.statement})
    return run_form(
        form,
        lambda: actions.state_view(found, form.statement.data or "", actor, clock.now()),
        lambda: _page(access.own_match(actor, public_id), form),
        _("陈述意见已提交"),
        lambda _none: url_for("intermediaries.own_match", public_id=public_id),
    )


def _page(found: Match, form: StatementForm) -> str:
    return render_template(
        "intermediaries/likeness/own_match.html",
        match=found,
        form=form,
        ties=[TIE_TITLES[TieKind(tie["tie"])] for tie in found.ties],
        now=clock.now(),
    )
