"""Pages of judges: what waits, a judging, one firm's plan; what is said of a judge afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationFunction
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.errors import Missing, Refused
from marketplace.foundation.forms import ButtonForm, came_back
from marketplace.foundation.web import (
    PUBLIC,
    SIGNED_IN,
    access,
    require_actor,
    run_form,
    writes,
)

from .. import access as objects
from ..blueprint import bp
from . import access as rights
from . import actions, plans, queries, showing
from .forms import AcceptForm, AsideForm, ExplainForm, FeedbackForm, SheetForm
from .models import JudgeStatus, PanelJudge, PanelSheet, PanelStatus


@dataclass(frozen=True)
class Duty:
    """A judging in a judge's list: what to do and by when, if anything."""

    judge: PanelJudge
    what: str | None
    due: datetime | None
    left: int

    @property
    def title(self) -> str:
        """The need that is judged."""
        return self.judge.panel.round.need.title


def _duty(judge: PanelJudge, now: datetime) -> Duty:
    entries = plans.of_round(judge.panel.round)
    live = judge in queries.open_for(judge.user_id)
    found = queries.due(judge, len(entries), now) if live else None
    left = len(entries) - len(queries.sheets_by(judge))
    what, due = found if found is not None else (None, None)
    return Duty(judge, what, due, left)


@bp.get("/judging")
@access(SIGNED_IN)
def judging() -> ResponseReturnValue:
    """Everything one was drawn to judge, what waits first."""
    actor, now = require_actor(), clock.now()
    assert actor.user_id is not None
    found = [_duty(each, now) for each in queries.all_of(actor.user_id)]
    return render_template(
        "selection/judging/judging.html",
        waiting=[each for each in found if each.what],
        over=[each for each in found if not each.what],
    )


@bp.get("/judging/<public_id>")
@access(SIGNED_IN)
def judge(public_id: str) -> ResponseReturnValue:
    """A judging: what is judged, the plans, what one gave, the answer to the call."""
    return _judge_page(public_id)


def _judge_page(public_id: str, **forms: Any) -> str:
    found = rights.own_judgeship(require_actor(), public_id)
    now, need = clock.now(), found.panel.round.need
    sheets = queries.sheets_by(found)
    duty = _duty(found, now)
    taking_part = found.status in (JudgeStatus.CONFIRMED, JudgeStatus.LEFT_OUT)
    defaults = {
        "accept": AcceptForm(formdata=None),
        "aside": AsideForm(formdata=None),
        "top": ButtonForm(formdata=None),
    }
    return render_template(
        "selection/judging/judge.html",
        judge=found,
        need=need,
        weights=need.weights,
        duty=duty,
        plans=plans.of_round(found.panel.round) if taking_part else [],
        sheets=sheets,
        questions=queries.questions(each.id for each in sheets.values()),
        may_answer=duty.what == "answer",
        may_mark=duty.what == "mark",
        may_leave=found.panel.status is PanelStatus.MARKING and duty.what in ("answer", "mark"),
        **{**defaults, **forms},
    )


def _act(public_id: str, name: str, form: Any, action: Callable[[], Any], done: str) -> Any:
    return run_form(
        form,
        action,
        lambda: _judge_page(public_id, **came_back(name, form)),
        done,
        lambda _done: url_for("selection.judge", public_id=public_id),
    )


@bp.post("/judging/<public_id>/part")
@access(SIGNED_IN)
@writes
def take_part(public_id: str) -> ResponseReturnValue:
    """Confirm that one judges."""
    actor = require_actor()
    found = rights.own_judgeship(actor, public_id)
    form = AcceptForm()
    return _act(
        public_id,
        "accept",
        form,
        lambda: actions.take_part(found, actor),
        _("已确认参加，请在期限内逐家评分"),
    )


@bp.post("/judging/<public_id>/aside")
@access(SIGNED_IN)
@writes
def stand_aside(public_id: str) -> ResponseReturnValue:
    """Decline, or recuse oneself."""
    actor = require_actor()
    found = rights.own_judgeship(actor, public_id)
    form = AsideForm()
    return _act(
        public_id,
        "aside",
        form,
        lambda: actions.stand_aside(found, form.reason.data or "", actor),
        _("已登记，由抽取次序中的下一位递补"),
    )


