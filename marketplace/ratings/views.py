"""Pages: a rating explained, the rating desk, one proposal, an inspection's result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.areas import areas, chosen
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
from . import actions, explaining, queries, waterfall
from .forms import ConfirmForm, InspectionForm, RejectForm
from .rules.weights import add_months

bp = Blueprint("ratings", __name__)
LOOK_AHEAD_MONTHS = 36


@bp.get("/firms/<public_id>/rating")
@access(PUBLIC)
def explained(public_id: str) -> ResponseReturnValue:
    """How a firm's grade comes about, line by line; `?day=` for another day, `?register=` for
    another register it is rated on, by default that of the area the reader chose."""
    organisation = rights.rated_organisation(public_id)
    actor = current_actor()
    today = clock.today()
    asked = request.args.get("register", ""), chosen().register or ""
    register, now = rights.rated_on(organisation, asked), clock.now()
    past = rights.may_look_back(actor, organisation.id, register)
    day, problem = _day(request.args.get("day"), today, past)
    explanation = explaining.explain(organisation, register, day, now)
    page = render_template(
        "ratings/explained.html",
        explanation=explanation,
        bars=waterfall.bars(explanation),
        changes=waterfall.would_change(explanation, register, now) if day >= today else [],
        days=_days(organisation, register, day, today, past),
        today=today,
        past=past,
        officer=supervises(actor, register),
        register=register,
        registers=[areas()[code] for code in queries.registers_of(organisation.id)],
        problem=problem,
        points=explaining.points,
        plain=explaining.plain,
        hundredths=queries.hundredths,
    )
    return page, 422 if problem else 200


@dataclass(frozen=True)
class Days:
    """Where the day slider begins and ends, and the days beside the one shown."""

    first: date
    last: date
    before: date | None
    after: date | None
    change_before: date | None
    change_after: date | None


def _days(organisation: Organisation, register: str, day: date, today: date, past: bool) -> Days:
    subject = queries.subject_of(organisation.id, register)
    rows = queries.rows_of(subject) if subject is not None else []
    begun = min((row.takes_effect_on for row in rows), default=today)
    first = min(begun, today) if past else today
    last = add_months(today, LOOK_AHEAD_MONTHS)
    before, after = waterfall.neighbours(subject, rows, day)
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
