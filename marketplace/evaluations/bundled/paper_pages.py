"""Pages: a department's score of an ended year on paper, with a code that leads to how it is made."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.foundation import clock, policy, qr
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import PUBLIC, access

from ..blueprint import bp
from ..rules import EvaluationPolicy
from . import queries
from .models import DepartmentYear
from .pages import hundredths


def _settled(public_id: str, year: int) -> DepartmentYear:
    row = queries.settled_year(queries.department(public_id).id, year)
    if row is None:
        raise Missing(f"department year {public_id} {year}")
    return row


@bp.get("/data/departments/<public_id>/<int:year>/certificate")
@access(PUBLIC)
def department_certificate(public_id: str, year: int) -> ResponseReturnValue:
    """A settled year as a page to print."""
    row = _settled(public_id, year)
    return render_template(
        "evaluations/department_certificate.html",
        row=row,
        edition=policy.by_id(EvaluationPolicy, row.edition_id),
        now=clock.now(),
        hundredths=hundredths,
    )


@bp.get("/data/departments/<public_id>/<int:year>/code.svg")
@access(PUBLIC)
def department_code(public_id: str, year: int) -> ResponseReturnValue:
    """The address of the page that explains a settled year as a QR code."""
    _settled(public_id, year)
    return qr.picture(
        url_for("evaluations.department_year", public_id=public_id, year=year, _external=True)
    )
