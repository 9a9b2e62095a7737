"""A card and its steps: proposed, decided on, answered with a correction, judged."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock, files
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import SIGNED_IN, access, require_actor, writes

from . import access as rights
from . import queries
from .actions import cards
from .appeals.actions import appealable
from .appeals.queries import appeal_against
from .blueprint import bp
from .forms import (
    CardDecisionForm,
    CardForm,
    CorrectionForm,
    JudgementForm,
)
from .models import CardStatus
from .repairs.queries import open_repair, repairable, repairable_from
from .steps import looks_late, on_own_page, propose_card_from


@bp.route("/supervision/cards/new", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def new_card() -> ResponseReturnValue:
    """Propose a card."""
    actor = require_actor()
    form = CardForm()
    if request.method == "GET":
        # an order that was not obeyed leads here with the firm it was sent to
        form.credit_code.data = request.args.get("credit_code", "")[:18]

    return on_own_page(
        form,
        lambda: propose_card_from(form, actor),
        "sanctions/card_form.html",
        lambda made: url_for("sanctions.card", public_id=made.public_id),
    )


@bp.get("/cards/<public_id>")
@access(SIGNED_IN)
def card(public_id: str) -> ResponseReturnValue:
    """A card with its step."""
    actor = require_actor()
    found = rights.card_for(actor, public_id)
    return render_template(
        "sanctions/card.html",
        card=found,
        officer=rights.is_officer(actor, found.jurisdiction_code),
        own=found.organisation_id == actor.organisation_id,
        may_propose=actor.may(Permission.SANCTION_PROPOSE),
        may_decide=actor.may(Permission.SANCTION_DECIDE) and actor.user_id != found.proposed_by,
        may_answer=actor.may(Permission.OBJECT),
        appeal=appeal_against(found),
        may_appeal=appealable(found) and clock.now() < queries.appeal_end(found),
        appeal_until=queries.appeal_end(found) if appealable(found) else None,
        repair_from=repairable_from(found) if repairable(found) else None,
        repair=open_repair(found),
        may_repair=repairable(found) and clock.today() >= repairable_from(found),
        item_name=catalogue.names(clock.today()).get(found.item_code or "", found.item_code),
        next_card=queries.follower_of(found),
    )


@bp.route("/cards/<public_id>/decision", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def decide_card(public_id: str) -> ResponseReturnValue:
    """Issue a proposed card or refuse it."""
    actor = require_actor()
    found = rights.card_for_officer(actor, public_id)
    if looks_late(found.status is CardStatus.PROPOSED):
        return redirect(url_for("sanctions.card", public_id=public_id))
    form = CardDecisionForm()

    def act() -> None:
        if form.conclusion.data == "issue":
            cards.issue_card(found, actor, clock.now())
        else:
            cards.reject_card(found, form.reason.data or "", actor, clock.now())

    return on_own_page(
        form,
        act,
        "sanctions/card_decision.html",
        lambda _done: url_for("sanctions.card", public_id=public_id),
        card=found,
    )


@bp.route("/cards/<public_id>/correction", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def correction(public_id: str) -> ResponseReturnValue:
    """The firm reports its correction."""
    actor = require_actor()
    found = rights.card_for(actor, public_id)
    if looks_late(found.status is CardStatus.CORRECTING):
        return redirect(url_for("sanctions.card", public_id=public_id))
    form = CorrectionForm()

    def act() -> None:
        cards.report_correction(found, form.text.data or "", actor, clock.now())

    return on_own_page(
        form,
        act,
        "sanctions/correction.html",
        lambda _done: url_for("sanctions.card", public_id=public_id),
        card=found,
    )


@bp.route("/cards/<public_id>/judgement", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def judgement(public_id: str) -> ResponseReturnValue:
    """An officer finds a correction done or not done."""
    actor = require_actor()
    found = rights.card_for_officer(actor, public_id)
    if looks_late(found.status is CardStatus.REPORTED):
        return redirect(url_for("sanctions.card", public_id=public_id))
    form = JudgementForm()

    def act() -> None:
        cards.judge_correction(
            found, form.conclusion.data == "done", form.reason.data or "", actor, clock.now()
        )

    return on_own_page(
        form,
        act,
        "sanctions/judgement.html",
        lambda _done: url_for("sanctions.card", public_id=public_id),
        card=found,
    )


@bp.get("/cards/<public_id>/evidence")
@access(SIGNED_IN)
def card_file(public_id: str) -> ResponseReturnValue:
    """The evidence of a card, for whoever may see the card."""
    found = rights.card_for(require_actor(), public_id)
    if found.evidence_file is None:
        raise Missing(f"card {public_id}")
    return files.send(found.evidence_file)
