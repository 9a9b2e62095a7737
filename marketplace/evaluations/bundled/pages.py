"""Pages: a department's year opened into its parts, and the standing of all departments."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, policy
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import PUBLIC, access, current_actor, require_actor
from marketplace.ratings.rules.weights import fixed_point

from ..blueprint import bp
from ..departments import queries as departments
from ..models import PART_TITLES
from ..queries import edition_of
from ..rules import Direction, EvaluationPolicy
from . import access as rights
from . import queries
from .actions import listing_of, listing_policy
from .rules import Part, year_score

TITLES: dict[Part, Any] = {
    Part.MARKS: _l("中介机构评价"),
    Part.ON_TIME: _l("本行业合同按期完成率"),
    Part.ACCEPTED: _l("本行业成果验收率"),
    Part.PRIOR: _l("初始分值"),
}


@bp.get("/data/departments/<public_id>/<int:year>")
@access(PUBLIC)
def department_year(public_id: str, year: int) -> ResponseReturnValue:
    """A department's year, part by part. The contracts and checks behind it, and the year that
    runs (always without firms' marks), are shown to the department and to officers above it."""
    department = queries.department(public_id)
    opened = rights.may_open(current_actor(), department)
    today = clock.today()
    row = queries.settled_year(department.id, year)
    running = row is None and year == today.year and opened
    if row is not None:
        facts, evidence, least = row.facts, row.evidence, row.least_firms
        edition = policy.by_id(EvaluationPolicy, row.edition_id)
        listing = listing_of(row)
    elif running:
        found = queries.gather(department, year, today)
        facts, evidence, least = found.facts, found.evidence, found.least_firms
        edition = edition_of(department.jurisdiction_code, today)
        listing = listing_policy(department.jurisdiction_code, today).values
    else:
        raise Missing(f"department year {public_id} {year}")
    said = [
        each
        for each in departments.years_of([department], today)[department.id]
        if each.year == year and facts.marks
    ]
    return render_template(
        "evaluations/department_year.html",
        department=department,
        year=year,
        row=row,
        facts=facts,
        score=None if facts.is_empty else year_score(facts, edition.values, listing),
        edition=edition,
        listing=listing,
        least=least,
        said=said[0] if said else None,
        opened=opened,
        contracts=queries.contracts_in(evidence) if opened else [],
        checks=queries.checks_in(evidence) if opened else [],
        demands=queries.demands_in(evidence) if opened else [],
        listed=queries.LISTED,
        titles=TITLES,
        parts=PART_TITLES,
        columns=Direction.FIRM_TO_DEPARTMENT.parts,
        history=queries.settled([department.id]),
        plain=plain,
    )


@bp.get("/supervision/departments")
@access(Permission.SUPERVISION_VIEW)
def department_desk() -> ResponseReturnValue:
    """How the departments stand: the running year so far, and the scores of ended years."""
    today = clock.today()
    offices = rights.departments_for(require_actor())
    running = queries.running(offices, today.year)
    scores: dict[int, list[Any]] = {each.id: [] for each in offices}
    for row in queries.settled(list(scores)):
        scores[row.department_id].append(row)
    return render_template(
        "evaluations/department_desk.html",
        offices=offices,
        running=running,
        scores=scores,
        year=today.year,
        hundredths=hundredths,
    )


def plain(value: Fraction, places: int = 2) -> Decimal:
    """A ratio for a page, half-up."""
    return fixed_point(value.numerator, value.denominator, places)


def hundredths(value: int) -> Decimal:
    """A stored score for a page."""
    return Decimal(value).scaleb(-2)
