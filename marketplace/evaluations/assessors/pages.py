"""Pages: appointments for officers; the contracts an assessor may mark, and its marks."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import lineage
from marketplace.catalogue import queries as catalogue
from marketplace.contracts.models import Contract
from marketplace.foundation import clock, policy
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from ..blueprint import bp
from ..models import PART_TITLES, WindowStatus
from ..queries import edition_of
from ..reviews import queries as reviews
from ..rules import Direction, EvaluationPolicy, may_revise
from . import access as rights
from . import actions, awaiting, queries, ties
from .forms import AppointmentForm, AsideForm, ReasonForm, assessment_form
from .models import AppointmentStatus, AssessorAppointment, AssessorKind


@bp.get("/supervision/assessors")
@access(Permission.SUPERVISION_VIEW)
def appointments() -> ResponseReturnValue:
    """Who is appointed to mark beside the parties, and what the edition gives them."""
    actor = require_actor()
    codes = area_of(actor)
    edition = edition_of(codes[0], clock.today())
    return render_template(
        "evaluations/appointments.html",
        page=paginate(queries.appointments(codes), request.args.get("page", 1, type=int)),
        edition=edition,
        kinds=[AssessorKind(kind).title for kind in edition.values.assessor_kinds],
        may_propose=actor.may(Permission.EVALUATION_REVIEW),
    )


@bp.route("/supervision/assessors/new", methods=["GET", "POST"])
@access(Permission.EVALUATION_REVIEW)
@writes
def new_appointment() -> ResponseReturnValue:
    """Propose an assessor."""
    actor = require_actor()
    code = actor.jurisdiction
    if code is None:
        raise Missing("no jurisdiction")
    form = AppointmentForm(catalogue.by_category(clock.today(), lineage(code)))

    def act() -> AssessorAppointment:
        return actions.propose_appointment(
            form.organisation(),
            AssessorKind(form.kind.data),
            code,
            form.items.data or [],
            form.starts_on.data,
            form.ends_on.data,
            form.basis.data or "",
            actor,
            clock.now(),
        )

    return run_form(
        form,
        act,
        lambda: render_template("evaluations/appointment_form.html", **came_back("form", form)),
        None,
        lambda made: url_for("evaluations.appointment", public_id=made.public_id),
    )


@bp.get("/supervision/assessors/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def appointment(public_id: str) -> ResponseReturnValue:
    """One appointment: to be confirmed by another officer, or withdrawn."""
    return _appointment(public_id)


def _decide(public_id: str, form: Form, act: Any) -> ResponseReturnValue:
    return run_form(
        form,
        act,
        lambda: _appointment(public_id, form),
        None,
        lambda _done: url_for("evaluations.appointment", public_id=public_id),
    )


@bp.post("/supervision/assessors/<public_id>/confirmation")
@access(Permission.EVALUATION_DECIDE)
@writes
def confirm_appointment(public_id: str) -> ResponseReturnValue:
    """Confirm a proposed assessor."""
    actor = require_actor()
    found = rights.appointment_of(actor, public_id)
    return _decide(
        public_id, ButtonForm(), lambda: actions.confirm_appointment(found, actor, clock.now())
    )


@bp.post("/supervision/assessors/<public_id>/refusal")
@access(Permission.EVALUATION_DECIDE)
@writes
def refuse_appointment(public_id: str) -> ResponseReturnValue:
    """Refuse a proposed assessor."""
    actor, form = require_actor(), ReasonForm()
    found = rights.appointment_of(actor, public_id)
    return _decide(
        public_id,
        form,
        lambda: actions.refuse_appointment(found, form.reason.data or "", actor, clock.now()),
    )


@bp.post("/supervision/assessors/<public_id>/withdrawal")
@access(Permission.EVALUATION_DECIDE)
@writes
def withdraw_appointment(public_id: str) -> ResponseReturnValue:
    """End an appointment at once."""
    actor, form = require_actor(), ReasonForm()
    found = rights.appointment_of(actor, public_id)
    return _decide(
        public_id,
        form,
        lambda: actions.withdraw_appointment(found, form.reason.data or "", actor, clock.now()),
    )


def _appointment(public_id: str, form: Form | None = None) -> str:
    actor = require_actor()
    found = rights.appointment_of(actor, public_id)
    names = catalogue.names(clock.today(), lineage(found.jurisdiction_code))
    decides = actor.may(Permission.EVALUATION_DECIDE) and actor.user_id != found.proposed_by
    waits = found.status is AppointmentStatus.PROPOSED
    shown = came_back("refused", form) if form is not None else {}
    return render_template(
        "evaluations/appointment.html",
        appointment=found,
        items=[names.get(code, code) for code in found.item_codes],
        confirm=ButtonForm(formdata=None) if decides and waits else None,
        reason=(form if isinstance(form, ReasonForm) else ReasonForm(formdata=None))
        if decides and (waits or found.status is AppointmentStatus.IN_FORCE)
        else None,
        waits=waits,
        **shown,
    )


@bp.get("/workspace/assessments")
@access(Permission.EVALUATE)
def assessments() -> ResponseReturnValue:
    """An assessor's own appointments, the contracts it may mark and what it marked."""
    actor, now = require_actor(), clock.now()
    own = actor.organisation_id or 0
    return render_template(
        "evaluations/assessments.html",
        appointed=queries.appointed(own),
        open=queries.open_for(own, now),
        given=queries.given_by(own),
    )


