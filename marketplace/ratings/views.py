"""Pages: a rating explained, the rating desk, one proposal, an inspection's result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.areas import areas
from marketplace.accounts.models import Organisation
from marketplace.accounts.overseeing import area_of, supervises
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.forms import came_back
from marketplace.foundation.web import (
    PUBLIC,
    access,
    current_actor,
    require_actor,
    run_form,
    writes,
)

from . import access as rights
from . import actions, certificate_pages, comparing, explaining, queries, reaching, waterfall
from .blueprint import asked_for, bp
from .forms import ConfirmForm, InspectionForm, RejectForm
from .models import Capacity
from .rules.weights import add_months

__all__ = ["bp", "certificate_pages"]

LOOK_AHEAD_MONTHS = 36


@bp.get("/firms/<public_id>/rating")
@access(PUBLIC)
def explained(public_id: str) -> ResponseReturnValue:
    """How a firm's grade comes about, line by line; `?day=` for another day, `?register=` for
    another register it is rated on, by default that of the area the reader chose."""
    return _explained(public_id, Capacity.INTERMEDIARY)


@bp.get("/owners/<public_id>/rating")
@access(PUBLIC)
def owner_explained(public_id: str) -> ResponseReturnValue:
    """The same of an owner: firms see it before they enter."""
    return _explained(public_id, Capacity.OWNER)


def _explained(public_id: str, capacity: Capacity) -> ResponseReturnValue:
    asked = _asked(public_id, capacity)
    day, problem = _day(request.args.get("day"), asked.today, asked.past)
    organisation, register, now = asked.organisation, asked.register, asked.now
    ledger = queries.ledger_of(organisation.id, register, capacity)
    explanation = explaining.explain(organisation, register, day, now, capacity, ledger)
    ahead = day >= asked.today
    page = render_template(
        "ratings/explained.html",
        explanation=explanation,
        bars=waterfall.bars(explanation),
        changes=waterfall.would_change(explanation, now, capacity) if ahead else [],
        ways=reaching.ways_up(explanation, now, capacity) if ahead else [],
        days=_days(asked, ledger, day),
        today=asked.today,
        past=asked.past,
        officer=supervises(current_actor(), register),
        owner=capacity is Capacity.OWNER,
        register=register,
        registers=[areas()[code] for code in queries.registers_of(organisation.id, capacity)],
        problem=problem,
        points=explaining.points,
        plain=explaining.plain,
        hundredths=queries.hundredths,
    )
    return page, 422 if problem else 200


@bp.get("/firms/<public_id>/rating/changes")
@access(PUBLIC)
def changes(public_id: str) -> ResponseReturnValue:
    """What changed between two days, `?from=` and `?to=`: every entry with its effect."""
    return _changes(public_id, Capacity.INTERMEDIARY)


@bp.get("/owners/<public_id>/rating/changes")
@access(PUBLIC)
def owner_changes(public_id: str) -> ResponseReturnValue:
    """The same of an owner."""
    return _changes(public_id, Capacity.OWNER)


def _changes(public_id: str, capacity: Capacity) -> ResponseReturnValue:
    asked = _asked(public_id, capacity)
    today, past = asked.today, asked.past
    ledger = queries.ledger_of(asked.organisation.id, asked.register, capacity)
    first, wrong_first = _day(request.args.get("from"), today, past)
    second, wrong_second = _day(request.args.get("to"), today, past)
    problem = wrong_first or wrong_second
    if not request.args.get("from") and not problem:
        earliest = max(_first_day(asked, ledger), queries.first_edition_day())
        first = max(earliest, add_months(today, -1)) if past else today
        if not past and not request.args.get("to"):
            second = add_months(today, 1)
    chosen = "from" in request.args or "to" in request.args
    if not problem and chosen and first >= second:
        problem = _("起始日期须早于截止日期")
    found = None
    # nobody chose them: of somebody whose first day is today there is nothing to compare yet
    if not problem and first < second:
        found = comparing.between(
            asked.organisation, asked.register, first, second, asked.now, capacity, ledger
        )
    page = render_template(
        "ratings/changes.html",
        organisation=asked.organisation,
        found=found,
        first=first,
        second=second,
        days=_days(asked, ledger, first),
        past=past,
        owner=capacity is Capacity.OWNER,
        register=asked.register,
        problem=problem,
        points=explaining.points,
        plain=explaining.plain,
    )
    return page, 422 if problem else 200


@dataclass(frozen=True)
class Asked:
    """Whose rating on which register is asked for, and whether past days may be shown."""

    organisation: Organisation
    capacity: Capacity
    register: str
    today: date
    now: datetime
    past: bool


def _asked(public_id: str, capacity: Capacity) -> Asked:
    organisation, register = asked_for(public_id, capacity)
    past = rights.may_look_back(current_actor(), organisation.id, register)
    return Asked(organisation, capacity, register, clock.today(), clock.now(), past)


@dataclass(frozen=True)
class Days:
    """Where the day slider begins and ends, and the days beside the one shown."""

    first: date
    last: date
    before: date | None
    after: date | None
    change_before: date | None
    change_after: date | None


def _first_day(asked: Asked, ledger: queries.Ledger | None) -> date:
    """The day on which the first entry begins; today before there is any."""
    rows = ledger.rows if ledger is not None else []
    return min((row.takes_effect_on for row in rows), default=asked.today)


def _days(asked: Asked, ledger: queries.Ledger | None, day: date) -> Days:
    today = asked.today
    first = min(_first_day(asked, ledger), today) if asked.past else today
    last = add_months(today, LOOK_AHEAD_MONTHS)
    before, after = waterfall.neighbours(ledger.rows if ledger is not None else [], day)
    one = timedelta(days=1)
    return Days(
        first=first,
        last=last,
        before=day - one if day > first else None,
        after=day + one if day < last else None,
        change_before=before if before is not None and before >= first else None,
        change_after=after if after is not None and after <= last else None,
    )


def _day(text: str | None, today: date, past: bool) -> tuple[date, str | None]:
    """The day asked for, or today with what is wrong with the question."""
    if not text:
        return today, None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today, _("日期格式为 年-月-日，例如 2026-03-02")
    if day > add_months(today, LOOK_AHEAD_MONTHS):
        return today, _("最多可查看今后 %(months)s 个月内的日期", months=LOOK_AHEAD_MONTHS)
    if day < today and not past:
        return today, _("以往日期的评定明细只向机构本人和监管人员开放")
    if day < today and queries.first_edition_day() > day:
        return today, _("该日期尚无信用等级评定规则")
    return day, None


@bp.get("/supervision/ratings")
@access(Permission.SUPERVISION_VIEW)
def desk() -> ResponseReturnValue:
    """Proposals to decide on the registers of the office's area, and what was decided."""
    codes = area_of(require_actor())
    return render_template(
        "ratings/desk.html",
        open=queries.proposals(codes),
        decided=queries.decided_proposals(codes),
    )


