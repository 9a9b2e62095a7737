"""A stay and the outcome of an appeal, with what follows for entries and contracts."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up
from marketplace.foundation import clock
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.sanctions.appeals import actions as appeals
from marketplace.sanctions.appeals.access import appeal_to_review
from marketplace.sanctions.appeals.forms import ReviewForm, StayForm
from marketplace.sanctions.appeals.models import AppealStatus

from .actions import carry_out
from .blueprint import bp


@bp.route("/appeals/<public_id>/stay", methods=["GET", "POST"])
@access(Permission.SANCTION_REVIEW)
@step_up
@writes
def stay_appeal(public_id: str) -> ResponseReturnValue:
    """Decide whether the decision is carried out while it is reviewed."""
    actor = require_actor()
    found = appeal_to_review(actor, public_id)
    if request.method == "GET" and found.status is not AppealStatus.FILED:
        return redirect(url_for("sanctions.appeal", public_id=public_id))
    form = StayForm()

    def act() -> None:
        now = clock.now()
        stayed = form.conclusion.data == "stay"
        resumed = appeals.decide_stay(found, stayed, form.reason.data or "", actor, now)
        if resumed is not None:
            carry_out(resumed, actor, clock.now())

    return run_form(
        form,
        act,
        lambda: render_template("sanctions/appeal_stay.html", form=form, appeal=found),
        None,
        lambda _done: url_for("sanctions.appeal", public_id=public_id),
    )


@bp.route("/appeals/<public_id>/decision", methods=["GET", "POST"])
@access(Permission.SANCTION_REVIEW)
@step_up
@writes
def decide_appeal(public_id: str) -> ResponseReturnValue:
    """Uphold, change or revoke the decision."""
    actor = require_actor()
    found = appeal_to_review(actor, public_id)
    if request.method == "GET" and found.status is not AppealStatus.FILED:
        return redirect(url_for("sanctions.appeal", public_id=public_id))
    form = ReviewForm()

    def act() -> None:
        now = clock.now()
        reason, panel = form.reason.data or "", form.panel.data or ""
        resumed = None
        if form.outcome.data == "uphold":
            resumed = appeals.uphold(found, reason, actor, now, panel)
        elif form.outcome.data == "change":
            resumed = appeals.change(found, form.shorter.data or 0, reason, actor, now, panel)
        else:
            appeals.revoke(found, reason, actor, now, panel)
        if resumed is not None:
            carry_out(resumed, actor, clock.now())

    return run_form(
        form,
        act,
        lambda: render_template("sanctions/appeal_decision.html", form=form, appeal=found),
        None,
        lambda _done: url_for("sanctions.appeal", public_id=public_id),
    )
