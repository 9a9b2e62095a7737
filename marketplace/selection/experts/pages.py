"""Pages of the expert pool: one's own place in it, and the desk of the bureau."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts.overseeing import area_of
from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Missing, Refused
from marketplace.foundation.forms import ButtonForm, came_back
from marketplace.foundation.web import SIGNED_IN, access, require_actor, run_form, writes

from ..blueprint import bp
from ..judging import queries as panels
from . import access as rights
from . import actions, queries
from .forms import ApplyForm, DecisionForm, DeclarationForm, DutyForm, ReasonForm, RemovalForm
from .models import ENDED, Expert, ExpertStatus


def _own(actor: Actor) -> Expert | None:
    assert actor.user_id is not None
    return queries.expert_of(actor.user_id, rights.own_register(actor))


def _must_own(actor: Actor) -> Expert:
    found = _own(actor)
    if found is None:
        raise Missing("no expert")
    return found


def _lines(found: Expert) -> str:
    return "\n".join(f"{each.organisation.credit_code} {each.how}" for each in found.relations)


@bp.route("/experts/apply", methods=["GET", "POST"])
@access(SIGNED_IN)
@writes
def apply_as_expert() -> ResponseReturnValue:
    """Apply to the pool of the own register."""
    actor = require_actor()
    register, found = rights.own_register(actor), _own(actor)
    if request.method == "GET" and found is not None and found.status not in ENDED:
        return redirect(url_for("selection.expert_self"))
    known = queries.trades(register, clock.today())
    before = {} if found is None else _application_before(found)
    form = ApplyForm(data=before)
    form.offer(known)

    def apply() -> Expert:
        now = clock.now()
        if not rights.may_apply(actor):
            raise Refused(_("管理机构和监督机构的人员不能入评审专家库"), rule=actions.RULE)
        said = actions.Application(
            form.title.data or "", form.credentials.data or "", form.trades.data, form.related
        )
        file = files.store_given(form.file, actor, now)
        return actions.apply(said, register, file, actor, now)

    return run_form(
        form,
        apply,
        lambda: render_template(
            "selection/experts/apply.html", form=form.offer(known), may=rights.may_apply(actor)
        ),
        _("申请已提交，审核结果在本页查看"),
        lambda _made: url_for("selection.expert_self"),
    )


def _application_before(found: Expert) -> dict[str, Any]:
    return {
        "title": found.title,
        "credentials": found.credentials,
        "trades": [each.trade for each in found.trades],
        "relations": _lines(found),
    }


@bp.get("/experts/me")
@access(SIGNED_IN)
def expert_self() -> ResponseReturnValue:
    """One's own place in the pool: status, duty, declarations, leaving."""
    actor = require_actor()
    if _own(actor) is None:
        return redirect(url_for("selection.apply_as_expert"))
    return _self_page(actor)


def _self_page(actor: Actor, **forms: Any) -> str:
    found = _must_own(actor)
    own = [each.trade for each in found.trades]
    defaults = {
        "duty": DutyForm(
            formdata=None, data={"available": found.available, "away_until": found.away_until}
        ),
        "declaration": DeclarationForm(
            formdata=None, data={"trades": own, "relations": _lines(found)}
        ),
        "reason_form": ReasonForm(formdata=None),
        "top": ButtonForm(formdata=None),
    }
    chosen = {**defaults, **forms}
    chosen["declaration"].offer(own)
    return render_template(
        "selection/experts/own.html", expert=found, ended=found.status in ENDED, **chosen
    )


def _act_own(name: str, form: Any, action: Callable[[Actor], Any], done: str) -> Any:
    actor = require_actor()
    return run_form(
        form,
        lambda: action(actor),
        lambda: _self_page(actor, **came_back(name, form)),
        done,
        lambda _done: url_for("selection.expert_self"),
    )


@bp.post("/experts/me/duty")
@access(SIGNED_IN)
@writes
def set_expert_duty() -> ResponseReturnValue:
    """Say whether one can be drawn."""
    form = DutyForm()
    return _act_own(
        "duty",
        form,
        lambda actor: actions.set_duty(
            _must_own(actor), bool(form.available.data), form.away_until.data, actor
        ),
        _("已保存"),
    )


@bp.post("/experts/me/declarations")
@access(SIGNED_IN)
@writes
def set_expert_declarations() -> ResponseReturnValue:
    """Keep trades and relations up to date."""
    form = DeclarationForm()
    form.offer([each.trade for each in _must_own(require_actor()).trades])
    return _act_own(
        "declaration",
        form,
        lambda actor: actions.edit_relations_and_trades(
            _must_own(actor), form.trades.data, form.related, actor
        ),
        _("已保存"),
    )


