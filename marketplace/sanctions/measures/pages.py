"""Pages of soft measures: issued by the bureau, signed for and answered by the firm."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up
from marketplace.foundation import clock, files
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import ButtonForm
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from .. import access as rights
from ..blueprint import bp
from ..steps import home_code, looks_late, on_own_page
from . import access as objects
from . import actions, queries
from .forms import ClosingForm, CriticismForm, MeasureForm, ReplyForm
from .models import Measure, MeasureKind, MeasureStatus

ANSWERABLE = (MeasureStatus.OPEN, MeasureStatus.OVERDUE)


@bp.get("/supervision/measures")
@access(Permission.SUPERVISION_VIEW)
def measures() -> ResponseReturnValue:
    """Every measure of the area, those not closed first; ``?kind=`` one kind only."""
    asked = request.args.get("kind", "")
    kind = MeasureKind(asked) if asked in set(MeasureKind) else None
    return render_template(
        "sanctions/measures.html",
        page=paginate(
            queries.measures(area_of(require_actor()), kind),
            request.args.get("page", 1, type=int),
        ),
        kinds=list(MeasureKind),
        kind=kind,
        now=clock.now(),
    )


@bp.route("/supervision/measures/new", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def new_measure() -> ResponseReturnValue:
    """Issue a measure."""
    actor = require_actor()
    form = MeasureForm()

    def act() -> Measure:
        return actions.issue_measure(
            rights.concerned(actor, form.organisation()),
            home_code(actor),
            form.content(),
            actor,
            clock.now(),
            evidence_file=files.store_given(form.evidence, actor, clock.now()),
        )

    return on_own_page(form, act, "sanctions/measure_form.html", _url)


@bp.get("/measures/<public_id>")
@access(SIGNED_IN)
def measure(public_id: str) -> ResponseReturnValue:
    """A measure with its letter and step."""
    return _page(public_id)


def _page(public_id: str, form: ButtonForm | None = None) -> str:
    actor = require_actor()
    found = objects.measure_for(actor, public_id)
    return render_template(
        "sanctions/measure.html",
        measure=found,
        evidence_file=objects.measure_evidence_for(actor, found),
        form=form or ButtonForm(formdata=None),
        officer=rights.is_officer(actor, found.jurisdiction_code),
        own=found.organisation_id == actor.organisation_id,
        may_act=actor.may(Permission.SANCTION_PROPOSE),
        may_decide=actor.may(Permission.SANCTION_DECIDE) and actor.user_id != found.issued_by,
        may_answer=actor.may(Permission.OBJECT),
        now=clock.now(),
    )


@bp.post("/measures/<public_id>/receipt")
@access(Permission.OBJECT)
@writes
def sign_measure(public_id: str) -> ResponseReturnValue:
    """The firm signs for the letter."""
    actor = require_actor()
    found = objects.measure_for(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: actions.sign_receipt(found, actor, clock.now()),
        lambda: _page(public_id, form),
        None,
        lambda _done: _url(found),
    )


@bp.route("/measures/<public_id>/reply", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def reply_measure(public_id: str) -> ResponseReturnValue:
    """The firm's answer; for a transfer the authority's, entered by an officer."""
    actor = require_actor()
    found = objects.measure_for(actor, public_id)
    transfer = found.kind is MeasureKind.TRANSFER
    allowed = (
        actor.may(Permission.SANCTION_PROPOSE)
        if transfer
        else found.organisation_id == actor.organisation_id and actor.may(Permission.OBJECT)
    )
    if not allowed:
        raise Missing(f"measure {public_id}")
    if looks_late(found.status in ANSWERABLE and (transfer or found.kind.firm_answers)):
        return redirect(_url(found))
    form = ReplyForm()
    act = actions.record_reply if transfer else actions.reply_measure
    return on_own_page(
        form,
        lambda: act(
            found,
            form.reply.data or "",
            actor,
            clock.now(),
            file=files.store_given(form.evidence, actor, clock.now()),
        ),
        "sanctions/measure_reply.html",
        lambda _done: _url(found),
        measure=found,
        officer=transfer,
        now=clock.now(),
    )


@bp.route("/measures/<public_id>/closing", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def close_measure(public_id: str) -> ResponseReturnValue:
    """Close it with what came of it, or send an answer back."""
    actor = require_actor()
    found = objects.measure_for_officer(actor, public_id)
    if looks_late(found.may_be_closed(clock.now())):
        return redirect(_url(found))
    form = ClosingForm()
    if not found.may_be_returned:
        form.conclusion.choices = form.conclusion.choices[:1]

    def act() -> None:
        back = form.conclusion.data == "return"
        step = actions.return_reply if back else actions.close_measure
        step(found, form.reason.data or "", actor, clock.now())

    return on_own_page(
        form,
        act,
        "sanctions/measure_closing.html",
        lambda _done: _url(found),
        measure=found,
    )


@bp.route("/measures/<public_id>/decision", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def decide_measure(public_id: str) -> ResponseReturnValue:
    """Publish a criticism or refuse it."""
    actor = require_actor()
    found = objects.measure_for_officer(actor, public_id)
    if looks_late(found.status is MeasureStatus.PROPOSED):
        return redirect(_url(found))
    form = CriticismForm()
    return on_own_page(
        form,
        lambda: actions.decide_criticism(
            found,
            form.conclusion.data == "publish",
            form.reason.data or "",
            actor,
            clock.now(),
        ),
        "sanctions/measure_decision.html",
        lambda _done: _url(found),
        measure=found,
    )


@bp.get("/measures/<public_id>/files/<which>")
@access(SIGNED_IN)
def measure_file(public_id: str, which: str) -> ResponseReturnValue:
    """The officer's evidence or the answer's, for whoever may see the measure."""
    actor = require_actor()
    found = objects.measure_for(actor, public_id)
    evidence = objects.measure_evidence_for(actor, found)
    stored = {"evidence": evidence, "reply": found.reply_file}.get(which)
    if stored is None:
        raise Missing(f"measure {public_id}")
    return files.send(stored)


def _url(found: Measure) -> str:
    return url_for("sanctions.measure", public_id=found.public_id)