@bp.route("/supervision/ratings/<public_id>", methods=["GET", "POST"])
@access(Permission.RATING_CONFIRM)
@writes
def proposal(public_id: str) -> ResponseReturnValue:
    """One proposal: confirm it."""
    actor = require_actor()
    found = rights.proposal_for(actor, public_id)
    form = ConfirmForm()
    return run_form(
        form,
        lambda: actions.confirm_grade(found, actor, clock.now()),
        lambda: render_template("ratings/proposal.html", proposal=found, **came_back("form", form)),
        None,
        lambda _done: url_for("ratings.desk"),
    )


@bp.route("/supervision/ratings/<public_id>/rejection", methods=["GET", "POST"])
@access(Permission.RATING_CONFIRM)
@writes
def reject(public_id: str) -> ResponseReturnValue:
    """Reject a proposal."""
    actor = require_actor()
    found = rights.proposal_for(actor, public_id)
    form = RejectForm()
    return run_form(
        form,
        lambda: actions.reject_grade(found, form.reason.data or "", actor, clock.now()),
        lambda: render_template("ratings/rejection.html", proposal=found, form=form),
        None,
        lambda _done: url_for("ratings.desk"),
    )


@bp.route("/supervision/ratings/inspections/new", methods=["GET", "POST"])
@access(Permission.RATING_INSPECT)
@writes
def inspect() -> ResponseReturnValue:
    """Record an inspection's result."""
    actor = require_actor()
    form = InspectionForm()

    def post() -> Organisation:
        organisation = rights.inspectable(actor, form.credit_code.data or "")
        actions.post_inspection(
            organisation.id,
            organisation.jurisdiction_code,
            form.inspected_on.data,
            form.document.data or "",
            form.result.data or Decimal(0),
            form.findings.data or "",
            actor,
            clock.now(),
        )
        return organisation

    return run_form(
        form,
        post,
        lambda: render_template("ratings/inspection.html", form=form),
        None,
        lambda inspected: url_for("ratings.explained", public_id=inspected.public_id),
    )