@bp.post("/experts/me/leave")
@access(SIGNED_IN)
@writes
def leave_pool() -> ResponseReturnValue:
    """Leave the pool."""
    form = ReasonForm()
    return _act_own(
        "reason_form",
        form,
        lambda actor: actions.leave(_must_own(actor), form.reason.data or "", actor),
        _("已退出专家库"),
    )


@bp.get("/experts/<public_id>/credentials")
@access(SIGNED_IN)
def expert_file(public_id: str) -> Response:
    """The papers of an expert, for himself and for officers of the area."""
    found = rights.readable(require_actor(), public_id)
    if found.file is None:
        raise Missing(f"file of expert {public_id}")
    return files.send(found.file)


@bp.get("/supervision/experts")
@access(Permission.SUPERVISION_VIEW)
def expert_desk() -> ResponseReturnValue:
    """The pool of the officer's area, those waiting first."""
    page = paginate(queries.pool(area_of(require_actor())), request.args.get("page", 1, type=int))
    return render_template("selection/experts/desk.html", page=page)


@bp.get("/supervision/experts/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def expert(public_id: str) -> ResponseReturnValue:
    """An expert's file, with what the officer may do about it."""
    return _file_page(public_id)


def _file_page(public_id: str, **forms: Any) -> str:
    actor = require_actor()
    found = rights.overseen(actor, public_id)
    own = found.register_code == actor.jurisdiction and actor.user_id != found.user_id
    defaults = {
        "button": ButtonForm(formdata=None),
        "decision": DecisionForm(formdata=None),
        "reason_form": ReasonForm(formdata=None),
        "removal": RemovalForm(formdata=None),
        "top": ButtonForm(formdata=None),
    }
    checks = own and actor.may(Permission.ADMISSION_CHECK)
    decides = own and actor.may(Permission.ADMISSION_DECIDE)
    return render_template(
        "selection/experts/file.html",
        expert=found,
        feedback=panels.feedback_on(found.id),
        may_check=checks and found.status is ExpertStatus.APPLIED,
        may_propose=checks and found.status is ExpertStatus.ADMITTED,
        may_decide=decides
        and found.status is ExpertStatus.CHECKED
        and actor.user_id != found.checked_by,
        may_remove=decides
        and found.status is ExpertStatus.REMOVING
        and actor.user_id != found.proposed_by,
        **{**defaults, **forms},
    )


def _act(public_id: str, name: str, form: Any, action: Callable[[], Any], done: str) -> Any:
    return run_form(
        form,
        action,
        lambda: _file_page(public_id, **came_back(name, form)),
        done,
        lambda _done: url_for("selection.expert", public_id=public_id),
    )


@bp.post("/supervision/experts/<public_id>/check")
@access(Permission.ADMISSION_CHECK)
@writes
def check_expert(public_id: str) -> ResponseReturnValue:
    """The papers bear out what was said: on to another officer."""
    actor = require_actor()
    found = rights.of_bureau(actor, public_id)
    form = ButtonForm()
    return _act(
        public_id, "button", form, lambda: actions.check(found, actor), _("已核对，等待审批")
    )


@bp.post("/supervision/experts/<public_id>/decision")
@access(Permission.ADMISSION_DECIDE)
@writes
def decide_expert(public_id: str) -> ResponseReturnValue:
    """Admit or refuse."""
    actor = require_actor()
    found = rights.of_bureau(actor, public_id)
    form = DecisionForm()

    def decide() -> None:
        if form.verdict.data == "admit":
            actions.admit(found, actor)
        else:
            actions.refuse(found, form.reason.data or "", actor)

    return _act(public_id, "decision", form, decide, _("审批意见已告知申请人"))


@bp.post("/supervision/experts/<public_id>/removal")
@access(Permission.ADMISSION_CHECK)
@writes
def propose_expert_removal(public_id: str) -> ResponseReturnValue:
    """Propose to remove an expert, with reasons."""
    actor = require_actor()
    found = rights.of_bureau(actor, public_id)
    form = ReasonForm()
    return _act(
        public_id,
        "reason_form",
        form,
        lambda: actions.propose_removal(found, form.reason.data or "", actor),
        _("已提出，等待另一人决定；在此期间不再抽取该专家"),
    )


@bp.post("/supervision/experts/<public_id>/removal/decision")
@access(Permission.ADMISSION_DECIDE)
@writes
def decide_expert_removal(public_id: str) -> ResponseReturnValue:
    """Remove an expert, or keep him."""
    actor = require_actor()
    found = rights.of_bureau(actor, public_id)
    form = RemovalForm()
    return _act(
        public_id,
        "removal",
        form,
        lambda: actions.decide_removal(found, form.verdict.data == "remove", actor),
        _("决定已办理"),
    )
