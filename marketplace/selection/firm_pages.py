"""The firm's pages of choosing: entering a need, its entries, an award to accept or give up."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.foundation import audit
from marketplace.foundation.crypto import signing_public_key
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import DomainError
from marketplace.foundation.forms import ButtonForm, came_back, options
from marketplace.foundation.web import (
    access,
    require_actor,
    run_form,
    writes,
)
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.models import Need, SelectionMethod
from marketplace.projects.pricing import said_of

from . import access as objects
from . import actions, queries, telling
from .blueprint import bp
from .forms import EntryForm, ExplainForm, ReasonForm
from .judging import plans
from .models import LIVE_AWARDS, Entry, EntryStatus
from .sealing import low, sealed
from .talks import queries as talks


@bp.route("/needs/<public_id>/enter", methods=["GET", "POST"])
@access(Permission.FIRM_ENTER)
@writes
def enter(public_id: str) -> Any:
    """Enter a need, or change the entry that stands."""
    actor = require_actor()
    need = objects.public_need(public_id)
    assert actor.organisation_id is not None
    organisation_id = actor.organisation_id
    stands = queries.my_entry(need, organisation_id) if request.method == "GET" else None
    form = EntryForm(data=_entry_defaults(stands), by_discount=need.by_discount)
    form.practitioners.choices = _own_people(need, organisation_id)

    def act() -> Entry:
        try:
            return actions.enter_need(
                need,
                form.contribution.data or "",
                None if form.price is None else form.price.data,
                actor,
                form.deviation_reason.data or "",
                None if form.discount is None else form.discount.data,
                plans.Plan(form.plan.data or "", form.practitioners.data or ()),
            )
        except DomainError as error:
            audit.note("entry.refused", actor, ("needs", need_id), rule=error.rule)
            raise

    def page() -> str:
        again = objects.public_need(public_id)
        return render_template(
            "selection/enter.html",
            need=again,
            form=form,
            mine=queries.my_entry(again, organisation_id),
            preview=queries.eligibility_preview(again, organisation_id),
            said=queries.said,
        )

    need_id = need.id
    return run_form(
        form,
        act,
        page,
        _("报名已收到，回执见下"),
        lambda made: url_for("selection.entry", public_id=made.public_id),
    )


def _own_people(need: Need, organisation_id: int) -> list[SelectChoice]:
    """The firm's own practitioners, where judges mark them."""
    if need.method is not SelectionMethod.BEST_VALUE:
        return []
    register = accounts.register_of(need.jurisdiction_code)
    firm = intermediaries.firm_of(organisation_id, register)
    people = intermediaries.practitioners(firm.id) if firm is not None else []
    return options([(each.public_id, f"{each.name} · {each.profession}") for each in people])


def _entry_defaults(mine: Any) -> dict[str, Any]:
    if mine is not None and mine.status is EntryStatus.STANDING:
        return {
            **({} if mine.sealed else {"price": mine.price}),
            "contribution": mine.contribution,
            "deviation_reason": said_of(mine.price_check_id) or "",
        }
    return {"contribution": secrets.token_hex(32)}


@bp.get("/firm/entries")
@access(Permission.FIRM_ENTER)
def entries() -> Any:
    """The firm's own entries, newest first."""
    actor = require_actor()
    assert actor.organisation_id is not None
    page = paginate(
        queries.entries_of(actor.organisation_id), request.args.get("page", 1, type=int)
    )
    return render_template("selection/entries.html", entries=page)


@bp.get("/entries/<public_id>")
@access(Permission.FIRM_ENTER)
def entry(public_id: str) -> Any:
    """One entry: its signed receipt, the checks, and an award to accept."""
    return _entry_page(public_id)


def _entry_page(public_id: str, **forms: Any) -> str:
    found = objects.own_entry(require_actor(), public_id)
    awards = [
        each
        for each in queries.awards_of(found.need)
        if each.entry_id == found.id and each.decided_at is not None
    ]
    defaults = {
        "top": ButtonForm(formdata=None),
        "button": ButtonForm(formdata=None),
        "decline_form": ReasonForm(formdata=None),
        "explain_form": ExplainForm(formdata=None),
    }
    plan = plans.of_entry(found) if found.need.is_weighed else None
    return render_template(
        "selection/entry.html",
        entry=found,
        need=found.need,
        award=awards[-1] if awards else None,
        checks=queries.checks_of(found),
        public_key=signing_public_key(),
        receipt=queries.receipt_text(found),
        sealed_receipt=sealed.receipt_text(found),
        plan=plan,
        plan_receipt=plans.receipt_text(plan, found) if plan is not None else None,
        low=low.of_entry(found),
        talks=talks.of_entry(found),
        told=telling.told(found) if not awards or awards[-1].status not in LIVE_AWARDS else None,
        held=bool(awards) and queries.waits_for_annulment(awards[-1].round),
        outdated=queries.waits_for_confirmation(found),
        **{**defaults, **forms},
    )


def _act(public_id: str, name: str, form: Any, action: Callable[[], Any], done: str) -> Any:
    """Run one action on an entry or its award; what it refuses is shown on the entry's page."""
    return run_form(
        form,
        action,
        lambda: _entry_page(public_id, **came_back(name, form)),
        done,
        lambda _result: url_for("selection.entry", public_id=public_id),
    )


@bp.post("/entries/<public_id>/withdraw")
@access(Permission.FIRM_ENTER)
@writes
def withdraw(public_id: str) -> Any:
    """Take an entry back before the deadline."""
    actor = require_actor()
    found = objects.own_entry(actor, public_id)
    return _act(
        public_id,
        "button",
        ButtonForm(),
        lambda: actions.withdraw_entry(found, actor),
        _("报名已撤回"),
    )


@bp.post("/awards/<public_id>/accept")
@access(Permission.FIRM_ENTER)
@writes
def accept(public_id: str) -> Any:
    """Accept an award."""
    actor = require_actor()
    award = objects.own_award(actor, public_id)
    return _act(
        award.entry.public_id,
        "button",
        ButtonForm(),
        lambda: actions.accept_award(award, actor),
        _("已确认中选"),
    )


@bp.post("/awards/<public_id>/decline")
@access(Permission.FIRM_ENTER)
@writes
def decline(public_id: str) -> Any:
    """Give an award up, with a reason."""
    actor = require_actor()
    award = objects.own_award(actor, public_id)
    form = ReasonForm()
    return _act(
        award.entry.public_id,
        "decline_form",
        form,
        lambda: actions.decline_award(award, form.reason.data, actor),
        _("已放弃中选"),
    )


@bp.post("/low-quotes/<public_id>/explanation")
@access(Permission.FIRM_ENTER)
@writes
def explain_low(public_id: str) -> Any:
    """Say why a quote far below all others can be kept."""
    actor = require_actor()
    asked = objects.own_low_quote(actor, public_id)
    form = ExplainForm()
    return _act(
        asked.entry.public_id,
        "explain_form",
        form,
        lambda: low.explain(asked, form.explanation.data or "", actor),
        _("低价说明已提交，等待项目业主认定"),
    )
