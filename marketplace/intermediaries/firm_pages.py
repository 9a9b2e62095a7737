"""The firm's own pages: its file, its application, certificates, people, promises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf.file import FileField

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError, Missing
from marketplace.foundation.files import StoredFile
from marketplace.foundation.web import SIGNED_IN, require_actor, run_form, writes
from marketplace.foundation.web import access as allow

from . import access, actions, queries
from .blueprint import bp
from .forms import (
    AvailabilityForm,
    CommitmentForm,
    OfferingForm,
    OrderTermsForm,
    PractitionerForm,
    QualificationForm,
    SubjectForm,
    listing_form,
)
from .models import Firm, Offering, Practitioner, Qualification

RECORDS = {
    "qualification": Qualification,
    "practitioner": Practitioner,
    "offering": Offering,
}


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
    return render_template(
        "intermediaries/file.html",
        firm=firm,
        today=clock.local_day(now),
        form=form,
        items=queries.items_of(firm, clock.local_day(now)),
        offerings=queries.offerings(firm.id),
        qualifications=queries.all_qualifications(firm.id),
        practitioners=queries.practitioners(firm.id),
        checks=queries.professional_checks(firm),
        missing=queries.missing(firm, now) if firm.may_be_written else [],
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
    )


@bp.post("/firm")
@allow(Permission.FIRM_FILE)
@writes
def availability() -> Any:
    """Pause, resume, set the capacity."""
    actor = require_actor()
    firm = access.own_file(actor)
    form = AvailabilityForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            actions.set_availability(firm, form.paused.data, form.capacity.data, actor, clock.now())
            return redirect(url_for("intermediaries.file"), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    return _file_page(access.own_file(actor), form), status


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
    """The subject part of the application, and what is still missing."""
    actor = require_actor()
    firm = access.own_file(actor)
    holder = queries.controller(firm.id)
    form = SubjectForm(
        legal_representative=firm.organisation.legal_representative,
        agent_name=firm.agent_name or actor.name,
        agent_phone=firm.agent_phone or firm.organisation.phone,
        introduction=firm.introduction,
        decoupled=firm.decoupled,
        controller_name=holder.name if holder else None,
    )
    status = form.http_status
    if form.validate_on_submit():
        try:
            _save(firm, form, actor)
            return redirect(url_for("intermediaries.apply"), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    return _apply_page(access.own_file(actor), form, CommitmentForm(formdata=None)), status


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
        licence=_upload(form.licence, actor),
        actor=actor,
        now=now,
    )
    actions.set_controller(
        firm,
        form.controller_name.data or None,
        form.controller_identity.data or None,
        actor,
        now,
    )


def _upload(field: FileField, actor: Actor) -> StoredFile | None:
    given = field.data
    if not given or not getattr(given, "filename", ""):
        return None
    return files.store(given.stream, given.filename, actor, clock.now(), field.name)


def _apply_page(firm: Firm, form: SubjectForm, commitment: CommitmentForm) -> str:
    now = clock.now()
    policy = queries.admission_policy(firm.register_code, clock.local_day(now)).values
    return render_template(
        "intermediaries/apply.html",
        firm=firm,
        form=form,
        commitment=commitment,
        opens=policy.mode == "open",
        missing=queries.missing(firm, now),
    )


@bp.post("/firm/application/submission")
@allow(Permission.FIRM_FILE)
@writes
def submit() -> Any:
    """Send the application with the commitment."""
    actor = require_actor()
    firm = access.own_file(actor)
    commitment = CommitmentForm()
    status = commitment.http_status
    if commitment.validate_on_submit():
        try:
            actions.submit_application(firm, commitment.committed.data, actor, clock.now())
            return redirect(url_for("intermediaries.file"), 303)
        except DomainError as error:
            db.session.rollback()
            commitment.refuse(error)
            status = error.status
    firm = access.own_file(actor)
    form = SubjectForm(
        formdata=None,
        legal_representative=firm.organisation.legal_representative,
        agent_name=firm.agent_name,
        agent_phone=firm.agent_phone,
        introduction=firm.introduction,
        decoupled=firm.decoupled,
    )
    return _apply_page(firm, form, commitment), status


@bp.route("/firm/qualifications", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def qualifications() -> Any:
    """Certificates on file, and one more."""
    actor = require_actor()
    firm = access.own_file(actor)
    form = QualificationForm()
    items = queries.items_of(firm, clock.today())
    kinds = sorted({each.type for item in items.values() for each in item.requirements})
    form.type.choices = [("", _("请选择"))] + [(kind, kind) for kind in kinds]
    status = form.http_status
    if form.validate_on_submit():
        try:
            actions.add_qualification(
                firm,
                type=form.type.data,
                grade=form.grade.data or None,
                number=form.number.data,
                issuer=form.issuer.data,
                valid_from=form.valid_from.data,
                valid_until=form.valid_until.data,
                file=_upload(form.file, actor),
                actor=actor,
                now=clock.now(),
            )
            return redirect(url_for("intermediaries.qualifications"), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    firm = access.own_file(actor)
    page = render_template(
        "intermediaries/qualifications.html",
        firm=firm,
        form=form,
        qualifications=queries.all_qualifications(firm.id),
        today=clock.today(),
    )
    return page, status


@bp.route("/firm/practitioners", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def practitioners() -> Any:
    """Professionals on file, and one more."""
    actor = require_actor()
    firm = access.own_file(actor)
    form = PractitionerForm()
    status = form.http_status
    if form.validate_on_submit():
        try:
            actions.add_practitioner(
                firm,
                name=form.name.data,
                profession=form.profession.data,
                number=form.number.data,
                actor=actor,
                now=clock.now(),
            )
            return redirect(url_for("intermediaries.practitioners"), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    firm = access.own_file(actor)
    page = render_template(
        "intermediaries/practitioners.html",
        firm=firm,
        form=form,
        practitioners=queries.practitioners(firm.id),
    )
    return page, status


@bp.route("/firm/offerings", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def offerings() -> Any:
    """What the firm promises, and a new or changed promise."""
    actor = require_actor()
    firm = access.own_firm(actor)
    if firm is None:
        return render_template("intermediaries/file_none.html")
    form = OfferingForm()
    names = catalogue.names(clock.today(), accounts.lineage(firm.register_code))
    form.item_code.choices = [("", _("请选择")), *names.items()]
    status = form.http_status
    if form.validate_on_submit():
        try:
            actions.save_offering(
                firm,
                form.item_code.data,
                form.discount.data or Decimal(0),
                form.promised_days.data,
                actor,
                clock.now(),
            )
            return redirect(url_for("intermediaries.offerings"), 303)
        except DomainError as error:
            db.session.rollback()
            form.refuse(error)
            status = error.status
    firm = access.own_file(actor)
    page = render_template(
        "intermediaries/offerings.html",
        firm=firm,
        form=form,
        items=queries.items_of(firm, clock.today()),
        offerings=queries.offerings(firm.id),
    )
    return page, status


@bp.route("/firm/offerings/<item_code>/listing", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def listing(item_code: str) -> Any:
    """Promise a fixed price for a range of quantities, to be ordered as it stands."""
    actor = require_actor()
    firm = access.own_file(actor)
    day = clock.today()
    offered = queries.offering(firm.id, item_code)
    form = listing_form(item_code, firm.register_code, day, offered)

    def page() -> str:
        own = access.own_file(actor)
        item = queries.items_of(own, day).get(item_code)
        if item is None:
            raise Missing(item_code)
        return render_template(
            "intermediaries/listing.html",
            firm=own,
            item=item,
            form=form,
            offered=queries.offering(own.id, item_code),
        )

    return run_form(
        form,
        lambda: actions.save_offering(
            firm,
            item_code,
            Decimal(0),
            form.promised_days.data or 0,
            actor,
            clock.now(),
            form.fixed(),
        ),
        page,
        _("承诺已保存"),
        lambda _row: url_for("intermediaries.offerings"),
    )


@bp.route("/firm/offerings/<public_id>/orders", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def order_terms(public_id: str) -> Any:
    """Which orders a promise takes: paused, how many at once, where."""
    actor = require_actor()
    row = access.own_record(actor, Offering, public_id)
    form = OrderTermsForm(data={"paused": row.paused, "capacity": row.capacity, "areas": row.areas})
    form.areas.choices = [
        (code, accounts.jurisdiction(code).name) for code in accounts.below(row.firm.register_code)
    ]

    def page() -> str:
        own = access.own_record(actor, Offering, public_id)
        return render_template(
            "intermediaries/order_terms.html",
            firm=own.firm,
            offered=own,
            form=form,
            items=queries.items_of(own.firm, clock.today()),
        )

    return run_form(
        form,
        lambda: actions.set_order_terms(
            row,
            form.paused.data,
            form.capacity.data,
            form.areas.data or [],
            actor,
            clock.now(),
        ),
        page,
        _("接单设置已保存"),
        lambda _row: url_for("intermediaries.offerings"),
    )


@bp.post("/firm/records/<kind>/<public_id>/end")
@allow(Permission.FIRM_FILE)
@writes
def end_record(kind: str, public_id: str) -> Any:
    """Take a certificate, a professional or a promise off the file."""
    if kind not in RECORDS:
        raise Missing(kind)
    actor = require_actor()
    row: Any = access.own_record(actor, RECORDS[kind], public_id)  # type: ignore[type-var]
    actions.end_record(row, actor, clock.now())
    return redirect(url_for(f"intermediaries.{kind}s"), 303)


@bp.get("/firm-files/<public_id>")
@allow(SIGNED_IN)
def download(public_id: str) -> Any:
    """A licence or certificate, for the firm itself and the offices that review it."""
    return files.send(access.file_for(require_actor(), public_id))
