"""The officers' pages of a call: drafting, judges, publication, ranking, seats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.forms import ButtonForm, Form, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from .. import queries as register_queries
from ..blueprint import bp
from . import access as rights
from . import actions, queries, showing
from .forms import CallForm, JudgeForm, ReasonForm, call_form, fill_form
from .models import CallStatus, HallCall, HallJudge
from .pages import names_of


@bp.route("/supervision/hall/calls/new", methods=["GET", "POST"])
@access(Permission.ADMISSION_CHECK)
@writes
def hall_new() -> ResponseReturnValue:
    """Draft a call."""
    actor = require_actor()
    register = rights.own_register(actor)
    values = queries.hall_policy(register, clock.today()).values
    form = _call_form(register, data={"term_months": values.term_months})
    return run_form(
        form,
        lambda: actions.draft_call(register, **_written(form), actor=actor, now=clock.now()),
        lambda: _call_page(register, form, None),
        _("草稿已保存"),
        lambda made: url_for("intermediaries.hall_manage", public_id=made.public_id),
    )


@bp.route("/supervision/hall/calls/<public_id>/draft", methods=["GET", "POST"])
@access(Permission.ADMISSION_CHECK)
@writes
def hall_redraft(public_id: str) -> ResponseReturnValue:
    """Write a draft anew."""
    actor = require_actor()
    call = rights.call_of_bureau(actor, public_id)
    given: dict[str, Any] = {
        "title": call.title,
        "seats": call.seats,
        "term_months": call.term_months,
        "apply_until": call.apply_until,
        "items": call.item_codes,
    }
    for each in call.criteria:
        given[f"name_{each.position}"] = each.name
        given[f"looked_{each.position}"] = each.looked_at
        given[f"points_{each.position}"] = each.points
    form = _call_form(call.register_code, data=given)
    return run_form(
        form,
        lambda: actions.redraft_call(call, **_written(form), actor=actor, now=clock.now()),
        lambda: _call_page(call.register_code, form, rights.call_of_bureau(actor, public_id)),
        _("草稿已保存"),
        lambda _done: url_for("intermediaries.hall_manage", public_id=public_id),
    )


def _call_form(register: str, **given: Any) -> CallForm:
    day = clock.today()
    scored = register_queries.admission_policy(register, day).values.mode == "tendered"
    items = catalogue.by_category(day, accounts.lineage(register))
    return call_form(scored, items, **given)


def _written(form: CallForm) -> dict[str, Any]:
    return {
        "title": form.title.data or "",
        "seats": form.seats.data or 0,
        "item_codes": form["items"].data or [],
        "term_months": form.term_months.data or 0,
        "apply_until": form.apply_until.data,
        "criteria": form.criteria(),
    }


def _call_page(register: str, form: CallForm, call: HallCall | None) -> str:
    edition = queries.hall_policy(register, clock.today())
    return render_template(
        "intermediaries/hall/call_form.html", form=form, edition=edition, call=call
    )


@bp.get("/supervision/hall/calls/<public_id>")
@access(Permission.SUPERVISION_VIEW)
def hall_manage(public_id: str) -> ResponseReturnValue:
    """One call: its judges, its applications, its next step."""
    return _manage(require_actor(), public_id)


def _manage(actor: Actor, public_id: str, **forms: Form) -> str:
    call, now = rights.call_for(actor, public_id), clock.now()
    own = call.register_code == actor.jurisdiction
    works = own and actor.may(Permission.ADMISSION_CHECK)
    decides = own and actor.may(Permission.ADMISSION_DECIDE)
    judges = queries.judges(call)
    given: dict[int, int] = {}
    for sheet in queries.sheets(call):
        given[sheet.judge_id] = given.get(sheet.judge_id, 0) + 1
    seats = queries.live_seats(call.register_code)
    free = [each for each in queries.windows(call.register_code) if each.id not in seats]
    line = queries.in_line(call) if call.status is CallStatus.AWARDED else []
    may_fill = works and bool(line) and queries.seats_taken(call) < call.seats
    if not isinstance(forms.get("fill"), Form):
        forms["fill"] = fill_form(free, formdata=None)
    return render_template(
        "intermediaries/hall/manage.html",
        call=call,
        items=names_of(call),
        values=queries.edition_of(call, clock.local_day(now)).values,
        grounds=showing.grounds_of(call),
        ranking=showing.ranking_of(call),
        judges=judges,
        given=given,
        short=call.scored
        and call.status in (CallStatus.OPEN, CallStatus.MARKING)
        and not queries.has_bench(call, now),
        asked=len(queries.to_mark(call)),
        applications=queries.applications(call),
        seats={each.application_id: each for each in seats.values()},
        line=line,
        free=free,
        may_fill=may_fill,
        works=works,
        decides=decides,
        me=actor.user_id,
        may_judges=works
        and call.scored
        and call.status
        in (CallStatus.DRAFT, CallStatus.SUBMITTED, CallStatus.OPEN, CallStatus.MARKING),
        now=now,
        button=ButtonForm(formdata=None),
        **{
            "top": ButtonForm(formdata=None),
            "judge_form": JudgeForm(formdata=None),
            **forms,
        },
    )


def _on_call(
    public_id: str, name: str, form: Any, act: Callable[[], Any], done: str
) -> ResponseReturnValue:
    """Run one step of a call; what it refuses is shown on the call's page."""
    actor = require_actor()
    return run_form(
        form,
        act,
        lambda: _manage(actor, public_id, **came_back(name, form)),
        done,
        lambda _done: url_for("intermediaries.hall_manage", public_id=public_id),
    )


