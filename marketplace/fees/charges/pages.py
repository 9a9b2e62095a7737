"""Audits of charges: the list, the upload, the answer, one charge, the workbooks."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.areas import areas
from marketplace.catalogue import queries as catalogue
from marketplace.fees import queries as fees
from marketplace.fees.blueprint import bp
from marketplace.fees.rules.judging import Verdict
from marketplace.fees.wording import step_lines, title_and_tone
from marketplace.foundation import clock, files
from marketplace.foundation.errors import DomainError
from marketplace.foundation.listing import read_sorting
from marketplace.foundation.spreadsheets.writing import CONTENT_TYPE
from marketplace.foundation.web import SIGNED_IN, access, require_actor, writes

from . import access as rights
from . import actions, queries
from .columns import template
from .export import export
from .forms import ChargesForm
from .reading import BadCells

MOST_SHOWN = 200


@bp.route("/fees/charges", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def charges() -> Any:
    """The audits made so far, and a new one: a file is judged whole or not at all."""
    actor = require_actor()
    form = ChargesForm()
    problems: list[Any] = []
    if form.validate_on_submit():
        try:
            upload = files.checked(
                form.file.data.stream, form.file.data.filename or "", "file", ("xlsx",)
            )
            made = actions.audit_charges(
                upload.content,
                upload.name,
                form.title.data or "",
                actor,
                clock.now(),
            )
        except DomainError as error:
            form.refuse(error)
            problems = list(error.problems) if isinstance(error, BadCells) else []
        else:
            flash(_("核对完成，共 %(count)s 笔", count=made.row_count), "good")
            return redirect(url_for("fees.charge_audit", public_id=made.public_id), 303)
    page = render_template(
        "fees/charges/index.html",
        form=form,
        problems=problems[:MOST_SHOWN],
        more=max(0, len(problems) - MOST_SHOWN),
        page=queries.audits(actor, request.args.get("page", 1, type=int)),
    )
    return page, 422 if form.problems else 200


@bp.route("/fees/charges/template.xlsx")
@access(SIGNED_IN)
def charges_template() -> Response:
    """The file to fill in, with what each item of the own area asks."""
    actor = require_actor()
    area = areas().get(actor.jurisdiction or "") or next(iter(areas().values()))
    day = clock.today()
    items = catalogue.items(day, area.lineage)
    found = fees.pricings([item.code for item in items], area.code, day)
    return _workbook(template(items, found, area), "charges-template.xlsx")


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


@bp.route("/fees/charges/<public_id>/export.xlsx")
@access(SIGNED_IN)
def charges_export(public_id: str) -> Response:
    """The audit as a workbook."""
    found = rights.audit_for(require_actor(), public_id)
    return _workbook(export(found), f"charges-{found.made_at:%Y%m%d}-{found.sha256[:8]}.xlsx")


def _workbook(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype=CONTENT_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
