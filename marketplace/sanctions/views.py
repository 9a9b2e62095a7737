"""Pages: sanctions in force, the desk, cards and cases with their steps."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField

from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import below
from marketplace.accounts.stepping import step_up
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock, files, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, paginate
from marketplace.foundation.errors import DomainError, Missing
from marketplace.foundation.files import StoredFile
from marketplace.foundation.forms import Form
from marketplace.foundation.web import PUBLIC, SIGNED_IN, access, require_actor, writes
from marketplace.notices import queries as notices

from . import access as rights
from . import queries
from .actions import cards, cases
from .forms import (
    CardDecisionForm,
    CardForm,
    CaseForm,
    CorrectionForm,
    JudgementForm,
    ProposalForm,
    ReasonForm,
    StatementForm,
)
from .models import Breach, CardStatus, Case, CaseStatus, Cause
from .rules import SanctionsPolicy, Severity

bp = Blueprint("sanctions", __name__)


def _try(form: Form, act: Callable[[], str]) -> Response | None:
    """Run one action of a valid form; its answer, or None with the refusal shown on the form."""
    if not form.validate_on_submit():
        return None
    try:
        return redirect(act(), 303)  # type: ignore[return-value]
    except DomainError as error:
        db.session.rollback()
        if error.status != 422:
            raise
        form.refuse(error)
        return None


def _looks_late(open_now: bool) -> bool:
    """Whether somebody only looks at a step that is not open any more (or not yet)."""
    return request.method == "GET" and not open_now


def _stored(field: FileField, name: str, actor: Actor) -> StoredFile | None:
    upload = field.data
    if upload is None or not upload.filename:
        return None
    return files.store(upload.stream, upload.filename, actor, clock.now(), name)


def _home_code(actor: Actor) -> str:
    if actor.jurisdiction is None:
        raise Missing("no jurisdiction")
    return actor.jurisdiction


# ---- the public ----------------------------------------------------------------


@bp.get("/sanctions")
@access(PUBLIC)
def public() -> ResponseReturnValue:
    """Sanctions in force; ended ones are gone."""
    now = clock.now()
    page = paginate(queries.blacklistings_in_force(now), request.args.get("page", 1, type=int))
    return render_template(
        "sanctions/public.html",
        page=page,
        cards=queries.cards_in_force(now),
        names=catalogue.names(clock.local_day(now)),
    )


# ---- one's own ----------------------------------------------------------------------


@bp.get("/workspace/sanctions")
@access(Permission.OBJECT)
def own() -> ResponseReturnValue:
    """An organisation's own cards and cases, what it must answer by when, until when it may appeal."""
    actor, now = require_actor(), clock.now()
    organisation_id = actor.organisation_id or 0
    return render_template(
        "sanctions/own.html",
        cards=queries.cards_of(organisation_id),
        cases=queries.cases_of(organisation_id),
        bars=queries.bars(organisation_id, current_app.config["JURISDICTION"], None, now),
        appeals=queries.appeal_periods(organisation_id, now),
        objections=notices.objections_of(organisation_id),
        now=now,
    )


# ---- the desk ------------------------------------------------------------------


@bp.get("/supervision/cases")
@access(Permission.SUPERVISION_VIEW)
def desk() -> ResponseReturnValue:
    """Cards and cases waiting for an officer, and every case."""
    codes = below(_home_code(require_actor()))
    return render_template(
        "sanctions/desk.html",
        cards=[
            card
            for status in (CardStatus.PROPOSED, CardStatus.REPORTED)
            for card in queries.cards_with(status, codes)
        ],
        running=queries.cards_with(CardStatus.CORRECTING, codes)
        + queries.cards_with(CardStatus.SUSPENDED, codes),
        page=paginate(queries.cases(codes), request.args.get("page", 1, type=int)),
    )