@bp.route("/judging/<public_id>/plans/<int:alias>", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def mark_plan(public_id: str, alias: int) -> ResponseReturnValue:
    """Read one plan and mark it."""
    actor = require_actor()
    found = rights.own_judgeship(actor, public_id)
    plan = rights.plan_to_mark(found, alias)
    form = SheetForm()

    def mark() -> PanelSheet:
        assert form.plan.data is not None
        assert form.practitioners.data is not None
        said = form.reason.data or ""
        return actions.give_marks(
            found, plan.entry, form.plan.data, form.practitioners.data, said, actor
        )

    return run_form(
        form,
        mark,
        lambda: _plan_page(public_id, alias, form=form),
        _("评分已提交"),
        lambda _made: url_for("selection.judge", public_id=public_id),
    )


def _plan_page(public_id: str, alias: int, **forms: Any) -> str:
    found = rights.own_judgeship(require_actor(), public_id)
    if found.status not in (JudgeStatus.CONFIRMED, JudgeStatus.LEFT_OUT):
        raise Missing(f"judge {public_id} does not take part")
    plan = rights.plan_to_mark(found, alias)
    own = queries.sheets_by(found).get(plan.entry_id)
    question = queries.questions([own.id]).get(own.id) if own is not None else None
    now, need = clock.now(), found.panel.round.need
    open_question = (
        question is not None
        and question.text is None
        and now < question.explain_by
        and found.panel.status is PanelStatus.EXPLAINING
    )
    return render_template(
        "selection/judging/plan.html",
        judge=found,
        need=need,
        weights=need.weights,
        plan=plan,
        own=own,
        question=question,
        may_explain=open_question,
        may_mark=_duty(found, now).what == "mark" and own is None,
        **{
            "form": SheetForm(formdata=None),
            "explain": ExplainForm(formdata=None),
            "top": ButtonForm(formdata=None),
            **forms,
        },
    )


@bp.post("/judging/<public_id>/plans/<int:alias>/explanation")
@access(SIGNED_IN)
@writes
def explain_mark(public_id: str, alias: int) -> ResponseReturnValue:
    """Say why one's total lies so far from the others'."""
    actor = require_actor()
    found = rights.own_judgeship(actor, public_id)
    own = queries.sheets_by(found).get(rights.plan_to_mark(found, alias).entry_id)
    question = queries.questions([own.id]).get(own.id) if own is not None else None
    if question is None:
        raise Missing(f"nothing is asked about plan {alias}")
    form = ExplainForm()
    return run_form(
        form,
        lambda: actions.explain(question, form.text.data or "", actor),
        lambda: _plan_page(public_id, alias, **came_back("explain", form)),
        _("说明已提交，随评分公布"),
        lambda _done: url_for("selection.judge", public_id=public_id),
    )


@bp.get("/results/<public_id>/judges.json")
@access(PUBLIC)
def judges_proof(public_id: str) -> Response:
    """The canonical proof of the draw of the judges, once the judging is over."""
    need, running = objects.closed_round(public_id)
    response = Response(showing.proof_of_judges(running).encode(), mimetype="application/json")
    name = f"{need.number}-judges.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.route("/judges/<public_id>/feedback", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def judge_feedback(public_id: str) -> ResponseReturnValue:
    """What the owner of the need or the bureau says of a judge, once."""
    actor = require_actor()
    found = rights.judge_to_rate(actor, public_id)
    may = (Permission.NEED_EDIT, Permission.NEED_APPROVE, Permission.ADMISSION_CHECK)
    if request.method == "POST" and not any(actor.may(each) for each in may):
        raise Refused(_("请由本单位经办人填写"), rule="panel.feedback")
    form = FeedbackForm()
    assert actor.organisation_id is not None
    organisation = accounts.organisation(actor.organisation_id)
    bureau = organisation.function is not OrganisationFunction.PARTY

    def page() -> str:
        again = rights.judge_to_rate(actor, public_id)
        return render_template(
            "selection/judging/feedback.html",
            judge=again,
            need=again.panel.round.need,
            given=queries.feedback_by(again.panel, actor.organisation_id or 0).get(again.id),
            form=form,
            layout="layouts/supervision.html" if bureau else "layouts/workspace.html",
        )

    return run_form(
        form,
        lambda: actions.give_feedback(found, int(form.mark.data or 0), form.text.data or "", actor),
        page,
        _("评价已提交"),
        lambda _made: url_for("selection.judge_feedback", public_id=public_id),
    )
