"""Pages: the served rate, the bureau calls back, the public reads the rates."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import below
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import PUBLIC, access, require_actor, run_form, writes

from ..blueprint import bp
from ..queries import edition_of
from . import access as rights
from . import actions, matters, queries
from .forms import AnswerForm, RatingForm
from .models import FollowUpOutcome, FollowUpStatus, Satisfaction, ServiceFollowUp


@bp.get("/services")
@access(Permission.EVALUATE)
def services() -> ResponseReturnValue:
    """Matters of one's own that the bureau decided: to rate, and rated."""
    organisation_id = require_actor().organisation_id or 0
    return render_template(
        "evaluations/services.html",
        waiting=matters.to_rate(organisation_id, clock.now()),
        given=queries.given_by(organisation_id),
    )


@bp.route("/services/<kind>/<public_id>", methods=["GET", "POST"])
@access(Permission.EVALUATE)
@writes
def rate_service(kind: str, public_id: str) -> ResponseReturnValue:
    """Rate one matter, once."""
    actor = require_actor()
    matter = rights.matter_for(actor, kind, public_id)
    form = RatingForm()

    def page() -> str:
        rating = queries.rating_of(matter)
        return render_template(
            "evaluations/service.html",
            matter=matter,
            rating=rating,
            follow=queries.follow_up_of(rating) if rating else None,
            over=clock.now() >= matter.rated_until,
            **came_back("form", form),
        )

    return run_form(
        form,
        lambda: actions.rate(
            matter, Satisfaction(form.grade.data), form.reason.data, actor, clock.now()
        ),
        page,
        None,
        lambda _given: url_for("evaluations.services"),
    )


@bp.get("/supervision/services")
@access(Permission.SUPERVISION_VIEW)
def service_desk() -> ResponseReturnValue:
    """What the served said of the bureau, and whom to call back."""
    codes = area_of(require_actor())
    return render_template(
        "evaluations/service_desk.html",
        waiting=queries.waiting(codes),
        page=paginate(queries.said(codes), request.args.get("page", 1, type=int)),
    )


@bp.get("/supervision/services/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def service_follow_up(public_id: str) -> ResponseReturnValue:
    """One bad rating, its clock and its answer."""
    actor = require_actor()
    return _follow_up(rights.follow_up_for(actor, public_id), actor)


@bp.post("/supervision/services/<public_id>/answer")
@access(Permission.EVALUATION_REVIEW)
@writes
def answer_service(public_id: str) -> ResponseReturnValue:
    """Answer a bad rating."""
    actor = require_actor()
    found = rights.follow_up_for(actor, public_id)
    form = AnswerForm()
    return run_form(
        form,
        lambda: actions.answer(
            found, FollowUpOutcome(form.outcome.data), form.answer.data or "", actor, clock.now()
        ),
        lambda: _follow_up(rights.follow_up_for(actor, public_id), actor, form),
        None,
        lambda _done: url_for("evaluations.service_follow_up", public_id=public_id),
    )


def _follow_up(found: ServiceFollowUp, actor: Actor, form: AnswerForm | None = None) -> str:
    rating = found.rating
    part = actor.user_id in (rating.handled_by, rating.decided_by)
    opens = found.status is FollowUpStatus.OPEN and actor.may(Permission.EVALUATION_REVIEW)
    works = opens and not part
    came = came_back("form", form) if form is not None else {"form": AnswerForm(formdata=None)}
    return render_template(
        "evaluations/service_follow_up.html",
        follow=found,
        rating=rating,
        works=works,
        recused=opens and part,
        **came,
    )


@bp.get("/data/services")
@access(PUBLIC)
def service_rates() -> ResponseReturnValue:
    """How the served rate the bureau, by quarter."""
    chosen, today = areas.chosen().code, clock.today()
    return render_template(
        "evaluations/service_rates.html",
        quarters=queries.quarters(below(chosen), today),
        grades=list(Satisfaction),
        edition=edition_of(chosen, today),
    )
