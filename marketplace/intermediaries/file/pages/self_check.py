"""年度自查: the firm's page, and the officer's list of who has not done it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from ... import access as rights
from ...blueprint import bp
from .. import actions, queries
from ..forms import self_check_form
from ..models import SelfCheck
from ..rules import last_day, opens_on


@bp.route("/firm/self-check", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def self_check() -> Any:
    """The self-check to be done now, and those done."""
    actor = require_actor()
    firm = rights.own_file(actor)
    form = self_check_form()()

    def confirm() -> None:
        row = queries.waiting_check(firm.id)
        if row is None:
            raise Missing("self-check")
        actions.confirm_self_check(row, form.answers(), actor, clock.now())

    def page() -> str:
        own = rights.own_file(actor)
        today = clock.today()
        policy = queries.file_policy(own.register_code, today).values
        year = today.year if today <= last_day(policy, today.year) else today.year + 1
        return render_template(
            "intermediaries/file/self_check.html",
            firm=own,
            form=form,
            waiting=queries.waiting_check(own.id),
            done=queries.checks_of(own.id),
            points=actions.POINTS,
            opens=opens_on(policy, year),
            closes=last_day(policy, year),
            policy=policy,
        )

    return run_form(
        form, confirm, page, _("年度自查已完成"), lambda _none: url_for("intermediaries.self_check")
    )


@bp.get("/supervision/self-checks")
@allow(Permission.SUPERVISION_VIEW)
def self_check_desk() -> str:
    """Who has done the year's self-check, those who have not first."""
    codes, this_year = area_of(require_actor()), clock.today().year
    year = request.args.get("year", this_year, type=int)
    if not date.min.year <= year <= date.max.year:
        raise Missing(f"self-checks of {year}")
    first = queries.first_year(codes)
    page = paginate(queries.checks_of_year(codes, year), request.args.get("page", 1, type=int))
    return render_template(
        "intermediaries/file/self_check_desk.html",
        page=page,
        year=year,
        this_year=this_year,
        earlier=first is not None and first < year <= this_year,
        counts=queries.counts_of_year(codes, year),
        points=actions.POINTS,
        statuses=SelfCheck.MOVES,
    )
