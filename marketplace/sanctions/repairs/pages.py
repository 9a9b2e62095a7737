"""Pages of credit repair: applied for by the firm, verified and decided by the bureau."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up
from marketplace.foundation import clock, files
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import SIGNED_IN, access, require_actor, writes

from .. import access as rights
from ..blueprint import bp
from ..models import Card, Case
from ..steps import looks_late, on_own_page
from . import access as objects
from . import actions, queries
from .forms import RepairDecisionForm, RepairForm, VerificationForm
from .models import CreditRepair, RepairStatus


@bp.route("/cases/<public_id>/repair", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def repair_case(public_id: str) -> ResponseReturnValue:
    """The firm applies for repair of its blacklisting."""
    found = rights.case_for(require_actor(), public_id)
    return _file(found, url_for("sanctions.case", public_id=public_id))


@bp.route("/cards/<public_id>/repair", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def repair_card(public_id: str) -> ResponseReturnValue:
    """The firm applies for repair of a card."""
    found = rights.card_for(require_actor(), public_id)
    return _file(found, url_for("sanctions.card", public_id=public_id))


def _file(decision: Card | Case, back: str) -> ResponseReturnValue:
    actor = require_actor()
    if decision.organisation_id != actor.organisation_id:
        raise Missing("repair")
    if looks_late(queries.repairable(decision) and queries.open_repair(decision) is None):
        return redirect(back)
    form = RepairForm()

    def act() -> CreditRepair:
        now = clock.now()
        evidence = files.store_given(form.evidence, actor, now)
        return actions.file_repair(decision, form.correction.data or "", evidence, actor, now)

    return on_own_page(
        form,
        act,
        "sanctions/repair_form.html",
        lambda made: url_for("sanctions.repair", public_id=made.public_id),
        title=decision.title if isinstance(decision, Card) else decision.cause.title,
        first=queries.repairable_from(decision),
        today=clock.today(),
        back=back,
    )


@bp.get("/repairs/<public_id>")
@access(SIGNED_IN)
def repair(public_id: str) -> ResponseReturnValue:
    """An application, for the firm and the offices over it."""
    actor = require_actor()
    found = objects.repair_for(actor, public_id)
    return render_template(
        "sanctions/repair.html",
        repair=found,
        officer=rights.is_officer(actor, found.jurisdiction_code),
        may_verify=objects.may_verify(actor, found),
        may_decide=objects.may_decide(actor, found),
        now=clock.now(),
    )


@bp.get("/repairs/<public_id>/evidence")
@access(SIGNED_IN)
def repair_file(public_id: str) -> ResponseReturnValue:
    """The evidence of correction, for whoever may see the application."""
    return files.send(objects.repair_for(require_actor(), public_id).evidence_file)


@bp.route("/repairs/<public_id>/verification", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def verify_repair(public_id: str) -> ResponseReturnValue:
    """Verify the correction."""
    actor = require_actor()
    found = objects.repair_for_officer(actor, public_id)
    if looks_late(found.status is RepairStatus.FILED):
        return redirect(url_for("sanctions.repair", public_id=public_id))
    form = VerificationForm()

    def act() -> None:
        actions.verify_repair(
            found,
            form.conclusion.data == "yes",
            form.verification.data or "",
            actor,
            clock.now(),
        )

    return on_own_page(
        form,
        act,
        "sanctions/repair_verification.html",
        lambda _done: url_for("sanctions.repair", public_id=public_id),
        repair=found,
    )


@bp.route("/repairs/<public_id>/decision", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def decide_repair(public_id: str) -> ResponseReturnValue:
    """Grant or refuse."""
    actor = require_actor()
    found = objects.repair_for_officer(actor, public_id)
    if looks_late(found.status is RepairStatus.VERIFIED):
        return redirect(url_for("sanctions.repair", public_id=public_id))
    form = RepairDecisionForm()

    def act() -> None:
        actions.decide_repair(
            found, form.conclusion.data == "grant", form.reason.data or "", actor, clock.now()
        )

    return on_own_page(
        form,
        act,
        "sanctions/repair_decision.html",
        lambda _done: url_for("sanctions.repair", public_id=public_id),
        repair=found,
    )


@bp.get("/supervision/repairs")
@access(Permission.SUPERVISION_VIEW)
def repairs() -> ResponseReturnValue:
    """Every application of the area, those waiting first."""
    actor = require_actor()
    found = queries.repairs(area_of(actor), granted=actor.may(Permission.AUDIT_READ))
    return render_template(
        "sanctions/repairs.html",
        page=paginate(found, request.args.get("page", 1, type=int)),
        now=clock.now(),
    )
