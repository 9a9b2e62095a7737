"""Contracts of an owner or a firm: list, drafting, and one page with the next step of either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock, files
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Invalid
from marketplace.foundation.forms import ButtonForm, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes
from marketplace.projects.models import Need
from marketplace.selection import queries as selection

from . import access as objects
from . import actions, amending, delivery, ending, queries, writing
from .forms import (
    ContinueForm,
    DeliveryForm,
    ReturnForm,
    TerminationForm,
    TermsForm,
    amendment_form,
)
from .models import Contract, ContractStatus, Deliverable, Side

bp = Blueprint("contracts", __name__)


@bp.get("/contracts")
@access(Permission.CONTRACT_VIEW)
def index() -> Any:
    """All contracts of the organisation, on either side."""
    actor = require_actor()
    assert actor.organisation_id is not None
    page = paginate(
        queries.contracts_of(actor.organisation_id), request.args.get("page", 1, type=int)
    )
    return render_template("contracts/index.html", contracts=page)


@bp.route("/contracts/new/<public_id>", methods=["GET", "POST"])
@access(Permission.CONTRACT_VIEW)
@writes
def draft(public_id: str) -> Any:
    """Draft the contract of a need with an accepted award; ``public_id`` is the need's."""
    actor = require_actor()
    need, side = objects.awarded_need_for(actor, public_id)
    objects.require(objects.may_prepare(actor, side))
    award = selection.final_award(need)
    existing = queries.of_award(award.id) if award is not None else None
    if existing is not None:
        return redirect(url_for("contracts.contract", public_id=existing.public_id), 303)
    today = clock.today()
    latest = writing.latest_end(today, need)
    form = TermsForm(data={"starts_on": today, "ends_on": latest})

    def page() -> str:
        awarded, _side = objects.awarded_need_for(actor, public_id)
        return _terms_page(form, awarded, latest, None)

    return run_form(
        form,
        lambda: actions.draft_contract(need, form.terms(), side, actor, clock.now()),
        page,
        _("合同草稿已生成，等待对方确认"),
        lambda made: url_for("contracts.contract", public_id=made.public_id),
    )


@bp.route("/contracts/<public_id>/terms", methods=["GET", "POST"])
@access(Permission.CONTRACT_VIEW)
@writes
def redraft(public_id: str) -> Any:
    """Change an unsigned draft."""
    actor = require_actor()
    found = objects.contract_for(actor, public_id)
    side = objects.side_of(found, actor)
    objects.require(objects.may_prepare(actor, side))
    actions.require_status(found, ContractStatus.DRAFTED)
    form = TermsForm(
        data={
            "starts_on": found.starts_on,
            "ends_on": found.ends_on,
            "extra_terms": found.extra_terms,
        }
    )

    def page() -> str:
        again = objects.contract_for(actor, public_id)
        latest = writing.latest_end(again.starts_on, again.need)
        return _terms_page(form, again.need, latest, again)

    return run_form(
        form,
        lambda: actions.redraft_contract(found, form.terms(), side, actor, clock.now()),
        page,
        _("合同草稿已修改，等待对方确认"),
        lambda _made: url_for("contracts.contract", public_id=public_id),
    )


def _terms_page(form: TermsForm, need: Need, latest: date, drafted: Contract | None) -> str:
    return render_template(
        "contracts/draft.html",
        form=form,
        need=need,
        registered=selection.winning_firm(need),
        award=selection.final_award(need),
        latest=latest,
        contract=drafted,
    )


@bp.get("/contracts/<public_id>")
@access(Permission.CONTRACT_VIEW)
def contract(public_id: str) -> Any:
    """One contract: its state, the next step of this side, its text, deliveries, changes."""
    return _contract_page(public_id)


