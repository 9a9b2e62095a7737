"""The offices' pages of choosing: a lottery's issue read by two, a draw to annul."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.accounts.stepping import step_up_to_send
from marketplace.foundation import clock
from marketplace.foundation.errors import Invalid, Refused
from marketplace.foundation.forms import ButtonForm, came_back, options
from marketplace.foundation.showing import show_date
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.projects import queries as projects

from . import access as objects
from . import actions, queries
from .blueprint import bp
from .forms import LotteryForm, ReasonForm

DECISIONS = {
    "approve": (actions.approve_annulment, _l("抽取已撤销，需求重新发布")),
    "refuse": (actions.refuse_annulment, _l("未同意撤销")),
}


@bp.route("/supervision/lottery", methods=["GET", "POST"])
@access(Permission.LOTTERY_ENTER)
@writes
def lottery() -> Any:
    """Two officers of a bureau enter an issue independently; neither sees the other's first."""
    actor = require_actor()
    now = clock.now()
    jurisdiction = actor.jurisdiction or accounts.site().jurisdiction_code
    values = projects.selection_policy(jurisdiction, clock.local_day(now)).values
    bureau_id = actor.organisation_id or 0
    due = [
        each.day
        for each in queries.lotteries_due(now, bureau_id)
        if each.game == values.lottery_game
    ]
    form = LotteryForm()
    form.day.choices = options([(day.isoformat(), show_date(day)) for day in due])
    if request.method == "GET" and due:
        form.day.data = due[0].isoformat()

    def page() -> str:
        return render_template(
            "selection/lottery.html",
            due=[(day, queries.readings(values.lottery_game, day, bureau_id)) for day in due],
            values=values,
            done=queries.recent_lotteries(bureau_id),
            actor_id=actor.user_id,
            **came_back("form", form),
        )

    return run_form(
        form,
        lambda: actions.enter_lottery(
            jurisdiction,
            date.fromisoformat(form.day.data),
            form.issue.data,
            form.groups(values.lottery_game),
            form.source.data,
            actor,
            now,
        ),
        page,
        lambda alike: (
            _("两人登记一致，抽取即将进行")
            if alike
            else _("已登记。须有另一人独立登记且两份一致，才能抽取")
        ),
        lambda _alike: url_for("selection.lottery"),
    )


@bp.route("/supervision/needs/<public_id>/annulment", methods=["GET", "POST"])
@access(Permission.SUPERVISION_VIEW)
@step_up_to_send
@writes
def annulment(public_id: str) -> Any:
    """Propose to annul a draw (bureau), or decide on it (superior bureau)."""
    actor = require_actor()
    need = objects.overseen_need(actor, public_id)
    if request.method == "POST" and not actor.may(Permission.DRAW_ANNUL_PROPOSE):
        raise Refused(_("撤销抽取须由管理机构经办人提出"), rule="annul.role")
    form = ReasonForm()
    return run_form(
        form,
        lambda: actions.propose_annulment(need, form.reason.data, actor),
        lambda: _annulment_page(public_id, **came_back("form", form)),
        _("撤销建议已提交上级管理机构"),
        lambda _result: url_for("selection.annulment", public_id=public_id),
    )


def _annulment_page(public_id: str, **forms: Any) -> str:
    need = objects.overseen_need(require_actor(), public_id)
    running = queries.round_of(need)
    defaults = {
        "top": ButtonForm(formdata=None),
        "form": ReasonForm(formdata=None),
        "button": ButtonForm(formdata=None),
    }
    return render_template(
        "selection/annulment.html",
        need=need,
        running=running,
        proposed=queries.annulment_of(running) if running is not None else None,
        **{**defaults, **forms},
    )


@bp.post("/supervision/annulments/<public_id>/<decision>")
@access(Permission.DRAW_ANNUL_APPROVE)
@step_up_to_send
@writes
def decide_annulment(public_id: str, decision: str) -> Any:
    """The superior bureau annuls a draw or leaves it standing."""
    actor = require_actor()
    proposed = objects.annulment_for(actor, public_id)
    need = proposed.round.need.public_id
    if decision not in DECISIONS:
        raise Invalid(_("未知的决定"), rule="annul.decision")
    act, done = DECISIONS[decision]
    form = ButtonForm()
    return run_form(
        form,
        lambda: act(proposed, actor),
        lambda: _annulment_page(need, **came_back("button", form)),
        done,
        lambda _result: url_for("selection.annulment", public_id=need),
    )
