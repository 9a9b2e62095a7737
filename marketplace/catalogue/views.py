"""The public item list and the guide to one item."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from marketplace.accounts import areas
from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access

from . import queries

bp = Blueprint("catalogue", __name__)


@bp.route("/items")
@access(PUBLIC)
def items() -> str:
    """Every item of the list in force, to be narrowed by words, category and department."""
    day, lineage = clock.today(), areas.chosen().lineage
    every = queries.items(day, lineage)
    words, category, department = (
        request.args.get(name, "") for name in ("q", "category", "department")
    )
    return render_template(
        "catalogue/items.html",
        items=queries.narrowed(every, words, category, department),
        total=len(every),
        categories=sorted({item.category for item in every}),
        departments=sorted({item.department_name for item in every}),
        edition=queries.edition_in_force(day, lineage),
    )


@bp.route("/items/<code>")
@access(PUBLIC)
def item(code: str) -> str:
    """The guide to one item: what it is, who checks, documents, days, fee."""
    return render_template(
        "catalogue/item.html", item=queries.item(code, clock.today(), areas.chosen().lineage)
    )
