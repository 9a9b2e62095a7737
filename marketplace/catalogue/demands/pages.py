"""Pages: report an off-list demand, follow it, take it in, answer it, decide it."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts import areas
from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.forms import ButtonForm, came_back, options
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from .. import queries as catalogue
from ..blueprint import bp
from . import access as rights
from . import actions, queries
from .forms import AnswerForm, DecisionForm, ReasonForm, ReportForm
from .models import TO_DECIDE, DemandStatus, OffListDemand


@bp.route("/demands/new", methods=["GET", "POST"])
@access(Permission.OBJECT)
@writes
def report_demand() -> ResponseReturnValue:
    """The button: a department asked me for a service off the list."""
    actor = require_actor()
    offices = {
        each.public_id: each
        for code in areas.chosen().lineage
        for each in accounts.departments(code)
    }
    form = ReportForm(data={"item_name": _named(request.args.get("item", ""))})
    form.department.choices = options(
        [("", _("请选择")), *((key, each.name) for key, each in offices.items())]
    )

    def report() -> OffListDemand:
        now = clock.now()
        return actions.report_demand(
            _chosen(offices, form.department.data),
            form.item_name.data or "",
            form.approval.data or "",
            form.asked_on.data,
            form.facts.data or "",
            files.store_given(form.file, actor, now),
            actor,
            now,
        )

    return run_form(
        form,
        report,
        lambda: render_template("catalogue/demand_form.html", form=form),
        _("反映已提交，办理进度可随时查看"),
        lambda made: url_for("catalogue.demand", public_id=made.public_id),
    )


def _chosen(offices: dict[str, Organisation], public_id: str | None) -> Organisation:
    if public_id not in offices:
        raise Invalid(_("请选择提出要求的部门"), field="department", rule=actions.RULE)
    return offices[public_id]


def _named(code: str) -> str:
    if not code:
        return ""
    try:
        return catalogue.item(code, clock.today(), areas.chosen().lineage).name
    except Missing:
        return ""


@bp.get("/demands")
@access(Permission.OBJECT)
def demands() -> ResponseReturnValue:
    """What the own organisation reported."""
    actor = require_actor()
    page = paginate(
        queries.reported_by(actor.organisation_id or 0), request.args.get("page", 1, type=int)
    )
    return render_template("catalogue/demands.html", page=page, own=True, told=True)


@bp.get("/supervision/demands")
@access(Permission.SUPERVISION_VIEW)
def demand_desk() -> ResponseReturnValue:
    """The cases of the officer's area; of a department its own, without who reported."""
    actor = require_actor()
    department = actor.organisation_id if rights.is_department(actor) else None
    page = paginate(
        queries.cases(area_of(actor), department), request.args.get("page", 1, type=int)
    )
    return render_template("catalogue/demands.html", page=page, own=False, told=department is None)


@bp.get("/demands/<public_id>")
@access(SIGNED_IN)
def demand(public_id: str) -> ResponseReturnValue:
    """A case: what was reported, what the department says, what was decided."""
    actor = require_actor()
    return _case_page(actor, rights.case_for(actor, public_id))


def _case_page(actor: Actor, found: OffListDemand, **forms: Any) -> str:
    bureau = found.jurisdiction_code == actor.jurisdiction and not rights.is_department(actor)
    return render_template(
        "catalogue/demand.html",
        now=clock.now(),
        case=found,
        told=rights.is_told_of_reporter(actor, found),
        own=found.reporter_id == actor.organisation_id,
        may_take=bureau
        and actor.may(Permission.SANCTION_PROPOSE)
        and found.status is DemandStatus.REPORTED,
        may_answer=found.department_id == actor.organisation_id
        and actor.may(Permission.ADMISSION_PROFESSIONAL)
        and found.status in (DemandStatus.TAKEN, DemandStatus.SILENT),
        may_decide=bureau
        and actor.may(Permission.SANCTION_DECIDE)
        and actor.user_id != found.taken_by
        and found.status in TO_DECIDE,
        **{"button": ButtonForm(formdata=None), "top": ButtonForm(formdata=None), **forms},
    )


@bp.get("/demands/<public_id>/file")
@access(SIGNED_IN)
def demand_file(public_id: str) -> Response:
    """The evidence of a report: it may tell who reported, so not for the department."""
    actor = require_actor()
    found = rights.case_for(actor, public_id)
    if found.file is None or not rights.is_told_of_reporter(actor, found):
        raise Missing(f"file of {public_id}")
    return files.send(found.file)


@bp.post("/demands/<public_id>/take")
@access(Permission.SANCTION_PROPOSE)
@writes
def take_demand(public_id: str) -> ResponseReturnValue:
    """Take a report in."""
    actor = require_actor()
    found = rights.case_of_bureau(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: actions.take_case(found, actor, clock.now()),
        lambda: _case_page(
            actor, rights.case_of_bureau(actor, public_id), **came_back("button", form)
        ),
        _("已受理，部门须在期限内说明"),
        lambda _none: url_for("catalogue.demand", public_id=public_id),
    )


@bp.route("/demands/<public_id>/decline", methods=["GET", "POST"])
@access(Permission.SANCTION_PROPOSE)
@writes
def decline_demand(public_id: str) -> ResponseReturnValue:
    """Not take a report in, with reasons."""
    actor = require_actor()
    found = rights.case_of_bureau(actor, public_id)
    form = ReasonForm()
    return _step(
        found,
        form,
        lambda: actions.decline_case(found, form.reason.data or "", actor, clock.now()),
        _("不予受理"),
        [_("理由告知反映人；部门不知道有这件反映")],
    )


@bp.route("/demands/<public_id>/answer", methods=["GET", "POST"])
@access(Permission.ADMISSION_PROFESSIONAL)
@writes
def answer_demand(public_id: str) -> ResponseReturnValue:
    """The department says how it was."""
    actor = require_actor()
    found = rights.case_of_department(actor, public_id)
    form = AnswerForm()
    return _step(
        found,
        form,
        lambda: actions.answer_case(found, form.answer.data or "", actor, clock.now()),
        _("提交说明"),
        [_("由管理机构另一人认定；查实的计入部门年度得分")],
    )


@bp.route("/demands/<public_id>/decide", methods=["GET", "POST"])
@access(Permission.SANCTION_DECIDE)
@writes
def decide_demand(public_id: str) -> ResponseReturnValue:
    """Find a report true or not."""
    actor = require_actor()
    found = rights.case_of_bureau(actor, public_id)
    form = DecisionForm()
    return _step(
        found,
        form,
        lambda: actions.decide_case(
            found, form.conclusion.data == "upheld", form.finding.data or "", actor, clock.now()
        ),
        _("作出认定"),
        [_("查实的，从部门年度得分中扣分"), _("结论告知反映人和部门")],
    )


def _step(
    found: OffListDemand, form: Any, act: Any, submit: str, effects: list[str]
) -> ResponseReturnValue:
    public_id = found.public_id
    return run_form(
        form,
        act,
        lambda: render_template(
            "catalogue/demand_step.html",
            form=form,
            case=found,
            told=rights.is_told_of_reporter(require_actor(), found),
            submit=submit,
            effects=effects,
        ),
        _("已办理"),
        lambda _none: url_for("catalogue.demand", public_id=public_id),
    )
