"""The firm's file and its application: where it stands, what is missing, what was found."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from marketplace.accounts import queries as accounts
from marketplace.accounts.areas import areas
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.web import SIGNED_IN, require_actor, run_form, writes
from marketplace.foundation.web import access as allow
from marketplace.notices import queries as notice_queries
from marketplace.notices.access import may_read

from . import access, actions, queries
from .blueprint import bp
from .drafting import queries as drafting
from .drafting.rules import FIELDS
from .file.pages.summary import file_summary
from .forms import (
    AvailabilityForm,
    CommitmentForm,
    SubjectForm,
)
from .models import Firm, FirmStatus, PointResult
from .reviewing import NOTICE_KIND
from .screening import queries as screening


@bp.get("/firm")
@allow(Permission.FIRM_FILE)
def file() -> str:
    """Where the firm stands on the register, and what it must do next."""
    firm = access.own_firm(require_actor())
    if firm is None:
        return render_template("intermediaries/file_none.html")
    form = AvailabilityForm(formdata=None, paused=firm.paused, capacity=firm.capacity)
    return _file_page(firm, form)


def _file_page(firm: Firm, form: AvailabilityForm) -> str:
    now = clock.now()
    notice = notice_queries.latest(NOTICE_KIND, firm)
    return render_template(
        "intermediaries/file.html",
        notice=notice,
        readable={
            each.id
            for each in (notice.objections if notice is not None else [])
            if may_read(require_actor(), each)
        },
        firm=firm,
        today=clock.local_day(now),
        form=form,
        items=queries.items_of(firm, clock.local_day(now)),
        offerings=queries.offerings(firm.id),
        qualifications=queries.all_qualifications(firm.id),
        practitioners=queries.practitioners(firm.id),
        checks=queries.professional_checks(firm),
        missing=queries.missing(firm, now) if firm.may_be_written else [],
        now=now,
        **file_summary(firm, now),
        **returned(firm),
    )


@bp.get("/firm/reviews")
@allow(Permission.FIRM_FILE)
def rounds() -> str:
    """Every review of the firm's applications: what was found on each point, and why."""
    firm = access.own_file(require_actor())
    return render_template(
        "intermediaries/rounds.html",
        firm=firm,
        rounds=queries.rounds(firm),
        points=actions.POINTS,
        steps=queries.steps_of(firm),
        checks=queries.professional_checks(firm),
        copies=screening.copies(firm),
        now=clock.now(),
    )


@bp.post("/firm")
@allow(Permission.FIRM_FILE)
@writes
def availability() -> Any:
    """Pause, resume, set the capacity."""
    actor = require_actor()
    firm = access.own_file(actor)
    form = AvailabilityForm()
    return run_form(
        form,
        lambda: actions.set_availability(
            firm, form.paused.data, form.capacity.data, actor, clock.now()
        ),
        lambda: _file_page(access.own_file(actor), form),
        None,
        lambda _done: url_for("intermediaries.file"),
    )


def _own_or_new(actor: Actor) -> Firm:
    """The file, begun when there is none yet; only within a writing request."""
    organisation = accounts.organisation(actor.organisation_id or 0)
    return actions.open_file(organisation, access.register_here(actor), actor, clock.now())


@bp.post("/firm/opening")
@allow(Permission.FIRM_FILE)
@writes
def open_file() -> Any:
    """Begin a file, or a new application after an ended one."""
    actor = require_actor()
    firm = _own_or_new(actor)
    if not firm.may_be_written:
        actions.reopen_file(firm, actor, clock.now())
    return redirect(url_for("intermediaries.apply"), 303)


