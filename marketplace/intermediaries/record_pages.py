"""What a firm promises, and which orders it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.permissions import Permission
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.errors import Missing
from marketplace.foundation.forms import grouped_options, options
from marketplace.foundation.web import access as allow
from marketplace.foundation.web import require_actor, run_form, writes

from . import access, actions, queries
from .blueprint import bp
from .forms import (
    OfferingForm,
    OrderTermsForm,
    listing_form,
)
from .models import Offering


@bp.route("/firm/offerings", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def offerings() -> Any:
    """What the firm promises, and a new or changed promise."""
    actor = require_actor()
    firm = access.own_firm(actor)
    if firm is None:
        return render_template("intermediaries/file_none.html")
    form = OfferingForm()
    groups = catalogue.by_category(clock.today(), accounts.lineage(firm.register_code))
    form.item_code.choices = grouped_options(groups, _("请选择"))

    def page() -> str:
        own = access.own_file(actor)
        return render_template(
            "intermediaries/offerings.html",
            firm=own,
            form=form,
            items=queries.items_of(own, clock.today()),
            offerings=queries.offerings(own.id),
        )

    return run_form(
        form,
        lambda: actions.save_offering(
            firm,
            form.item_code.data,
            form.discount.data or Decimal(0),
            form.promised_days.data,
            actor,
            clock.now(),
            deviation_reason=form.deviation_reason.data or "",
        ),
        page,
        None,
        lambda _row: url_for("intermediaries.offerings"),
    )


@bp.route("/firm/offerings/<item_code>/listing", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def listing(item_code: str) -> Any:
    """Promise a fixed price for a range of quantities, to be ordered as it stands."""
    actor = require_actor()
    firm = access.own_file(actor)
    day = clock.today()
    offered = queries.offering(firm.id, item_code)
    form = listing_form(item_code, firm.register_code, day, offered)

    def page() -> str:
        own = access.own_file(actor)
        item = queries.items_of(own, day).get(item_code)
        if item is None:
            raise Missing(item_code)
        return render_template(
            "intermediaries/listing.html",
            firm=own,
            item=item,
            form=form,
            offered=queries.offering(own.id, item_code),
        )

    return run_form(
        form,
        lambda: actions.save_offering(
            firm,
            item_code,
            Decimal(0),
            form.promised_days.data or 0,
            actor,
            clock.now(),
            form.fixed(),
            form.deviation_reason.data or "",
        ),
        page,
        _("承诺已保存"),
        lambda _row: url_for("intermediaries.offerings"),
    )


@bp.route("/firm/offerings/<public_id>/orders", methods=["GET", "POST"])
@allow(Permission.FIRM_FILE)
@writes
def order_terms(public_id: str) -> Any:
    """Which orders a promise takes: paused, how many at once, where."""
    actor = require_actor()
    row = access.own_record(actor, Offering, public_id)
    form = OrderTermsForm(data={"paused": row.paused, "capacity": row.capacity, "areas": row.areas})
    form.areas.choices = options(
        [
            (code, accounts.jurisdiction(code).name)
            for code in accounts.below(row.firm.register_code)
        ]
    )

    def page() -> str:
        own = access.own_record(actor, Offering, public_id)
        return render_template(
            "intermediaries/order_terms.html",
            firm=own.firm,
            offered=own,
            form=form,
            items=queries.items_of(own.firm, clock.today()),
        )

    return run_form(
        form,
        lambda: actions.set_order_terms(
            row,
            form.paused.data,
            form.capacity.data,
            form.areas.data or [],
            actor,
            clock.now(),
        ),
        page,
        _("接单设置已保存"),
        lambda _row: url_for("intermediaries.offerings"),
    )
