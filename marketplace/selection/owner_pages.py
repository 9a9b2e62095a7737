"""The owner's pages of choosing: publishing, the list after closing, a direct pick and its approval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.fees import queries as fees
from marketplace.foundation import clock
from marketplace.foundation.errors import Refused
from marketplace.foundation.forms import ButtonForm, came_back, options
from marketplace.foundation.money import format_yuan
from marketplace.foundation.web import (
    access,
    require_actor,
    run_form,
    writes,
)
from marketplace.projects.models import Need
from marketplace.projects.pricing import check_of

from . import access as objects
from . import actions, queries
from .blueprint import bp
from .forms import LowDecisionForm, PickForm, ReasonForm
from .sealing import low
from .talks import queries as talks


@bp.route("/owner/needs/<public_id>/selection", methods=["GET", "POST"])
@access(Permission.NEED_VIEW)
@writes
def manage(public_id: str) -> Any:
    """The owner's view of the choosing: clock, list after closing, direct pick."""
    actor = require_actor()
    need = objects.own_need(actor, public_id)
    sent = request.method == "POST"
    form = _pick_form(need, sent)
    if form is None:
        return _manage_page(public_id)
    if sent and not actor.may(Permission.NEED_EDIT):
        raise Refused(_("请由本单位经办人提出选取"), rule="pick.role")
    return run_form(
        form,
        lambda: actions.pick_entry(need, queries.entry(form.entry.data), form.reason.data, actor),
        lambda: _manage_page(public_id, **came_back("form", form)),
        _("选取已提交"),
        lambda _result: url_for("selection.manage", public_id=public_id),
    )


def _manage_page(public_id: str, **forms: Any) -> str:
    need = objects.own_need(require_actor(), public_id)
    running = queries.round_of(need)
    closed = running is not None and running.closed_at is not None
    defaults = {
        "form": _pick_form(need, False) if "form" not in forms else None,
        "top": ButtonForm(formdata=None),
        "button": ButtonForm(formdata=None),
        "reason_form": ReasonForm(formdata=None),
        "low_form": LowDecisionForm(formdata=None),
    }
    award = queries.award_of(need)
    listed = queries.listed(running) if running and closed else []
    return render_template(
        "selection/manage.html",
        need=need,
        running=running,
        award=award,
        price_check=check_of(award.price_check_id) if award is not None else None,
        awards=queries.awards_of(need),
        held=running is not None and queries.waits_for_annulment(running),
        count=queries.entry_count(need),
        lows=low.of_round(running) if running is not None else [],
        listed=listed,
        reasons=fees.reasons(one.price_check_id for one in listed) if listed else {},
        void=queries.void(running) if running and closed else [],
        talking=talks.is_open(need, clock.now()),
        **{**defaults, **forms},
    )


def _pick_form(need: Need, sent: bool) -> PickForm | None:
    actor = require_actor()
    assert actor.organisation_id is not None
    due = need.id in [each.id for each in queries.needs_to_pick(actor.organisation_id, clock.now())]
    if not due and not sent:
        return None
    form = PickForm() if sent else PickForm(formdata=None)
    running = queries.round_of(need)
    form.entry.choices = options(
        [
            (
                each.public_id,
                _(
                    "%(name)s · 报价 %(price)s 元",
                    name=each.organisation.name,
                    price=format_yuan(each.quoted),
                ),
            )
            for each in (queries.listed(running) if running is not None else [])
        ]
    )
    return form


def _act(public_id: str, name: str, form: Any, action: Callable[[], Any], done: str) -> Any:
    """Run one action on an own need's choosing; what it refuses is shown on that page."""
    return run_form(
        form,
        action,
        lambda: _manage_page(public_id, **came_back(name, form)),
        done,
        lambda _result: url_for("selection.manage", public_id=public_id),
    )


@bp.post("/owner/needs/<public_id>/publish")
@access(Permission.NEED_APPROVE)
@writes
def publish(public_id: str) -> Any:
    """The approver publishes a need; its draw's commitment becomes public."""
    actor = require_actor()
    need = objects.own_need(actor, public_id)
    form = ButtonForm()
    return run_form(
        form,
        lambda: actions.publish_need(need, actor, clock.now()),
        lambda: _manage_page(public_id, **came_back("button", form)),
        _("需求已发布，报名开始"),
        lambda _result: url_for("projects.need", public_id=public_id),
    )


@bp.post("/awards/<public_id>/approve")
@access(Permission.NEED_APPROVE)
@writes
def approve(public_id: str) -> Any:
    """The approver confirms a direct pick."""
    actor = require_actor()
    award = objects.owners_award(actor, public_id)
    return _act(
        award.need.public_id,
        "button",
        ButtonForm(),
        lambda: actions.approve_pick(award, actor),
        _("选取结果已公示"),
    )


@bp.post("/awards/<public_id>/return")
@access(Permission.NEED_APPROVE)
@writes
def return_pick(public_id: str) -> Any:
    """The approver returns a direct pick with a reason."""
    actor = require_actor()
    award = objects.owners_award(actor, public_id)
    form = ReasonForm()
    return _act(
        award.need.public_id,
        "reason_form",
        form,
        lambda: actions.return_pick(award, form.reason.data, actor),
        _("已退回，可另行选取"),
    )


@bp.post("/low-quotes/<public_id>/decision")
@access(Permission.NEED_APPROVE)
@writes
def decide_low(public_id: str) -> Any:
    """The owner finds a low quote explained, or passes it by; the choice goes on."""
    actor = require_actor()
    asked = objects.owners_low_quote(actor, public_id)
    form = LowDecisionForm()
    return _act(
        asked.entry.need.public_id,
        "low_form",
        form,
        lambda: low.decide(asked, form.verdict.data == "upheld", form.reason.data or "", actor),
        _("认定已公布，选取继续进行"),
    )
