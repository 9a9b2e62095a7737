"""Listed firms: the list with its facets, one firm, a comparison, the certificate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request, url_for
from sqlalchemy import Row

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.finding.firms import DAYS, PRICES, SORTS, WHERE
from marketplace.foundation import clock, qr
from marketplace.foundation.listing import read_sorting
from marketplace.foundation.web import PUBLIC, access, current_actor

from .. import titles
from ..forms import band_choice, chosen_firms, grade_choice, page_number, search_words
from ..queries import comparing, dossier, firms
from .blueprint import bp

LONGEST_COMPARISON = 5
LIST_ARGUMENTS = (
    "q",
    "item",
    "grade",
    "home",
    "price",
    "days",
    "open",
    "serves",
    "where",
    "sort",
    "page",
    "firm",
)


def _register() -> str:
    area = areas.chosen()
    return area.register or area.code


def _wanted() -> firms.Wanted:
    grade = grade_choice(request.args)
    return firms.Wanted(
        register=_register(),
        words=search_words(request.args),
        item_code=request.args.get("item", "")[:20],
        grade=grade.value if grade is not None else "",
        home=request.args.get("home", "")[:12],
        price=band_choice(request.args, "price", PRICES),
        days=band_choice(request.args, "days", DAYS),
        open=request.args.get("open") == "1",
        serves=_served_area(),
        where=band_choice(request.args, "where", WHERE),
    )


def _served_area() -> str:
    """The argument ``serves``, if it names an area of the register."""
    asked, register = request.args.get("serves", "")[:12], areas.areas().get(_register())
    return asked if register is not None and asked in register.below[1:] else ""


@bp.route("/firms", endpoint="firms")
@access(PUBLIC)
def list_firms() -> str:
    """Listed firms, to be narrowed by words, item, grade, price, days, area served, home and
    availability."""
    now, wanted = clock.now(), _wanted()
    sorting = read_sorting(request.args, *SORTS)
    looked = firms.search(wanted, now)
    picked = firms.compared(chosen_firms(request.args, LONGEST_COMPARISON), wanted.register, now)
    page = firms.firms_page(looked, sorting, page_number(request.args))
    labels = catalogue.labels(clock.local_day(now), areas.chosen().lineage)
    return render_template(
        "portal/firms.html",
        wanted=wanted,
        page=page,
        sorting=sorting,
        rows=firms.rows_of(page.items, wanted.item_code),
        facets=looked.facets(),
        picked={each.public_id: each.name for each in picked},
        unpicked=_without_each(picked),
        asked_for=_asked_for(picked),
        names={code: each.name for code, each in labels.items()},
        days_kinds={code: each.statutory_days_kind.title for code, each in labels.items()},
        area_names={code: area.name for code, area in areas.areas().items()},
        price_bands=titles.price_bands(),
        days_bands=titles.days_bands(),
        most=LONGEST_COMPARISON,
    )


def _asked_for(picked: Sequence[Row[Any]]) -> list[tuple[str, str]]:
    """What this list was asked by; of firms picked those that are listed."""
    ids = {each.public_id for each in picked}
    return [
        (name, value)
        for name, value in request.args.items(multi=True)
        if name in LIST_ARGUMENTS and (name != "firm" or value in ids)
    ]


def _without_each(picked: Sequence[Row[Any]]) -> dict[str, str]:
    """This list's query without one of the firms picked, for each of them."""
    kept = _asked_for(picked)
    ids = [each.public_id for each in picked]
    return {each: urlencode([pair for pair in kept if pair != ("firm", each)]) for each in ids}


@bp.route("/firms/compare")
@access(PUBLIC)
def compare() -> str:
    """Up to five listed firms side by side."""
    now = clock.now()
    item_code = request.args.get("item", "")[:20]
    chosen = chosen_firms(request.args, LONGEST_COMPARISON)
    labels = catalogue.labels(clock.local_day(now), areas.chosen().lineage)
    return render_template(
        "portal/compare.html",
        comparison=comparing.of(chosen, _register(), item_code, now),
        item_code=item_code,
        names={code: each.name for code, each in labels.items()},
        days_kinds={code: each.statutory_days_kind.title for code, each in labels.items()},
        area_names={code: area.name for code, area in areas.areas().items()},
        chosen=len(set(request.args.getlist("firm"))),
        most=LONGEST_COMPARISON,
        list_query=_query_of_list(),
    )


def _query_of_list() -> str:
    """What the list was narrowed by and who was picked, to go back to it."""
    kept = [
        pair for pair in request.args.items(multi=True) if pair[0] in LIST_ARGUMENTS and pair[1]
    ]
    return urlencode(kept)


@bp.route("/firms/<public_id>")
@access(PUBLIC)
def firm(public_id: str) -> str:
    """One listed firm: who it is, its grade, what it offers, how its contracts ran, what stands
    against it."""
    now = clock.now()
    found = firms.listed_firm(public_id, registers(), now)
    return render_template(
        "portal/firm.html", dossier=dossier.of(found, now, current_actor()), now=now
    )


@bp.route("/firms/<public_id>/certificate")
@access(PUBLIC)
def certificate(public_id: str) -> str:
    """The listing as a page to print; what it says holds on the day it was called."""
    now = clock.now()
    found = firms.listed_firm(public_id, registers(), now)
    return render_template("portal/certificate.html", dossier=dossier.of(found, now, None), now=now)


@bp.route("/firms/<public_id>/qr.svg")
@access(PUBLIC)
def firm_code(public_id: str) -> Response:
    """The address of a firm's page as a QR code."""
    found = firms.listed_firm(public_id, registers(), clock.now())
    address = url_for("portal.firm", public_id=found.public_id, _external=True)
    return qr.picture(address)


def registers() -> list[str]:
    """The chosen area's register first, then every other: a link must lead to its firm."""
    own = _register()
    return [own, *(area.code for area in areas.served() if area.is_register and area.code != own)]