@bp.route("/supervision/cards/new", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def new_card() -> ResponseReturnValue:
    """Propose a card."""
    actor = require_actor()
    form = CardForm()

    def act() -> str:
        card = cards.propose_card(
            form.organisation(),
            _home_code(actor),
            Breach(form.breach.data),
            form.facts.data or "",
            actor,
            clock.now(),
            item_code=form.item_code.data or None,
            evidence_file=_stored(form.evidence, "evidence", actor),
        )
        return url_for("sanctions.card", public_id=card.public_id)

    return _try(form, act) or (
        render_template("sanctions/card_form.html", form=form),
        form.http_status,
    )


@bp.route("/supervision/cases/new", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def new_case() -> ResponseReturnValue:
    """Open a case."""
    actor = require_actor()
    form = CaseForm()

    def act() -> str:
        case = cases.report_case(
            form.organisation(),
            _home_code(actor),
            Cause(form.cause.data),
            form.facts.data or "",
            actor,
            clock.now(),
            evidence_file=_stored(form.evidence, "evidence", actor),
        )
        return url_for("sanctions.case", public_id=case.public_id)

    return _try(form, act) or (
        render_template("sanctions/case_form.html", form=form),
        form.http_status,
    )


# ---- one card ------------------------------------------------------------------


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
    if _looks_late(found.status is CardStatus.PROPOSED):
        return redirect(url_for("sanctions.card", public_id=public_id))
    form = CardDecisionForm()

    def act() -> str:
        if form.conclusion.data == "issue":
            cards.issue_card(found, actor, clock.now())
        else:
            cards.reject_card(found, form.reason.data or "", actor, clock.now())
        return url_for("sanctions.card", public_id=public_id)

    return _try(form, act) or (
        render_template("sanctions/card_decision.html", form=form, card=found),
        form.http_status,
    )


@bp.route("/cards/<public_id>/correction", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def correction(public_id: str) -> ResponseReturnValue:
    """The firm reports its correction."""
    actor = require_actor()
    found = rights.card_for(actor, public_id)
    if _looks_late(found.status is CardStatus.CORRECTING):
        return redirect(url_for("sanctions.card", public_id=public_id))
    form = CorrectionForm()

    def act() -> str:
        cards.report_correction(found, form.text.data or "", actor, clock.now())
        return url_for("sanctions.card", public_id=public_id)

    return _try(form, act) or (
        render_template("sanctions/correction.html", form=form, card=found),
        form.http_status,
    )


@bp.route("/cards/<public_id>/judgement", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def judgement(public_id: str) -> ResponseReturnValue:
    """An officer finds a correction done or not done."""
    actor = require_actor()
    found = rights.card_for_officer(actor, public_id)
    if _looks_late(found.status is CardStatus.REPORTED):
        return redirect(url_for("sanctions.card", public_id=public_id))
    form = JudgementForm()

    def act() -> str:
        cards.judge_correction(
            found, form.conclusion.data == "done", form.reason.data or "", actor, clock.now()
        )
        return url_for("sanctions.card", public_id=public_id)

    return _try(form, act) or (
        render_template("sanctions/judgement.html", form=form, card=found),
        form.http_status,
    )


@bp.get("/cards/<public_id>/evidence")
@access(SIGNED_IN)
def card_file(public_id: str) -> ResponseReturnValue:
    """The evidence of a card, for whoever may see the card."""
    found = rights.card_for(require_actor(), public_id)
    if found.evidence_file is None:
        raise Missing(f"card {public_id}")
    return files.send(found.evidence_file)


# ---- one case ------------------------------------------------------------------


@bp.get("/cases/<public_id>")
@access(SIGNED_IN)
def case(public_id: str) -> ResponseReturnValue:
    """A case with its step, for officers and the firm concerned."""
    actor = require_actor()
    found = rights.case_for(actor, public_id)
    untouched = actor.user_id not in (found.reported_by, found.proposed_by)
    return render_template(
        "sanctions/case.html",
        case=found,
        officer=rights.is_officer(actor, found.jurisdiction_code),
        own=found.organisation_id == actor.organisation_id,
        may_propose=actor.may(Permission.SANCTION_PROPOSE),
        may_decide=actor.may(Permission.SANCTION_DECIDE) and untouched,
        may_answer=actor.may(Permission.OBJECT),
        names=catalogue.names(clock.today()),
    )


@bp.route("/cases/<public_id>/statement", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def statement(public_id: str) -> ResponseReturnValue:
    """The firm's statement."""
    actor = require_actor()
    found = rights.case_for(actor, public_id)
    if _looks_late(found.status is CaseStatus.REPORTED):
        return redirect(_case_url(found))
    form = StatementForm()

    def act() -> str:
        cases.state_case(
            found,
            form.statement.data or "",
            actor,
            clock.now(),
            file=_stored(form.evidence, "evidence", actor),
        )
        return _case_url(found)

    return _try(form, act) or (
        render_template("sanctions/statement.html", form=form, case=found),
        form.http_status,
    )


@bp.route("/cases/<public_id>/proposal", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def proposal(public_id: str) -> ResponseReturnValue:
    """Propose a decision."""
    actor = require_actor()
    found = rights.case_for_officer(actor, public_id)
    if _looks_late(found.status is CaseStatus.HEARD):
        return redirect(_case_url(found))
    values = policy.by_id(SanctionsPolicy, found.edition_id).values
    form = ProposalForm(data={"months": values.default_months})

    def act() -> str:
        assert form.months.data is not None  # InputRequired
        cases.propose_decision(
            found,
            Severity(form.severity.data),
            form.months.data,
            form.items.data or [],
            form.reason.data or "",
            actor,
            clock.now(),
        )
        return _case_url(found)

    return _try(form, act) or (
        render_template("sanctions/proposal.html", form=form, case=found, policy=values),
        form.http_status,
    )


@bp.route("/cases/<public_id>/return", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def return_case(public_id: str) -> ResponseReturnValue:
    """Send a proposal back."""
    return _with_reason(public_id, cases.return_case, "return")


@bp.route("/cases/<public_id>/dismissal", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@step_up
@writes
def dismiss(public_id: str) -> ResponseReturnValue:
    """End a case without a sanction."""
    return _with_reason(public_id, cases.dismiss_case, "dismiss")


@bp.get("/cases/<public_id>/files/<which>")
@access(SIGNED_IN)
def case_file(public_id: str, which: str) -> ResponseReturnValue:
    """The officer's evidence or the firm's own, for whoever may see the case."""
    found = rights.case_for(require_actor(), public_id)
    stored = {"evidence": found.evidence_file, "statement": found.statement_file}.get(which)
    if stored is None:
        raise Missing(f"case {public_id}")
    return files.send(stored)


def _case_url(found: Case) -> str:
    return url_for("sanctions.case", public_id=found.public_id)


def _with_reason(public_id: str, action: Callable[..., None], step: str) -> ResponseReturnValue:
    actor = require_actor()
    found = rights.case_for_officer(actor, public_id)
    target = CaseStatus.HEARD if step == "return" else CaseStatus.DISMISSED
    if _looks_late(lifecycle.can_move(found, target)):
        return redirect(_case_url(found))
    form = ReasonForm()

    def act() -> str:
        action(found, form.reason.data or "", actor, clock.now())
        return _case_url(found)

    return _try(form, act) or (
        render_template("sanctions/reason.html", form=form, case=found, step=step),
        form.http_status,
    )