@bp.route("/firm/application", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def apply() -> Any:
    """The subject part of the application, and what is still missing.

    Whoever has not begun one is led to where it begins: the door of the home page leads here.
    """
    actor = require_actor()
    if request.method == "GET" and access.own_firm(actor) is None:
        return redirect(url_for("intermediaries.file"), 303)
    firm = access.own_file(actor)
    form = SubjectForm(**_kept(firm, actor))
    return run_form(
        form,
        lambda: _save(firm, form, actor),
        lambda: _apply_page(access.own_file(actor), form, CommitmentForm(formdata=None)),
        None,
        lambda _done: url_for("intermediaries.apply"),
    )


def _kept(firm: Firm, actor: Actor) -> dict[str, Any]:
    """What the form of the application begins with."""
    holder = queries.controller(firm.id)
    return {
        "legal_representative": firm.organisation.legal_representative,
        "agent_name": firm.agent_name or actor.name,
        "agent_phone": firm.agent_phone or firm.organisation.phone,
        "introduction": firm.introduction,
        "decoupled": firm.decoupled,
        "controller_name": holder.name if holder else None,
        "version": drafting.mark(firm),
    }


def _save(firm: Firm, form: SubjectForm, actor: Actor) -> None:
    now = clock.now()
    actions.save_file(
        firm,
        legal_representative=form.legal_representative.data,
        legal_identity=form.legal_identity.data or None,
        agent_name=form.agent_name.data,
        agent_phone=form.agent_phone.data,
        introduction=form.introduction.data or "",
        decoupled=form.decoupled.data,
        licence=files.store_given(form.licence, actor, now),
        actor=actor,
        now=now,
        mark=form.version.data or "",
    )
    actions.set_controller(
        firm,
        form.controller_name.data or None,
        form.controller_identity.data or None,
        actor,
        now,
    )


def _apply_page(firm: Firm, form: SubjectForm, commitment: CommitmentForm) -> str:
    now = clock.now()
    edition = queries.admission_policy(firm.register_code, clock.local_day(now))
    given = {name: form[name].data for name in FIELDS}
    elsewhere = drafting.elsewhere(firm, given, form.version.data or "")
    # pressed again after both were shown, what this window says is what is meant
    form.version.data = drafting.mark(firm)
    return render_template(
        "intermediaries/apply.html",
        firm=firm,
        form=form,
        commitment=commitment,
        edition=edition,
        inherited=edition.jurisdiction != firm.register_code,
        area=areas()[firm.register_code].name,
        opens=edition.values.mode == "open",
        missing=queries.missing(firm, now),
        elsewhere=elsewhere,
        keeping={name: _keeping(name) for name in FIELDS},
        **returned(firm),
    )


def _keeping(name: str) -> dict[str, str]:
    """What has a field keep itself a moment after it was changed, one after another."""
    return {
        "hx-post": url_for("intermediaries.keep", name=name),
        "hx-trigger": "change" if name == "decoupled" else "input changed delay:1200ms, change",
        "hx-params": f"{name},version,csrf_token",
        "hx-target": "#kept",
        "hx-select": "#answer",
        "hx-select-oob": "#version",
        "hx-swap": "innerHTML",
        "hx-sync": "closest form:queue all",
        "data-keeps": name,
    }


def returned(firm: Firm) -> dict[str, Any]:
    """What a firm must mend, point by point, and what it has changed since."""
    if firm.status is not FirmStatus.RETURNED:
        return {"to_mend": [], "changed": {}, "points": actions.POINTS}
    return {
        "to_mend": [row for row in queries.points(firm) if row.result is PointResult.MEND],
        "changed": screening.changed_since_return(firm) or {},
        "points": actions.POINTS,
    }


@bp.post("/firm/application/submission")
@allow(Permission.FIRM_FILE)
@writes
def submit() -> Any:
    """Send the application with the commitment."""
    actor = require_actor()
    firm = access.own_file(actor)
    commitment = CommitmentForm()

    def page() -> str:
        own = access.own_file(actor)
        return _apply_page(own, SubjectForm(formdata=None, **_kept(own, actor)), commitment)

    return run_form(
        commitment,
        lambda: actions.submit_application(firm, commitment.committed.data, actor, clock.now()),
        page,
        None,
        lambda _done: url_for("intermediaries.file"),
    )


@bp.get("/firm-files/<public_id>")
@allow(SIGNED_IN)
def download(public_id: str) -> Any:
    """A licence or certificate, for the firm itself and the offices that review it."""
    return files.send(access.file_for(require_actor(), public_id))
