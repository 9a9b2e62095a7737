"""The firm's pages: what it is asked, its answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts.permissions import Permission
from marketplace.foundation import clock
from marketplace.foundation.db import paginate
from marketplace.foundation.forms import ButtonForm, came_back
from marketplace.foundation.web import access, require_actor, run_form, writes

from . import access as objects
from . import actions, queries
from .blueprint import bp
from .forms import OrderReasonForm, QuoteForm
from .models import OrderAsk


@bp.get("/firm/orders")
@access(Permission.FIRM_ENTER)
def asks() -> Any:
    """Everything the firm was ever asked, what waits first."""
    actor = require_actor()
    assert actor.organisation_id is not None
    page = paginate(queries.asks_to(actor.organisation_id), request.args.get("page", 1, type=int))
    return render_template("orders/asks.html", asks=page, now=clock.now())


@bp.get("/firm/orders/<public_id>")
@access(Permission.FIRM_ENTER)
def ask(public_id: str) -> Any:
    """One order for the firm: what is wanted, by when to answer, the answer."""
    return _page(public_id)


def _page(public_id: str, **forms: Any) -> str:
    found = objects.ask_for(require_actor(), public_id)
    defaults = {
        "quote_form": QuoteForm(formdata=None),
        "decline_form": OrderReasonForm(formdata=None),
        "top": ButtonForm(formdata=None),
        "button": ButtonForm(formdata=None),
    }
    return render_template(
        "orders/ask.html",
        ask=found,
        order=found.order,
        need=found.order.need,
        now=clock.now(),
        **{**defaults, **forms},
    )


def _act(public_id: str, name: str, form: Any, action: Callable[[OrderAsk], Any], done: str) -> Any:
    actor = require_actor()
    found = objects.ask_for(actor, public_id)
    return run_form(
        form,
        lambda: action(found),
        lambda: _page(public_id, **came_back(name, form)),
        done,
        lambda _made: url_for("orders.ask", public_id=public_id),
    )


@bp.post("/firm/orders/<public_id>/quote")
@access(Permission.FIRM_ENTER)
@writes
def quote(public_id: str) -> Any:
    """Name a price."""
    form = QuoteForm()
    return _act(
        public_id,
        "quote_form",
        form,
        lambda found: actions.quote(
            found,
            form.price.data or Decimal(0),
            form.note.data or "",
            require_actor(),
            form.deviation_reason.data or "",
        ),
        _("报价已提交，等待业主确认"),
    )


@bp.post("/firm/orders/<public_id>/take")
@access(Permission.FIRM_CONTRACT)
@writes
def take(public_id: str) -> Any:
    """Take the order of one's listing."""
    return _act(
        public_id,
        "button",
        ButtonForm(),
        lambda found: actions.take_listing(found, require_actor()),
        _("已接单，合同开始履行"),
    )


@bp.post("/firm/orders/<public_id>/decline")
@access(Permission.FIRM_ENTER)
@writes
def decline(public_id: str) -> Any:
    """Do not take it."""
    form = OrderReasonForm()
    return _act(
        public_id,
        "decline_form",
        form,
        lambda found: actions.decline(found, form.reason.data, require_actor()),
        _("已答复不承接"),
    )