@bp.route("/contracts/<public_id>/assessment", methods=["GET", "POST"])
@access(Permission.EVALUATE)
@writes
def assess(public_id: str) -> ResponseReturnValue:
    """Mark the firm of a contract, or revise the marks; nothing here tells who has marked."""
    actor, now = require_actor(), clock.now()
    contract, window, own = rights.contract_for(actor, public_id, now)
    rules = policy.by_id(EvaluationPolicy, window.edition_id).values
    parts = Direction.ASSESSOR_TO_FIRM.parts_under(rules)
    given = {part: str(mark) for part, mark in own.latest.marks.items()} if own else {}
    data = {**given, "reason": own.latest.reason} if own else None
    form = assessment_form(parts) if request.method == "POST" else assessment_form(parts, data=data)
    return run_form(
        form,
        lambda: actions.submit_assessment(
            contract,
            {part: int(form[part].data) for part in parts},
            form.reason.data,
            actor,
            clock.now(),
        ),
        lambda: _assessment(contract, form),
        None,
        lambda _given: url_for("evaluations.assess", public_id=public_id),
    )


@bp.post("/contracts/<public_id>/assessment/recusal")
@access(Permission.EVALUATE)
@writes
def stand_aside(public_id: str) -> ResponseReturnValue:
    """Declare that one is related to a contract."""
    actor, form = require_actor(), AsideForm()
    contract, _window, _own = rights.contract_for(actor, public_id, clock.now())
    return run_form(
        form,
        lambda: actions.stand_aside(contract, form.why.data or "", actor, clock.now()),
        lambda: _assessment(contract, None, form),
        None,
        lambda _done: url_for("evaluations.assessments"),
    )


def _assessment(contract: Contract, form: Form | None, aside: Form | None = None) -> str:
    actor, now = require_actor(), clock.now()
    again, window, own = rights.contract_for(actor, contract.public_id, now)
    rules = policy.by_id(EvaluationPolicy, window.edition_id).values
    organisation_id = actor.organisation_id or 0
    entitled = awaiting.appointment_for(window, organisation_id, now) is not None
    related = ties.relation(organisation_id, again)
    stood_aside = awaiting.recused(window, organisation_id)
    open_now = window.status is WindowStatus.OPEN and now < window.ends_at
    revisable = own is None or may_revise(len(own.versions), own.revise_until, now, rules)
    may = entitled and open_now and revisable and not related and stood_aside is None
    told = [own] if own else []
    parts = Direction.ASSESSOR_TO_FIRM.parts_under(rules)
    shown: dict[str, Form | None] = {}
    shown |= came_back("form", form or assessment_form(parts, formdata=None))
    if aside is not None:
        shown |= came_back("aside", aside)
    if not may:
        shown["form"] = None
    if not may or own is not None:
        shown["aside"] = None
    elif aside is None:
        shown["aside"] = AsideForm(formdata=None)
    return render_template(
        "evaluations/assess.html",
        contract=again,
        window=window,
        own=own,
        why=actions.RELATED.get(related or ""),
        stood_aside=stood_aside,
        parts=parts,
        part_titles=PART_TITLES,
        reply=reviews.replies_to(told).get(own.id) if own else None,
        reviews=reviews.reviews_of(told)[own.id] if own else [],
        **shown,
    )
