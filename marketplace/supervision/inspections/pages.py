"""Pages: the contracts to inspect, one inspection and its outcome."""

from __future__ import annotations

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.sanctions.forms import CardForm
from marketplace.sanctions.rules import SanctionsPolicy
from marketplace.sanctions.steps import on_own_page, propose_card_from

from ..blueprint import bp
from . import access as rights
from . import actions, queries
from .forms import OutcomeForm
from .models import ContractInspection, InspectionStatus


@bp.get("/supervision/inspections")
@access(Permission.SUPERVISION_VIEW)
def inspections() -> ResponseReturnValue:
    """Contracts of firms under key supervision: to be inspected, by deadline, and inspected."""
    codes = area_of(require_actor())
    to_make, late = queries.to_make(codes, clock.now())
    return render_template(
        "supervision/inspections.html",
        waiting=queries.waiting(codes),
        to_make=to_make,
        late=late,
        page=paginate(queries.made(codes), request.args.get("page", 1, type=int)),
    )


@bp.get("/supervision/inspections/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def inspection(public_id: str) -> ResponseReturnValue:
    """One inspection: why it is due, by when, what it found."""
    actor = require_actor()
    return _page(rights.inspection_for(actor, public_id), actor)


@bp.post("/supervision/inspections/<public_id>/outcome")
@access(Permission.RATING_INSPECT)
@writes
def record_inspection(public_id: str) -> ResponseReturnValue:
    """Record what an inspection found."""
    actor = require_actor()
    found = rights.inspection_for(actor, public_id)
    form = OutcomeForm()

    def act() -> ContractInspection:
        now = clock.now()
        return actions.record_outcome(
            found,
            InspectionStatus(form.outcome.data),
            form.document.data or "",
            form.findings.data or "",
            files.store_given(form.evidence, actor, now),
            actor,
            now,
        )

    return run_form(
        form,
        act,
        lambda: _page(rights.inspection_for(actor, public_id), actor, form),
        None,
        lambda _done: url_for("supervision.inspection", public_id=public_id),
    )


@bp.route("/supervision/inspections/<public_id>/card", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def card_from_inspection(public_id: str) -> ResponseReturnValue:
    """Propose a card for what an inspection found: firm, item, facts and evidence stand there."""
    actor = require_actor()
    found = rights.faulty_inspection_for(actor, public_id)
    form = CardForm()
    if request.method == "GET":
        need = found.contract.need
        form.credit_code.data = found.organisation.credit_code
        offered = {str(key) for key, *_rest in form.item_code.iter_choices()}
        form.item_code.data = need.item_code if need.item_code in offered else ""
        form.facts.data = actions.facts_for_card(found)
    return on_own_page(
        form,
        lambda: propose_card_from(form, actor, found.evidence_file),
        "sanctions/card_form.html",
        lambda made: url_for("sanctions.card", public_id=made.public_id),
        inspection=found,
    )


@bp.get("/supervision/inspections/<public_id>/evidence")
@access(Permission.SUPERVISION_VIEW)
def inspection_file(public_id: str) -> Response:
    """What was attached to an inspection."""
    found = rights.inspection_for(require_actor(), public_id)
    if found.evidence_file is None:
        raise Missing(f"evidence of inspection {public_id}")
    return files.send(found.evidence_file)


def _page(found: ContractInspection, actor: Actor, form: Form | None = None) -> str:
    works = found.status is InspectionStatus.DUE and actor.may(Permission.RATING_INSPECT)
    if form is None and works:
        form = OutcomeForm(formdata=None)
    edition = policy.by_id(SanctionsPolicy, found.edition_id)
    shown = came_back("form", form) if form is not None else {"form": None}
    return render_template(
        "supervision/inspection.html",
        inspection=found,
        edition=edition,
        works=works,
        may_card=rights.may_propose_card(actor, found),
        **shown,
    )