def _contract_page(public_id: str, **forms: Any) -> str:
    actor = require_actor()
    found = objects.contract_for(actor, public_id)
    side = objects.side_of(found, actor)
    defaults = {
        "top": ButtonForm(formdata=None),
        "held": found.status is ContractStatus.DRAFTED
        and selection.waits_for_annulment(queries.award_behind(found).round),
        "button": ButtonForm(formdata=None),
        "delivery_form": DeliveryForm(formdata=None),
        "return_form": ReturnForm(formdata=None),
        "termination_form": TerminationForm(formdata=None),
        "continue_form": ContinueForm(formdata=None),
        "amendment_form": amendment_form(found, writing.priced_on(found), formdata=None),
    }
    policy = queries.policy_of(found)
    changes = queries.amendments(found.id)
    return render_template(
        "contracts/contract.html",
        contract=found,
        registered=selection.winning_firm(found.need),
        side=side,
        prepares=objects.may_prepare(actor, side),
        confirms=objects.may_confirm(actor, side),
        confirmed_here=(
            found.owner_confirmed_at if side is Side.OWNER else found.firm_confirmed_at
        ),
        deliverables=queries.deliverables(found.id),
        waiting=queries.waiting_deliverable(found.id),
        amendments=changes,
        change_quantities=writing.quantities_of(found, changes),
        change_checks=queries.checks_of_changes(changes) if changes else {},
        open_amendment=queries.open_amendment(found.id),
        price_check=queries.price_check(found),
        policy=policy,
        **{**defaults, **forms},
    )


def _act(
    public_id: str,
    form: Any,
    name: str,
    action: Callable[[Contract, Side, Actor], Any],
    done: str,
    may: Callable[[Actor, Side], bool] = objects.may_confirm,
) -> Any:
    """Run one action of one's side; what it refuses is shown on the contract's page."""
    actor = require_actor()
    found = objects.contract_for(actor, public_id)
    side = objects.side_of(found, actor)
    objects.require(may(actor, side))
    return run_form(
        form,
        lambda: action(found, side, actor),
        lambda: _contract_page(public_id, **came_back(name, form)),
        done,
        lambda _result: url_for("contracts.contract", public_id=public_id),
    )


@bp.post("/contracts/<public_id>/confirm")
@access(Permission.CONTRACT_VIEW)
@writes
def confirm(public_id: str) -> Any:
    """Confirm (sign) for one's side."""
    return _act(
        public_id,
        ButtonForm(),
        "button",
        lambda found, side, actor: actions.confirm_contract(found, side, actor, clock.now()),
        _("已确认合同"),
    )


@bp.post("/contracts/<public_id>/deliveries")
@access(Permission.FIRM_CONTRACT)
@writes
def deliver(public_id: str) -> Any:
    """Hand over a version of the result."""
    form = DeliveryForm()

    def hand_over(found: Contract, side: Side, actor: Actor) -> None:
        upload = form.upload.data
        if not isinstance(upload, FileStorage) or not upload.filename:
            raise Invalid(_("请选择成果文件"), field="upload", rule="file.missing")
        delivery.deliver(
            found, upload.stream, upload.filename, form.note.data or "", actor, clock.now()
        )

    return _act(public_id, form, "delivery_form", hand_over, _("成果已提交，回执见下方"), _as_firm)


def _as_firm(actor: Actor, side: Side) -> bool:
    return side is Side.FIRM and objects.may_confirm(actor, side)


def _as_owner(actor: Actor, side: Side) -> bool:
    return side is Side.OWNER and objects.may_prepare(actor, side)


def _as_approver(actor: Actor, side: Side) -> bool:
    return side is Side.OWNER and objects.may_confirm(actor, side)


@bp.post("/deliveries/<public_id>/accept")
@access(Permission.NEED_EDIT)
@writes
def accept(public_id: str) -> Any:
    """Accept a delivered version."""
    found = objects.deliverable_for(require_actor(), public_id)
    return _act(
        found.contract.public_id,
        ButtonForm(),
        "button",
        lambda _contract, _side, actor: delivery.accept_deliverable(found, actor, clock.now()),
        _("已验收通过"),
        _as_owner,
    )


