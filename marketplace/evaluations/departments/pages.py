"""Pages: firm and department mark each other; a department's list; what the public reads."""

from __future__ import annotations

from datetime import date

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.accounts.permissions import Permission
from marketplace.contracts.models import Contract
from marketplace.foundation import clock, policy
from marketplace.foundation.forms import Form, came_back
from marketplace.foundation.web import PUBLIC, access, require_actor, run_form, writes

from .. import queries as evaluations
from ..blueprint import bp
from ..bundled import queries as bundled
from ..bundled.models import DepartmentYear
from ..forms import FORMS
from ..models import DIRECTION_TITLES, PART_TITLES
from ..reviews import queries as reviews
from ..rules import Direction, EvaluationPolicy, may_revise
from . import access as rights
from . import actions, queries
from .models import PairStatus


@bp.route("/contracts/<public_id>/department-evaluation", methods=["GET", "POST"])
@access(Permission.EVALUATE)
@writes
def evaluate_department(public_id: str) -> ResponseReturnValue:
    """Give or revise marks; nothing here tells whether the other side has marked."""
    actor = require_actor()
    contract, direction = rights.contract_for(actor, public_id)
    form = FORMS[direction]()
    if not form.is_submitted():
        window = evaluations.window_of(contract)
        own = evaluations.evaluation(window, direction) if window else None
        if own is not None:
            given = {part: str(mark) for part, mark in own.latest.marks.items()}
            form = FORMS[direction](data={**given, "reason": own.latest.reason})
    return run_form(
        form,
        lambda: actions.submit_evaluation(
            contract, form.marks(direction), form.reason.data, actor, clock.now()
        ),
        lambda: _page(contract, direction, form),
        None,
        lambda _given: url_for("evaluations.evaluate_department", public_id=public_id),
    )


def _page(contract: Contract, direction: Direction, form: Form) -> str:
    now = clock.now()
    window, pair = evaluations.window_of(contract), queries.pair_of(contract)
    own = evaluations.evaluation(window, direction) if window else None
    over = pair is not None and pair.status is PairStatus.REVEALED
    ended = over or (window is not None and now >= window.ends_at)
    may_change = not ended
    if own is not None and window is not None:
        rules = policy.by_id(EvaluationPolicy, window.edition_id).values
        may_change &= may_revise(len(own.versions), own.revise_until, now, rules)
    about_firm = None
    if over and window is not None:
        about_firm = evaluations.evaluation(window, Direction.DEPARTMENT_TO_FIRM)
    told = [about_firm] if about_firm else []
    found = reviews.reviews_of(told)
    return render_template(
        "evaluations/department.html",
        contract=contract,
        direction=direction,
        department=queries.department_of(contract),
        directions=DIRECTION_TITLES,
        parts=PART_TITLES,
        window=window,
        ready=evaluations.can_be_evaluated(contract),
        own=own,
        ended=ended,
        may_change=may_change,
        about_firm=about_firm,
        reply=reviews.replies_to(told).get(about_firm.id) if about_firm else None,
        reviews=found[about_firm.id] if about_firm else [],
        dispute_until=reviews.dispute_until(about_firm) if about_firm else None,
        **came_back("form", form),
    )


@bp.get("/department/evaluations")
@access(Permission.EVALUATE)
def department_evaluations() -> ResponseReturnValue:
    """A department's marks to give and given, and what firms say of it by the year."""
    office = rights.department_for(require_actor())
    today = clock.today()
    standings = _standings([office], today)
    return render_template(
        "evaluations/department_list.html",
        office=office,
        waiting=queries.waiting_for(office.id, clock.now()),
        given=queries.given_by(office.id),
        standings=standings,
        this_year=today.year,
        parts=PART_TITLES,
        columns=_columns(standings),
    )


@bp.get("/data/departments")
@access(PUBLIC)
def department_standings() -> ResponseReturnValue:
    """What firms say of the departments and how these scored, by years that have ended; never a
    single mark."""
    chosen, today = areas.chosen(), clock.today()
    edition = evaluations.edition_of(chosen.code, today)
    # an area without departments of its own is handled by those above it
    offices = next(filter(None, map(accounts.departments, chosen.lineage)), [])
    standings = _standings(offices, today)
    told = {office.id for office, _years in standings}
    return render_template(
        "evaluations/department_standings.html",
        standings=standings,
        untold=[office.name for office in offices if office.id not in told],
        least=edition.values.department_least_firms,
        parts=PART_TITLES,
        columns=_columns(standings),
    )


Standing = tuple[Organisation, list[tuple[queries.Year, DepartmentYear | None]]]


def _standings(offices: list[Organisation], today: date) -> list[Standing]:
    """The departments of which there is something to tell, with the ended years of which."""
    years = queries.years_of(offices, today)
    scores = {(row.department_id, row.year): row for row in bundled.settled(years)}
    standings = [
        (
            office,
            [
                (year, scores.get((office.id, year.year)))
                for year in years[office.id]
                if year.means or (office.id, year.year) in scores
            ],
        )
        for office in offices
    ]
    return [(office, told) for office, told in standings if told]


def _columns(standings: list[Standing]) -> tuple[str, ...]:
    """The parts firms marked, where some year has enough of their marks to be told."""
    means = any(year.means for _office, years in standings for year, _score in years)
    return Direction.FIRM_TO_DEPARTMENT.parts if means else ()
