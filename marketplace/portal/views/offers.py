"""The firms offering under a case of the calculator: a page of its own, shown beside the answer."""

from __future__ import annotations

from flask import render_template, request

from marketplace.accounts import areas
from marketplace.fees.asking import read_asking
from marketplace.foundation import clock
from marketplace.foundation.web import PUBLIC, access

from ..queries.offers import MOST, offers
from .blueprint import bp


@bp.route("/fees/offers", endpoint="offers")
@access(PUBLIC)
def list_offers() -> str:
    """What the listed firms' promises come to for the case the address holds, at most ten."""
    asking = read_asking(request.args, areas.chosen(), clock.today())
    found = asking.answer
    computed = found is not None and found.calculation.band is not None
    inputs = found.inputs if found is not None and computed else None
    return render_template(
        "portal/offers.html",
        asking=asking,
        computed=computed,
        offers=offers(asking.area, asking.pricing, inputs, clock.now()),
        most=MOST,
    )