def _pressed(
    public_id: str, act: Callable[[HallCall, Actor, datetime], Any], done: str
) -> ResponseReturnValue:
    """A step of a call that needs no more than a press."""
    actor = require_actor()
    call = rights.call_of_bureau(actor, public_id)
    return _on_call(public_id, "step", ButtonForm(), lambda: act(call, actor, clock.now()), done)


@bp.post("/supervision/hall/calls/<public_id>/submission")
@access(Permission.ADMISSION_CHECK)
@writes
def hall_submit(public_id: str) -> ResponseReturnValue:
    """Lay a draft before the officer who publishes."""
    return _pressed(public_id, actions.submit_call, _("已提交，由另一人发布"))


@bp.post("/supervision/hall/calls/<public_id>/publication")
@access(Permission.ADMISSION_DECIDE)
@writes
def hall_publish(public_id: str) -> ResponseReturnValue:
    """Publish a call another officer drafted."""
    return _pressed(public_id, actions.publish_call, _("征集公告已发布"))


@bp.post("/supervision/hall/calls/<public_id>/judges")
@access(Permission.ADMISSION_CHECK)
@writes
def hall_name_judge(public_id: str) -> ResponseReturnValue:
    """Name a judge."""
    actor, form = require_actor(), JudgeForm()
    call = rights.call_of_bureau(actor, public_id)
    return _on_call(
        public_id,
        "judge_form",
        form,
        lambda: actions.propose_judge(
            call, form.user(), form.speciality.data or "", actor, clock.now()
        ),
        _("已提名，由审批人确认"),
    )


@bp.post("/supervision/hall/calls/<public_id>/seats")
@access(Permission.ADMISSION_CHECK)
@writes
def hall_fill(public_id: str) -> ResponseReturnValue:
    """Seat the next in the order at a free window."""
    actor = require_actor()
    call = rights.call_of_bureau(actor, public_id)
    windows = queries.windows(call.register_code)
    form = fill_form(windows)
    by_key = {each.public_id: each for each in windows}
    return _on_call(
        public_id,
        "fill",
        form,
        lambda: actions.fill_window(by_key[form.window.data], call, actor, clock.now()),
        _("已按次序安排进驻"),
    )


@bp.post("/supervision/hall/judges/<public_id>/confirmation")
@access(Permission.ADMISSION_DECIDE)
@writes
def hall_confirm_judge(public_id: str) -> ResponseReturnValue:
    """Confirm a judge."""
    actor = require_actor()
    judge = rights.judge_of_bureau(actor, public_id)
    return _on_call(
        judge.call.public_id,
        "step",
        ButtonForm(),
        lambda: actions.confirm_judge(judge, actor, clock.now()),
        _("评委已确认"),
    )


