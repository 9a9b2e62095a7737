"""Pages: a grade on paper, with a code that leads to how it is made."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.areas import areas
from marketplace.foundation import clock, qr
from marketplace.foundation.web import PUBLIC, access

from . import explaining, queries
from .blueprint import asked_for, bp
from .models import Capacity


@bp.get("/firms/<public_id>/rating/certificate")
@access(PUBLIC)
def certificate(public_id: str) -> ResponseReturnValue:
    """A firm's grade today as a page to print; `?register=` as on the page that explains it."""
    return _certificate(public_id, Capacity.INTERMEDIARY)


@bp.get("/owners/<public_id>/rating/certificate")
@access(PUBLIC)
def owner_certificate(public_id: str) -> ResponseReturnValue:
    """The same of an owner."""
    return _certificate(public_id, Capacity.OWNER)


def _certificate(public_id: str, capacity: Capacity) -> ResponseReturnValue:
    organisation, register = asked_for(public_id, capacity)
    now = clock.now()
    return render_template(
        "ratings/certificate.html",
        explanation=explaining.explain(organisation, register, clock.today(), now, capacity),
        owner=capacity is Capacity.OWNER,
        area=areas()[register],
        register=register,
        now=now,
        hundredths=queries.hundredths,
    )


@bp.get("/firms/<public_id>/rating/code.svg")
@access(PUBLIC)
def code(public_id: str) -> ResponseReturnValue:
    """The address of the page that explains a firm's grade as a QR code."""
    return _code(public_id, Capacity.INTERMEDIARY)


@bp.get("/owners/<public_id>/rating/code.svg")
@access(PUBLIC)
def owner_code(public_id: str) -> ResponseReturnValue:
    """The same of an owner."""
    return _code(public_id, Capacity.OWNER)


def _code(public_id: str, capacity: Capacity) -> ResponseReturnValue:
    organisation, register = asked_for(public_id, capacity)
    page = "ratings.owner_explained" if capacity is Capacity.OWNER else "ratings.explained"
    return qr.picture(
        url_for(page, public_id=organisation.public_id, register=register, _external=True)
    )
