"""The public item list and the guide to one item."""

from __future__ import annotations

from flask import Blueprint, render_template

from marketplace.accounts import areas
from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access

from . import queries

bp = Blueprint("catalogue", __name__)


@bp.route("/items")
@access(PUBLIC)
def items() -> str:
    """Every item of the list in force, by category."""
    day, lineage = clock.today(), areas.chosen().lineage
    return render_template(
        "catalogue/items.html",
        items=queries.items(day, lineage),
        edition=queries.edition_in_force(day, lineage),
    )


@bp.route("/items/<code>")
@access(PUBLIC)
def item(code: str) -> str:
    """The guide to one item: what it is, who checks, documents, days, fee."""
    return render_template(
        "catalogue/item.html", item=queries.item(code, clock.today(), areas.chosen().lineage)
    )
