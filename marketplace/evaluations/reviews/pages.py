"""Pages: reply to and dispute an evaluation; the officers' reviews."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from ..blueprint import bp
from ..models import DIRECTION_TITLES, PART_TITLES, Evaluation
from ..queries import address_of
from ..screens import queries as screens
from ..screens import wording
from . import access as rights
from . import actions, queries
from .forms import DecisionForm, DisputeForm, LookForm, ReplyForm
from .models import EvaluationReview, ReviewStatus


@bp.route("/evaluations/<public_id>/reply", methods=["GET", "POST"])
@access(Permission.EVALUATE)
@writes
def reply(public_id: str) -> ResponseReturnValue:
    """Publish the one reply to an evaluation of one's own organisation."""
    actor = require_actor()
    given = rights.evaluation_about(actor, public_id)
    form = ReplyForm()
    return run_form(
        form,
        lambda: actions.reply(given, form.text.data or "", actor, clock.now()),
        lambda: _own_page("evaluations/reply.html", given, form),
        None,
        lambda _done: _back(given),
    )


@bp.route("/evaluations/<public_id>/dispute", methods=["GET", "POST"])
@access(Permission.EVALUATE)
@writes
def dispute(public_id: str) -> ResponseReturnValue:
    """Dispute an evaluation of one's own organisation."""
    actor = require_actor()
    given = rights.evaluation_about(actor, public_id)
    form = DisputeForm()
    return run_form(
        form,
        lambda: actions.dispute(given, form.grounds.data or "", actor, clock.now()),
        lambda: _own_page("evaluations/dispute.html", given, form),
        None,
        lambda _done: _back(given),
    )


@bp.get("/supervision/evaluations")
@access(Permission.SUPERVISION_VIEW)
def reviews() -> ResponseReturnValue:
    """Evaluations that are looked into, and those decided."""
    codes = area_of(require_actor())
    return render_template(
        "evaluations/reviews.html",
        waiting=queries.waiting(codes),
        page=paginate(queries.decided(codes), request.args.get("page", 1, type=int)),
        directions=DIRECTION_TITLES,
    )


@bp.get("/supervision/evaluations/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def review(public_id: str) -> ResponseReturnValue:
    """One review with what there is to decide it on."""
    actor = require_actor()
    return _review_page(rights.review_for(actor, public_id), actor)


@bp.post("/supervision/evaluations/<public_id>/finding")
@access(Permission.EVALUATION_REVIEW)
@writes
def look_into(public_id: str) -> ResponseReturnValue:
    """Say what was found: the evaluation stands, or its exclusion is proposed."""
    actor = require_actor()
    found = rights.review_for(actor, public_id)
    form = LookForm()

    def act() -> EvaluationReview:
        does = actions.propose_exclusion if form.outcome.data == "exclude" else actions.keep
        return does(found, form.finding.data or "", actor, clock.now())

    return run_form(
        form,
        act,
        lambda: _review_page(rights.review_for(actor, public_id), actor, look=form),
        None,
        lambda _done: url_for("evaluations.review", public_id=public_id),
    )


@bp.post("/supervision/evaluations/<public_id>/decision")
@access(Permission.EVALUATION_DECIDE)
@writes
def decide_review(public_id: str) -> ResponseReturnValue:
    """Decide on a proposal to exclude, by another than who proposed it."""
    actor = require_actor()
    found = rights.review_for(actor, public_id)
    form = DecisionForm()

    def act() -> EvaluationReview:
        excludes = form.outcome.data == "exclude"
        does = actions.exclude if excludes else actions.refuse_exclusion
        return does(found, form.reason.data or "", actor, clock.now())

    return run_form(
        form,
        act,
        lambda: _review_page(rights.review_for(actor, public_id), actor, decision=form),
        None,
        lambda _done: url_for("evaluations.review", public_id=public_id),
    )


def _back(given: Evaluation) -> str:
    return address_of(given, given.about_organisation_id)


def _own_page(template: str, given: Evaluation, form: Form) -> str:
    return render_template(
        template,
        given=given,
        parts=PART_TITLES,
        back=_back(given),
        until=queries.dispute_until(given),
        replied=bool(queries.replies_to([given])),
        **came_back("form", form),
    )


def _review_page(
    found: EvaluationReview,
    actor: Actor,
    look: LookForm | None = None,
    decision: DecisionForm | None = None,
) -> str:
    refused = look or decision
    if (
        look is None
        and found.status is ReviewStatus.OPEN
        and actor.may(Permission.EVALUATION_REVIEW)
    ):
        look = LookForm(formdata=None)
    may_decide = actor.may(Permission.EVALUATION_DECIDE) and actor.user_id != found.proposed_by
    if decision is None and found.status is ReviewStatus.PROPOSED and may_decide:
        decision = DecisionForm(formdata=None)
    shown: dict[str, Any] = {"look": look, "decision": decision}
    flag = screens.flag_of(found)
    shown |= {
        "flag": flag,
        # a lower office may decide on the review; the flag is shown to the register's
        "flag_shown": flag is not None and supervises(actor, flag.register),
        "flag_sentence": wording.sentence(flag, screens.names_of(flag.others)) if flag else None,
        "flag_rate": wording.base_rate(flag) if flag else None,
    }
    if refused is not None:
        shown |= came_back("refused", refused)
    return render_template(
        "evaluations/review.html",
        review=found,
        given=found.evaluation,
        directions=DIRECTION_TITLES,
        parts=PART_TITLES,
        reply=queries.replies_to([found.evaluation]).get(found.evaluation_id),
        **shown,
    )