@bp.route("/supervision/hall/judges/<public_id>/refusal", methods=["GET", "POST"])
@access(Permission.ADMISSION_DECIDE)
@writes
def hall_refuse_judge(public_id: str) -> ResponseReturnValue:
    """Not confirm a judge."""
    return _judge_step(public_id, _("不予确认评委"), [_("可另行提名评委")], actions.refuse_judge)


@bp.route("/supervision/hall/judges/<public_id>/recusal", methods=["GET", "POST"])
@access(Permission.ADMISSION_DECIDE)
@writes
def hall_recuse_judge(public_id: str) -> ResponseReturnValue:
    """Find that a judge must stand aside."""
    return _judge_step(
        public_id, _("决定评委回避"), [_("已提交的评分不再计入")], actions.recuse_judge
    )


def _judge_step(
    public_id: str, title: str, effects: list[str], act: Callable[..., Any]
) -> ResponseReturnValue:
    actor = require_actor()
    judge = rights.judge_of_bureau(actor, public_id)

    def about(found: HallJudge) -> str:
        return f"{found.user.name} · {found.organisation.public_name}"

    return _reasoned(
        judge.call,
        title,
        effects,
        lambda reason: act(judge, reason, actor, clock.now()),
        lambda: about(rights.judge_of_bureau(actor, public_id)),
    )


@bp.route("/supervision/hall/calls/<public_id>/return", methods=["GET", "POST"])
@access(Permission.ADMISSION_DECIDE)
@writes
def hall_return(public_id: str) -> ResponseReturnValue:
    """Give a draft back."""
    return _call_step(
        public_id, _("退回征集公告"), [_("起草人修改后可再次提交")], actions.return_call
    )


@bp.route("/supervision/hall/calls/<public_id>/ending", methods=["GET", "POST"])
@access(Permission.ADMISSION_DECIDE)
@writes
def hall_end(public_id: str) -> ResponseReturnValue:
    """End a call before its seats are settled."""
    return _call_step(
        public_id,
        _("终止征集"),
        [_("理由告知全部申请机构并公开"), _("须重新起草、发布征集公告")],
        actions.withdraw_call,
    )


@bp.route("/supervision/hall/calls/<public_id>/new-ranking", methods=["GET", "POST"])
@access(Permission.ADMISSION_DECIDE)
@writes
def hall_rank_again(public_id: str) -> ResponseReturnValue:
    """Rank anew after an objection was found right."""
    return _call_step(
        public_id,
        _("重新排名"),
        [_("回避评委的评分不计入"), _("重新核验条件，结果再次公示")],
        actions.rank_again,
    )


def _call_step(
    public_id: str,
    title: str,
    effects: list[str],
    act: Callable[[HallCall, str, Actor, datetime], Any],
) -> ResponseReturnValue:
    actor = require_actor()
    call = rights.call_of_bureau(actor, public_id)
    return _reasoned(call, title, effects, lambda reason: act(call, reason, actor, clock.now()))


def _reasoned(
    call: HallCall,
    title: str,
    effects: list[str],
    act: Callable[[str], Any],
    about: Callable[[], str] | None = None,
) -> ResponseReturnValue:
    """A step that needs a reason, on a page of its own."""
    form, public_id = ReasonForm(), call.public_id
    back = url_for("intermediaries.hall_manage", public_id=public_id)

    def page() -> str:
        again = rights.call_of_bureau(require_actor(), public_id)
        return render_template(
            "intermediaries/hall/step.html",
            form=form,
            title=title,
            about=about() if about else again.title,
            effects=effects,
            crumbs=[
                (_("大厅"), url_for("intermediaries.hall_desk")),
                (again.title, back),
            ],
            back=back,
            status=again.status,
            final=False,
        )

    return run_form(form, lambda: act(form.reason.data or ""), page, _("已办理"), lambda _d: back)
