"""Pages: a rating explained, the rating desk, one proposal, an inspection's result."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.accounts.queries import register_of
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.errors import DomainError
from marketplace.foundation.web import PUBLIC, access, current_actor, require_actor, writes

from . import access as rights
from . import actions, explaining, queries
from .forms import ConfirmForm, InspectionForm, RejectForm
from .rules.weights import add_months

bp = Blueprint("ratings", __name__)
LOOK_AHEAD_MONTHS = 36


@bp.get("/firms/<public_id>/rating")
@access(PUBLIC)
def explained(public_id: str) -> ResponseReturnValue:
    """How a firm's grade comes about, line by line; `?day=` for another day."""
    organisation = rights.rated_organisation(public_id)
    actor = current_actor()
    today = clock.today()
    past = rights.may_look_back(actor, organisation)
    day, problem = _day(request.args.get("day"), today, past)
    explanation = explaining.explain(
        organisation, register_of(organisation.jurisdiction_code), day, clock.now()
    )
    page = render_template(
        "ratings/explained.html",
        explanation=explanation,
        today=today,
        past=past,
        problem=problem,
        points=explaining.points,
        plain=explaining.plain,
        hundredths=queries.hundredths,
    )
    return page, 422 if problem else 200


def _day(text: str | None, today: date, past: bool) -> tuple[date, str | None]:
    """The day asked for, or today with what is wrong with the question."""
    if not text:
        return today, None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today, _("日期格式为 年-月-日,例如 2026-03-02")
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
    """Proposals to decide, and what was decided."""
    return render_template(
        "ratings/desk.html", open=queries.proposals(), decided=queries.decided_proposals()
    )


@bp.route("/supervision/ratings/<public_id>", methods=["GET", "POST"])
@access(Permission.RATING_CONFIRM)
@writes
def proposal(public_id: str) -> ResponseReturnValue:
    """One proposal: confirm it."""
    actor = require_actor()
    found = rights.proposal_for(actor, public_id)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            actions.confirm_grade(found, actor, clock.now())
            return redirect(url_for("ratings.desk"), 303)
        except DomainError as error:
            db.session.rollback()
            if error.status != 422:
                raise
            form.refuse(error)
    page = render_template("ratings/proposal.html", proposal=found, form=form)
    return page, form.http_status


@bp.route("/supervision/ratings/<public_id>/rejection", methods=["GET", "POST"])
@access(Permission.RATING_CONFIRM)
@writes
def reject(public_id: str) -> ResponseReturnValue:
    """Reject a proposal."""
    actor = require_actor()
    found = rights.proposal_for(actor, public_id)
    form = RejectForm()
    if form.validate_on_submit():
        try:
            actions.reject_grade(found, form.reason.data or "", actor, clock.now())
            return redirect(url_for("ratings.desk"), 303)
        except DomainError as error:
            db.session.rollback()
            if error.status != 422:
                raise
            form.refuse(error)
    page = render_template("ratings/rejection.html", proposal=found, form=form)
    return page, form.http_status


@bp.route("/supervision/ratings/inspections/new", methods=["GET", "POST"])
@access(Permission.RATING_INSPECT)
@writes
def inspect() -> ResponseReturnValue:
    """Record an inspection's result."""
    actor = require_actor()
    form = InspectionForm()
    if form.validate_on_submit():
        try:
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
            return redirect(url_for("ratings.explained", public_id=organisation.public_id), 303)
        except DomainError as error:
            db.session.rollback()
            if error.status != 422:
                raise
            form.refuse(error)
    return render_template("ratings/inspection.html", form=form), form.http_status
