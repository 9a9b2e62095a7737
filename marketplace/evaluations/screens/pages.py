"""Pages: the flags of an area, one flag with its evidence."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from ..blueprint import bp
from . import actions, queries, wording
from .forms import FlagForm, MarksForm, offer_marks
from .models import SCREEN_TITLES, EvaluationFlag, FlagStatus


@bp.get("/supervision/flags")
@access(Permission.SUPERVISION_VIEW)
def flags() -> ResponseReturnValue:
    """What the screens found, undecided first."""
    codes = area_of(require_actor())
    waiting = queries.waiting(codes)
    page = paginate(queries.decided(codes), request.args.get("page", 1, type=int))
    shown = [*waiting, *page.items]
    names = queries.names_of([key for each in shown for key in each.others])
    return render_template(
        "evaluations/flags.html",
        waiting=waiting,
        page=page,
        titles=SCREEN_TITLES,
        sentences={each.id: wording.sentence(each, names) for each in shown},
        rates={each.id: wording.base_rate(each) for each in shown},
    )


@bp.get("/supervision/flags/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def flag(public_id: str) -> ResponseReturnValue:
    """One flag: its sentence, its base rate, the marks it rests on."""
    actor = require_actor()
    return _page(_flag_for(actor, public_id), actor)


@bp.post("/supervision/flags/<public_id>/decision")
@access(Permission.EVALUATION_REVIEW)
@writes
def decide_flag(public_id: str) -> ResponseReturnValue:
    """Say what a flag is."""
    actor = require_actor()
    found = _flag_for(actor, public_id)
    form = FlagForm()
    offer_marks(form, queries.reviewable(found))
    return run_form(
        form,
        lambda: actions.decide(
            found,
            form.outcome.data == "pursue",
            form.reason.data or "",
            actor,
            clock.now(),
            form.marks.data or (),
        ),
        lambda: _page(_flag_for(actor, public_id), actor, form),
        None,
        lambda _done: url_for("evaluations.flag", public_id=public_id),
    )


@bp.post("/supervision/flags/<public_id>/reviews")
@access(Permission.EVALUATION_REVIEW)
@writes
def review_flagged(public_id: str) -> ResponseReturnValue:
    """Have more marks of a flag looked into."""
    actor = require_actor()
    found = _flag_for(actor, public_id)
    form = MarksForm()
    offer_marks(form, queries.reviewable(found))
    return run_form(
        form,
        lambda: actions.review_marks(
            found, form.marks.data or (), form.grounds.data or "", actor, clock.now()
        ),
        lambda: _page(_flag_for(actor, public_id), actor, form),
        None,
        lambda _done: url_for("evaluations.flag", public_id=public_id),
    )


def _flag_for(actor: Actor, public_id: str) -> EvaluationFlag:
    found = queries.flag(public_id)
    if not supervises(actor, found.register):
        raise Missing(f"flag {public_id}")
    return found


def _page(found: EvaluationFlag, actor: Actor, refused: FlagForm | MarksForm | None = None) -> str:
    form: FlagForm | MarksForm | None = refused
    if form is None and actor.may(Permission.EVALUATION_REVIEW):
        left = queries.reviewable(found)
        if found.status is FlagStatus.RAISED:
            form = FlagForm(formdata=None)
        elif found.status is FlagStatus.PURSUED and left:
            form = MarksForm(formdata=None)
        if form is not None:
            offer_marks(form, left)
    shown = {"form": form} | (came_back("form", refused) if refused is not None else {})
    names = queries.names_of(found.others)
    return render_template(
        "evaluations/flag.html",
        flag=found,
        title=SCREEN_TITLES[found.screen],
        sentence=wording.sentence(found, names),
        rate=wording.base_rate(found),
        others=list(names.values()),
        marks=queries.marks_behind(found),
        reviews=queries.reviews_from(found),
        earlier=queries.earlier(found),
        **shown,
    )
