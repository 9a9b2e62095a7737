"""Pages of appeals: filed by the firm, read by both sides, stayed from above.

The decision itself carries out what follows in other packages: ``supervision.appeal_pages``.
"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import SIGNED_IN, access, require_actor, writes

from .. import access as rights
from .. import queries as decisions
from ..blueprint import bp
from ..models import Card, Case
from ..steps import looks_late, on_own_page
from . import access as objects
from . import actions, queries
from .forms import AppealForm
from .models import Appeal


@bp.route("/cases/<public_id>/appeal", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def appeal_case(public_id: str) -> ResponseReturnValue:
    """The firm appeals against its blacklisting."""
    found = rights.case_for(require_actor(), public_id)
    return _file(found, url_for("sanctions.case", public_id=public_id))


@bp.route("/cards/<public_id>/appeal", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def appeal_card(public_id: str) -> ResponseReturnValue:
    """The firm appeals against a card."""
    found = rights.card_for(require_actor(), public_id)
    return _file(found, url_for("sanctions.card", public_id=public_id))


def _file(decision: Card | Case, back: str) -> ResponseReturnValue:
    actor, now = require_actor(), clock.now()
    if decision.organisation_id != actor.organisation_id:
        raise Missing("appeal")
    if looks_late(actions.appealable(decision) and queries.appeal_against(decision) is None):
        return redirect(back)
    form = AppealForm()

    def act() -> Appeal:
        return actions.file_appeal(
            decision,
            form.grounds.data or "",
            actor,
            clock.now(),
            file=files.store_given(form.evidence, actor, clock.now()),
        )

    return on_own_page(
        form,
        act,
        "sanctions/appeal_form.html",
        lambda made: url_for("sanctions.appeal", public_id=made.public_id),
        decision=decision,
        title=decision.title if isinstance(decision, Card) else decision.cause.title,
        until=decisions.appeal_end(decision),
        now=now,
        back=back,
    )


@bp.get("/appeals/<public_id>")
@access(SIGNED_IN)
def appeal(public_id: str) -> ResponseReturnValue:
    """An appeal, for the firm, the bureau and the reviewing office."""
    actor = require_actor()
    found = objects.appeal_for(actor, public_id)
    return render_template(
        "sanctions/appeal.html",
        appeal=found,
        officer=rights.is_officer(actor, found.jurisdiction_code),
        may_review=objects.may_review(actor, found),
        can_be_stayed=actions.can_be_stayed(found),
        now=clock.now(),
    )


@bp.get("/appeals/<public_id>/evidence")
@access(SIGNED_IN)
def appeal_file(public_id: str) -> ResponseReturnValue:
    """The firm's evidence, for whoever may see the appeal."""
    found = objects.appeal_for(require_actor(), public_id)
    if found.evidence_file is None:
        raise Missing(f"appeal {public_id}")
    return files.send(found.evidence_file)


@bp.get("/supervision/appeals")
@access(Permission.SUPERVISION_VIEW)
def appeals() -> ResponseReturnValue:
    """Every appeal of the area, those waiting first."""
    actor = require_actor()
    found = queries.appeals(area_of(actor), repaired=actor.may(Permission.AUDIT_READ))
    return render_template(
        "sanctions/appeals.html",
        page=paginate(found, request.args.get("page", 1, type=int)),
        now=clock.now(),
    )
