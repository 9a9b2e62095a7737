"""The owner's pages: 小额快选, the order of a listing, the quote to confirm, the acceptance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import Commissioner
from marketplace.contracts import delivery
from marketplace.contracts import queries as contracts
from marketplace.evaluations import actions as evaluations
from marketplace.evaluations.models import PART_TITLES
from marketplace.evaluations.rules import Direction
from marketplace.fees import queries as fees
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.errors import Conflict, Missing
from marketplace.foundation.forms import ButtonForm, came_back
from marketplace.foundation.web import PUBLIC, access, require_actor, run_form, writes
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.models import InvestmentKind

from . import access as objects
from . import actions, placing, queries
from .blueprint import bp
from .forms import (
    PARTS,
    AcceptanceForm,
    OrderReasonForm,
    WithdrawForm,
    listing_order_form,
    quick_form,
)
from .models import Order


@bp.get("/owner/orders")
@access(Permission.NEED_VIEW)
def index() -> Any:
    """All orders of the owner, the live ones first."""
    actor = require_actor()
    assert actor.organisation_id is not None
    page = paginate(queries.orders_of(actor.organisation_id), request.args.get("page", 1, type=int))
    return render_template("orders/index.html", orders=page)


@bp.route("/owner/orders/quick", methods=["GET", "POST"])
@access(Permission.NEED_EDIT)
@writes
def quick() -> Any:
    """小额快选: choose the item, then fill in the rest and send it to the first firm."""
    actor = require_actor()
    assert actor.organisation_id is not None
    owner = accounts.organisation(actor.organisation_id)
    now = clock.now()
    day = clock.local_day(now)
    lineage = accounts.lineage(owner.jurisdiction_code)
    rules = queries.edition_for(owner.jurisdiction_code, now).values.orders
    try:
        money = placing.quick_investment(owner.kind, rules.quick_fiscal_limit > 0)
    except Conflict as refusal:
        if request.method == "POST":
            raise
        return render_template("orders/closed.html", why=refusal.message)
    code = request.args.get("item")
    if not code:
        every = [
            each
            for each in catalogue.items(day, lineage)
            if each.commissioned_by is Commissioner.APPLICANT
            or owner.kind is OrganisationKind.AGENCY
        ]
        return render_template(
            "orders/choose_item.html",
            every=every,
            items=catalogue.narrowed(
                every, request.args.get("q", ""), request.args.get("category", "")
            ),
            rules=rules,
        )
    item = catalogue.item(code, day, lineage)
    form = quick_form(code, owner.jurisdiction_code, day, now)

    def page() -> str:
        return render_template(
            "orders/quick.html",
            item=catalogue.item(code, day, lineage),
            form=form,
            rules=rules,
            limit=(
                rules.quick_fiscal_limit
                if money is InvestmentKind.GOVERNMENT
                else rules.quick_limit
            ),
            some=bool(form.keys),
        )

    return run_form(
        form,
        lambda: actions.ask_firms(item.code, form.content(money), form.firms(), actor, now),
        page,
        _("已向首选机构询价"),
        lambda made: url_for("orders.order", public_id=made.public_id),
    )


@bp.route("/owner/orders/listing/<public_id>", methods=["GET", "POST"])
@access(Permission.NEED_EDIT)
@writes
def listing(public_id: str) -> Any:
    """Order a firm's listing at its terms; ``public_id`` is the offering's."""
    actor = require_actor()
    assert actor.organisation_id is not None
    owner = accounts.organisation(actor.organisation_id)
    now = clock.now()
    day = clock.local_day(now)
    offering = intermediaries.offering_by_public_id(public_id)
    if offering.ended_at is not None:
        raise Missing(f"offering {public_id}")
    item = catalogue.item(offering.item_code, day, accounts.lineage(owner.jurisdiction_code))
    priced = fees.pricing(item.code, owner.jurisdiction_code, day).standard is not None
    if request.method == "GET" and offering.amount is None and not priced:
        # a discount off nothing makes no price: the firm is asked for one
        return redirect(url_for("orders.quick", item=item.code))
    form = listing_order_form(offering, owner.jurisdiction_code, owner.kind, day)

    def page() -> str:
        again = intermediaries.offering_by_public_id(public_id)
        return render_template(
            "orders/listing.html",
            offering=again,
            item=catalogue.item(item_code, day, accounts.lineage(jurisdiction)),
            form=form,
            ends_on=queries.day_after(item, day, again.promised_days),
            rules=queries.edition_for(jurisdiction, now).values,
        )

    item_code, jurisdiction = item.code, owner.jurisdiction_code
    return run_form(
        form,
        lambda: actions.order_listing(offering, form.content(), actor, now),
        page,
        _("订单已提交"),
        lambda made: url_for("orders.order", public_id=made.public_id),
    )


@bp.get("/owner/orders/<public_id>")
@access(Permission.NEED_VIEW)
def order(public_id: str) -> Any:
    """One order: how it stands, the firms asked, the next step."""
    return _page(public_id)


def _page(public_id: str, **forms: Any) -> str:
    actor = require_actor()
    found = objects.order_for(actor, public_id)
    defaults = {
        "top": ButtonForm(formdata=None),
        "button": ButtonForm(formdata=None),
        "reason_form": OrderReasonForm(formdata=None),
        "withdraw_form": WithdrawForm(formdata=None),
    }
    live = queries.live_ask(found)
    checks = fees.checks_of(live.__tablename__, live.id) if live is not None else []
    return render_template(
        "orders/order.html",
        order=found,
        need=found.need,
        asks=queries.asks_of(found),
        live=live,
        deviation_reason=checks[-1].deviation_reason if checks else None,
        contract=contracts.of_need(found.need_id),
        confirms=objects.may_confirm(actor, found),
        now=clock.now(),
        **{**defaults, **forms},
    )


def _act(public_id: str, name: str, form: Any, action: Callable[[Order], Any], done: str) -> Any:
    actor = require_actor()
    found = objects.order_for(actor, public_id)
    return run_form(
        form,
        lambda: action(found),
        lambda: _page(public_id, **came_back(name, form)),
        done,
        lambda _made: url_for("orders.order", public_id=public_id),
    )


@bp.post("/owner/orders/<public_id>/approve")
@access(Permission.NEED_APPROVE)
@writes
def approve(public_id: str) -> Any:
    """Send an ordered listing to the firm."""
    return _act(
        public_id,
        "button",
        ButtonForm(),
        lambda found: actions.approve_order(found, require_actor()),
        _("订单已发给机构"),
    )


@bp.post("/owner/orders/<public_id>/refuse")
@access(Permission.NEED_APPROVE)
@writes
def refuse(public_id: str) -> Any:
    """Do not send it."""
    form = OrderReasonForm()
    return _act(
        public_id,
        "reason_form",
        form,
        lambda found: actions.refuse_order(found, form.reason.data, require_actor()),
        _("订单未获批准"),
    )


@bp.post("/owner/orders/<public_id>/confirm")
@access(Permission.NEED_VIEW)
@writes
def confirm(public_id: str) -> Any:
    """Say yes to the quote; the role is asked by the action."""
    return _act(
        public_id,
        "button",
        ButtonForm(),
        lambda found: actions.confirm_quote(found, require_actor()),
        _("已确认，合同开始履行"),
    )


@bp.post("/owner/orders/<public_id>/turn-down")
@access(Permission.NEED_EDIT)
@writes
def turn_down(public_id: str) -> Any:
    """Do not take the quote; the next firm is asked."""
    form = OrderReasonForm()
    return _act(
        public_id,
        "reason_form",
        form,
        lambda found: actions.turn_down(found, form.reason.data, require_actor()),
        _("未采纳该报价"),
    )


@bp.post("/owner/orders/<public_id>/withdraw")
@access(Permission.NEED_EDIT)
@writes
def withdraw(public_id: str) -> Any:
    """Take the order back."""
    form = WithdrawForm()
    return _act(
        public_id,
        "withdraw_form",
        form,
        lambda found: actions.withdraw(found, form.withdrawal_reason.data, require_actor()),
        _("订单已撤回"),
    )


@bp.route("/deliveries/<public_id>/acceptance", methods=["GET", "POST"])
@access(Permission.EVALUATE)
@writes
def accept(public_id: str) -> Any:
    """小额快选, act 5: accept the result with the marks on the same form."""
    actor = require_actor()
    version = objects.delivery_of_quick(actor, public_id)
    form = AcceptanceForm()

    def act() -> Any:
        contract = version.contract
        delivery.accept_deliverable(version, actor, clock.now())
        evaluations.submit_evaluation(
            contract,
            form.marks(Direction.OWNER_TO_FIRM),
            form.reason.data,
            actor,
            clock.now(),
        )
        return contract

    def page() -> str:
        again = objects.delivery_of_quick(actor, public_id)
        return render_template(
            "orders/accept.html",
            version=again,
            contract=again.contract,
            form=form,
            parts=PARTS,
            titles=PART_TITLES,
            now=clock.now(),
        )

    return run_form(
        form,
        act,
        page,
        _("已验收通过，评价已提交"),
        lambda contract: url_for("contracts.contract", public_id=contract.public_id),
    )


@bp.get("/needs/<public_id>/asked")
@access(PUBLIC)
def asked(public_id: str) -> Any:
    """Who was asked, in what sequence, and what each answered: public with the result."""
    found = objects.concluded_need(public_id)
    return render_template(
        "orders/asked.html", order=found, need=found.need, asks=queries.asks_of(found)
    )
