"""A firm's pages of the hall: its applications and its seat; a judge's: what there is to mark."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.forms import ButtonForm, Form
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from ..access import own_firm
from ..blueprint import bp
from . import access as rights
from . import actions, asking, queries
from .forms import (
    ApplicationForm,
    ExplanationForm,
    ReasonForm,
    application_form,
    sheet_form,
)
from .models import (
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallJudge,
    JudgeStatus,
)
from .pages import names_of


@bp.get("/firm/hall")
@access(Permission.FIRM_FILE)
def hall_own() -> ResponseReturnValue:
    """The firm's seat, its applications, and the calls it may answer."""
    actor, now = require_actor(), clock.now()
    firm = own_firm(actor)
    return render_template(
        "intermediaries/hall/own.html",
        firm=firm,
        seats=queries.seats_of(firm.id) if firm else [],
        applications=queries.applications_of(firm.id) if firm else [],
        calls=queries.open_calls(firm.register_code, now) if firm else [],
        now=now,
    )


@bp.route("/firm/hall/calls/<public_id>", methods=["GET", "POST"])
@access(Permission.FIRM_FILE)
@writes
def hall_apply(public_id: str) -> ResponseReturnValue:
    """Apply to a call, or change what was sent."""
    actor = require_actor()
    call = rights.call_for_firm(actor, public_id)
    firm = rights.own_file(actor)
    found = queries.application_of(call, firm.id)
    given = (
        {f"answer_{key}": text for key, text in found.answers.items()} if found is not None else {}
    )
    form = application_form(call.criteria, data=given)
    return run_form(
        form,
        lambda: actions.apply_to_call(
            call, rights.own_file(actor), form.answers(), actor, clock.now()
        ),
        lambda: _apply_page(rights.call_for_firm(actor, public_id), form),
        _("申请已提交，截止前可以修改或撤回"),
        lambda _made: url_for("intermediaries.hall_own"),
    )


def _apply_page(call: HallCall, form: ApplicationForm) -> str:
    actor, now = require_actor(), clock.now()
    firm = rights.own_file(actor)
    found = queries.application_of(call, firm.id)
    takes = call.status is CallStatus.OPEN and call.apply_by is not None and now < call.apply_by
    return render_template(
        "intermediaries/hall/apply.html",
        call=call,
        form=form,
        found=found,
        standing=found is not None and found.status is ApplicationStatus.RECEIVED,
        takes=takes,
        hindered=asking.obstacle(firm, call, now) if takes else None,
        items=names_of(call),
        button=ButtonForm(formdata=None),
    )


@bp.post("/firm/hall/applications/<public_id>/withdrawal")
@access(Permission.FIRM_FILE)
@writes
def hall_withdraw(public_id: str) -> ResponseReturnValue:
    """Take an application back before the deadline."""
    actor, form = require_actor(), ButtonForm()
    found = rights.own_application(actor, public_id)
    call_id = found.call.public_id

    def page() -> str:
        call = rights.call_for_firm(actor, call_id)
        again = application_form(call.criteria, formdata=None)
        again.refusals = form.refusals
        return _apply_page(call, again)

    return run_form(
        form,
        lambda: actions.withdraw_application(found, actor, clock.now()),
        page,
        _("申请已撤回"),
        lambda _done: url_for("intermediaries.hall_own"),
    )


@bp.route("/firm/hall/applications/<public_id>/giving-up", methods=["GET", "POST"])
@access(Permission.FIRM_FILE)
@writes
def hall_give_up(public_id: str) -> ResponseReturnValue:
    """Give up the place in the line, or the seat."""
    actor, form = require_actor(), ReasonForm()
    found = rights.own_application(actor, public_id)
    title = found.call.title

    def page() -> str:
        again = rights.own_application(actor, public_id)
        return render_template(
            "intermediaries/hall/step.html",
            form=form,
            title=_("放弃席位"),
            about=title,
            effects=[_("席位由候补机构按次序递补"), _("网上承接业务不受影响")],
            crumbs=[(_("大厅席位"), url_for("intermediaries.hall_own"))],
            back=url_for("intermediaries.hall_own"),
            status=again.status,
            final=True,
        )

    return run_form(
        form,
        lambda: actions.give_up(found, form.reason.data or "", actor, clock.now()),
        page,
        _("已放弃席位"),
        lambda _done: url_for("intermediaries.hall_own"),
    )


# ---- judges ---------------------------------------------------------------------


@bp.get("/hall/judging")
@access(SIGNED_IN)
def hall_judging() -> ResponseReturnValue:
    """The calls the reader marks or marked, what is due next first."""
    actor, now = require_actor(), clock.now()
    found = queries.duties(actor.user_id or 0, now)
    return render_template(
        "intermediaries/hall/judging.html",
        waiting=[each for each in found if each.is_open],
        ahead=[each for each in found if each.is_ahead],
        over=[each for each in found if each.is_over],
        now=now,
    )


