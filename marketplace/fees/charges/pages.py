"""Audits of charges: the list, the upload, the answer, one charge, the workbooks."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from marketplace.accounts.areas import areas
from marketplace.catalogue import queries as catalogue
from marketplace.fees import hourly
from marketplace.fees import queries as fees
from marketplace.fees.blueprint import bp
from marketplace.fees.rules.judging import Verdict
from marketplace.fees.wording import step_lines, title_and_tone
from marketplace.foundation import audit, clock, files
from marketplace.foundation.files import attachment
from marketplace.foundation.listing import read_sorting
from marketplace.foundation.spreadsheets import Problem
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from . import access as rights
from . import actions, queries
from .columns import template
from .export import export
from .forms import ChargesForm
from .models import ChargeUpload, UploadStatus


@bp.route("/fees/charges", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def charges() -> Any:
    """The audits made so far, and a new one: a file is judged whole or not at all."""
    actor = require_actor()
    form = ChargesForm()

    def take() -> ChargeUpload:
        now = hourly.check_upload(actor, clock.now())
        file = files.store_given(form.file, actor, now, ("xlsx",))
        assert file is not None
        return actions.upload_charges(file, form.title.data or "", actor, now)

    return run_form(
        form,
        take,
        lambda: render_template(
            "fees/charges/index.html",
            form=form,
            uploads=queries.recent_uploads(actor),
            page=queries.audits(actor, request.args.get("page", 1, type=int)),
        ),
        None,
        lambda made: url_for("fees.charge_upload", public_id=made.public_id),
    )


@bp.get("/fees/charges/uploads/<public_id>")
@access(SIGNED_IN)
def charge_upload(public_id: str) -> Any:
    """How far a file is judged; then every bad cell, or the audit."""
    found = rights.upload_for(require_actor(), public_id)
    if found.status is UploadStatus.DONE and found.audit is not None:
        there = url_for("fees.charge_audit", public_id=found.audit.public_id)
        if "HX-Request" in request.headers:
            # the page that asks how far it is goes on as a whole
            return Response(headers={"HX-Redirect": there})
        return redirect(there, 303)
    return render_template(
        "fees/charges/upload.html",
        upload=found,
        problems=[Problem.from_record(record) for record in found.problems],
    )


@bp.route("/fees/charges/template.xlsx")
@access(SIGNED_IN)
def charges_template() -> Response:
    """The file to fill in, with what each item of the own area asks."""
    actor = require_actor()
    area = areas().get(actor.jurisdiction or "") or next(iter(areas().values()))
    day = clock.today()
    items = catalogue.items(day, area.lineage)
    found = fees.pricings([item.code for item in items], area.code, day)
    return attachment(template(items, found, area), "charges-template.xlsx")


@bp.route("/fees/charges/<public_id>")
@access(SIGNED_IN)
def charge_audit(public_id: str) -> str:
    """What an audit found: totals, counts by verdict, every charge."""
    found = rights.audit_for(require_actor(), public_id)
    wanted = _wanted()
    sorting = read_sorting(request.args, *queries.SORTED)
    counts = [
        (verdict, binding, count, title_and_tone(verdict, binding))
        for verdict, binding, count in queries.counts(found)
    ]
    return render_template(
        "fees/charges/audit.html",
        audit=found,
        counts=counts,
        wanted=wanted,
        sorting=sorting,
        page=queries.charges(found, wanted, sorting, request.args.get("page", 1, type=int)),
        by_subject=queries.totals(found, "subject", queries.MOST_TOTALS + 1),
        by_firm=queries.totals(found, "firm", queries.MOST_TOTALS + 1),
        most=queries.MOST_TOTALS,
        places={code: area.name for code, area in areas().items()},
    )


def _wanted() -> queries.Wanted:
    """``?verdict=above_ceiling`` or, of what binds or informs alone, ``above_ceiling-binding`` or
    ``above_ceiling-reference``; nonsense wants everything."""
    name, _dash, force = request.args.get("verdict", "").partition("-")
    if name not in {each.value for each in Verdict}:
        return queries.Wanted()
    return queries.Wanted(Verdict(name), {"binding": True, "reference": False}.get(force))


@bp.route("/fees/charges/<public_id>/<int:number>")
@access(SIGNED_IN)
def charge(public_id: str, number: int) -> str:
    """One charge with every step of its answer."""
    found = rights.charge_for(require_actor(), public_id, number)
    return render_template(
        "fees/charges/charge.html",
        charge=found,
        audit=found.audit,
        lines=step_lines(found.steps),
        places={code: area.name for code, area in areas().items()},
    )


@bp.post("/fees/charges/<public_id>/export.xlsx")
@access(SIGNED_IN)
@writes
def charges_export(public_id: str) -> Response:
    """The audit as a workbook; counted and noted in the same transaction."""
    actor = require_actor()
    found = rights.audit_for(actor, public_id)
    now = hourly.check_export(actor, clock.now())
    audit.record(hourly.EXPORTED, actor, found, now, rows=found.row_count)
    return attachment(export(found), f"charges-{found.made_at:%Y%m%d}-{found.sha256[:8]}.xlsx")
