"""A published standard with its figures, a stored price check; the calculator's pages beside."""

from __future__ import annotations

from flask import render_template

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access, current_actor

from . import access as rights
from . import calculator_pages, queries
from .blueprint import bp
from .charges import pages as charge_pages
from .lists import office_pages, public_pages
from .wording import bounds, step_lines

__all__ = ["bp", "calculator_pages", "charge_pages", "office_pages", "public_pages"]


@bp.route("/fees/standards/<standard_id>")
@access(PUBLIC)
def standard(standard_id: str) -> str:
    """One published document with its figures and where it binds today."""
    day, place = clock.today(), areas.chosen().code
    edition = queries.latest_standard(standard_id, day)
    items = catalogue.items(day, areas.chosen().lineage)
    found = queries.pricings([item.code for item in items], place, day)
    pairs = [(item, found[item.code]) for item in items]
    used = [
        (item, pricing)
        for item, pricing in pairs
        if pricing.standard_edition is not None and pricing.standard_edition.id == edition.id
    ]
    told = queries.figures(edition)
    return render_template(
        "fees/standard.html", edition=edition, standard=told, used=used, bounds=bounds(told)
    )


@bp.route("/fees/checks/<public_id>")
@access(PUBLIC)
def check(public_id: str) -> str:
    """A stored price check, for those it concerns."""
    found = rights.check_for(current_actor(), public_id)
    names = catalogue.names(found.day)
    return render_template(
        "fees/check.html",
        check=found,
        item_name=names.get(found.item_code, found.item_code),
        lines=step_lines(found.steps),
        fee=queries.fee_of(found),
    )