@bp.post("/deliveries/<public_id>/return")
@access(Permission.NEED_EDIT)
@writes
def give_back(public_id: str) -> Any:
    """Return a delivered version with reasons."""
    found = objects.deliverable_for(require_actor(), public_id)
    form = ReturnForm()
    return _act(
        found.contract.public_id,
        form,
        "return_form",
        lambda _contract, _side, actor: delivery.return_deliverable(
            found, form.return_reason.data, actor, clock.now()
        ),
        _("已退回，请机构修改后再提交"),
        _as_owner,
    )


@bp.get("/deliveries/<public_id>/file")
@access(Permission.CONTRACT_VIEW)
def deliverable_file(public_id: str) -> Any:
    """The delivered file, for the two parties."""
    found: Deliverable = objects.deliverable_for(require_actor(), public_id)
    return files.send(found.file)


@bp.post("/contracts/<public_id>/amendments")
@access(Permission.CONTRACT_VIEW)
@writes
def amend(public_id: str) -> Any:
    """Propose another price or end date."""
    own = objects.contract_for(require_actor(), public_id)
    form = amendment_form(own, writing.priced_on(own))
    return _act(
        public_id,
        form,
        "amendment_form",
        lambda found, side, actor: amending.propose_amendment(
            found,
            *form.change(),
            side,
            actor,
            clock.now(),
            form.quantities(),
        ),
        _("变更已提出，等待确认"),
        objects.may_prepare,
    )


@bp.post("/amendments/<public_id>/confirm")
@access(Permission.CONTRACT_VIEW)
@writes
def confirm_amendment(public_id: str) -> Any:
    """Confirm a change for one's side."""
    found = objects.amendment_for(require_actor(), public_id)
    return _act(
        found.contract.public_id,
        ButtonForm(),
        "button",
        lambda _contract, side, actor: amending.confirm_amendment(found, side, actor, clock.now()),
        _("已确认变更"),
    )


@bp.post("/amendments/<public_id>/refuse")
@access(Permission.CONTRACT_VIEW)
@writes
def refuse_amendment(public_id: str) -> Any:
    """Turn a change down."""
    found = objects.amendment_for(require_actor(), public_id)
    return _act(
        found.contract.public_id,
        ButtonForm(),
        "button",
        lambda _contract, side, actor: amending.refuse_amendment(found, side, actor, clock.now()),
        _("变更未达成，合同不变"),
    )


@bp.post("/contracts/<public_id>/termination")
@access(Permission.CONTRACT_VIEW)
@writes
def terminate(public_id: str) -> Any:
    """Propose to end the contract with a cause."""
    form = TerminationForm()
    return _act(
        public_id,
        form,
        "termination_form",
        lambda found, side, actor: ending.propose_termination(
            found, form.termination_reason.data, side, actor, clock.now()
        ),
        _("终止申请已提交"),
    )


@bp.post("/contracts/<public_id>/termination/agree")
@access(Permission.CONTRACT_VIEW)
@writes
def agree_termination(public_id: str) -> Any:
    """Agree to the end of the contract."""
    return _act(
        public_id,
        ButtonForm(),
        "button",
        lambda found, side, actor: ending.answer_termination(found, True, side, actor, clock.now()),
        _("合同已终止"),
    )


@bp.post("/contracts/<public_id>/termination/refuse")
@access(Permission.CONTRACT_VIEW)
@writes
def refuse_termination(public_id: str) -> Any:
    """Refuse the end of the contract, or take one's own proposal back."""
    return _act(
        public_id,
        ButtonForm(),
        "button",
        lambda found, side, actor: ending.answer_termination(
            found, False, side, actor, clock.now()
        ),
        _("合同继续履行"),
    )


@bp.post("/contracts/<public_id>/continue")
@access(Permission.NEED_APPROVE)
@writes
def go_on(public_id: str) -> Any:
    """Let the contract go on although its firm was sanctioned."""
    form = ContinueForm()
    return _act(
        public_id,
        form,
        "continue_form",
        lambda found, _side, actor: ending.continue_contract(
            found, form.continue_reason.data or "", actor, clock.now()
        ),
        _("合同继续履行"),
        _as_approver,
    )