@bp.get("/hall/judging/<public_id>")
@access(SIGNED_IN)
def hall_judge(public_id: str) -> ResponseReturnValue:
    """One call to mark: the applications, and what the reader alone gave."""
    return _judge_page(rights.own_judgeship(require_actor(), public_id))


def _judge_page(judge: HallJudge) -> str:
    now, call = clock.now(), judge.call
    values = queries.edition_of(call, clock.local_day(now)).values
    own = queries.sheets_by(judge)
    asked = queries.to_explain(call, values.spread_points) if own else set()
    done = queries.explanations([each.id for each in own.values()])
    marking = (
        call.status is CallStatus.MARKING
        and judge.status is JudgeStatus.CONFIRMED
        and call.mark_by is not None
        and now < call.mark_by
    )
    begun = call.status not in (CallStatus.DRAFT, CallStatus.SUBMITTED, CallStatus.OPEN)
    return render_template(
        "intermediaries/hall/judge.html",
        judge=judge,
        call=call,
        own=own,
        marking=marking,
        applications=queries.to_mark(call) if begun else [],
        to_explain={
            each.application_id for each in own.values() if each.id in asked and each.id not in done
        },
        may_recuse=judge.status is JudgeStatus.CONFIRMED
        and call.status
        in (CallStatus.DRAFT, CallStatus.SUBMITTED, CallStatus.OPEN, CallStatus.MARKING),
        now=now,
    )


@bp.route("/hall/judging/<public_id>/applications/<application_id>", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def hall_sheet(public_id: str, application_id: str) -> ResponseReturnValue:
    """Mark one application."""
    actor = require_actor()
    judge = rights.own_judgeship(actor, public_id)
    application = rights.application_to_mark(judge, application_id)
    form = sheet_form(judge.call.criteria)
    return run_form(
        form,
        lambda: actions.give_sheet(
            judge,
            application,
            [Decimal(field.data) for field in form.given],
            form.reason.data or "",
            actor,
            clock.now(),
        ),
        lambda: _sheet_page(
            rights.own_judgeship(actor, public_id),
            rights.application_to_mark(rights.own_judgeship(actor, public_id), application_id),
            form,
        ),
        _("评分已提交"),
        lambda _done: url_for("intermediaries.hall_judge", public_id=public_id),
    )


def _sheet_page(
    judge: HallJudge, application: HallApplication, form: Any, said: Form | None = None
) -> str:
    call, own = judge.call, queries.sheets_by(judge).get(application.id)
    values = queries.edition_of(call, clock.today()).values
    explanation = queries.explanations([own.id]).get(own.id) if own is not None else None
    asked = own is not None and own.id in queries.to_explain(call, values.spread_points)
    return render_template(
        "intermediaries/hall/sheet.html",
        judge=judge,
        call=call,
        application=application,
        own=own,
        form=form,
        explanation=explanation,
        explain=(said or ExplanationForm(formdata=None)) if asked and explanation is None else None,
        top=said if said is not None and (not asked or explanation is not None) else None,
    )


@bp.post("/hall/judging/<public_id>/applications/<application_id>/explanation")
@access(SIGNED_IN)
@writes
def hall_explain(public_id: str, application_id: str) -> ResponseReturnValue:
    """Say why one's total lies so far from the mean."""
    actor, form = require_actor(), ExplanationForm()
    judge = rights.own_judgeship(actor, public_id)
    application = rights.application_to_mark(judge, application_id)
    sheet = rights.own_sheet(judge, application)
    return run_form(
        form,
        lambda: actions.explain(judge, sheet, form.text.data or "", actor, clock.now()),
        lambda: _sheet_page(
            rights.own_judgeship(actor, public_id),
            rights.application_to_mark(rights.own_judgeship(actor, public_id), application_id),
            sheet_form(judge.call.criteria, formdata=None),
            form,
        ),
        _("说明已公开"),
        lambda _done: url_for("intermediaries.hall_judge", public_id=public_id),
    )


@bp.route("/hall/judging/<public_id>/recusal", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def hall_stand_aside(public_id: str) -> ResponseReturnValue:
    """Stand aside as judge of a call."""
    actor, form = require_actor(), ReasonForm()
    judge = rights.own_judgeship(actor, public_id)

    def page() -> str:
        again = rights.own_judgeship(actor, public_id)
        return render_template(
            "intermediaries/hall/step.html",
            form=form,
            title=_("申请回避"),
            about=again.call.title,
            effects=[_("已提交的评分不再计入"), _("由管理机构增补评委")],
            crumbs=[(_("评审任务"), url_for("intermediaries.hall_judging"))],
            back=url_for("intermediaries.hall_judge", public_id=public_id),
            status=again.status,
            final=True,
        )

    return run_form(
        form,
        lambda: actions.recuse_judge(judge, form.reason.data or "", actor, clock.now()),
        page,
        _("已回避"),
        lambda _done: url_for("intermediaries.hall_judging"),
    )
