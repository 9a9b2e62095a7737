"""Listed firms: the list with its facets, one firm, a comparison, the certificate."""

from __future__ import annotations

from flask import Response, render_template, request, url_for

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock, qr
from marketplace.foundation.listing import read_sorting
from marketplace.foundation.web import PUBLIC, access, current_actor

from ..forms import chosen_firms, grade_choice, page_number, search_words
from ..queries import dossier, firms
from .blueprint import bp

LONGEST_COMPARISON = 4


def _register() -> str:
    area = areas.chosen()
    return area.register or area.code


def _wanted() -> firms.Wanted:
    return firms.Wanted(
        register=_register(),
        words=search_words(request.args),
        item_code=request.args.get("item", "")[:20],
        grade=grade_choice(request.args),
        home=request.args.get("home", "")[:12],
    )


@bp.route("/firms", endpoint="firms")
@access(PUBLIC)
def list_firms() -> str:
    """Listed firms, to be narrowed by name, item, grade and home."""
    now, wanted = clock.now(), _wanted()
    sorting = read_sorting(request.args, "name", "grade", "listed")
    page = firms.firms_page(wanted, sorting, page_number(request.args), now)
    labels = catalogue.labels(clock.local_day(now), areas.chosen().lineage)
    return render_template(
        "portal/firms.html",
        wanted=wanted,
        page=page,
        sorting=sorting,
        rows=firms.rows_of(page.items, wanted.item_code),
        facets=firms.facets(wanted, now),
        names={code: each.name for code, each in labels.items()},
        days_kinds={code: each.statutory_days_kind.title for code, each in labels.items()},
        area_names={code: area.name for code, area in areas.areas().items()},
        most=LONGEST_COMPARISON,
    )


@bp.route("/firms/compare")
@access(PUBLIC)
def compare() -> str:
    """Up to four listed firms side by side."""
    now, register = clock.now(), _register()
    found = firms.compared(chosen_firms(request.args, LONGEST_COMPARISON), register, now)
    item_code = request.args.get("item", "")[:20]
    labels = catalogue.labels(clock.local_day(now), areas.chosen().lineage)
    return render_template(
        "portal/compare.html",
        rows=firms.rows_of(found, item_code),
        item_code=item_code,
        names={code: each.name for code, each in labels.items()},
        days_kinds={code: each.statutory_days_kind.title for code, each in labels.items()},
        area_names={code: area.name for code, area in areas.areas().items()},
        most=LONGEST_COMPARISON,
    )


@bp.route("/firms/<public_id>")
@access(PUBLIC)
def firm(public_id: str) -> str:
    """One listed firm: who it is, its grade, what it offers, how its contracts ran, what stands
    against it."""
    now = clock.now()
    found = firms.listed_firm(public_id, _registers(), now)
    return render_template(
        "portal/firm.html", dossier=dossier.of(found, now, current_actor()), now=now
    )


@bp.route("/firms/<public_id>/certificate")
@access(PUBLIC)
def certificate(public_id: str) -> str:
    """The listing as a page to print; what it says holds on the day it was called."""
    now = clock.now()
    found = firms.listed_firm(public_id, _registers(), now)
    return render_template("portal/certificate.html", dossier=dossier.of(found, now, None), now=now)


@bp.route("/firms/<public_id>/qr.svg")
@access(PUBLIC)
def firm_code(public_id: str) -> Response:
    """The address of a firm's page as a QR code."""
    found = firms.listed_firm(public_id, _registers(), clock.now())
    address = url_for("portal.firm", public_id=found.public_id, _external=True)
    return qr.picture(address)


def _registers() -> list[str]:
    """The chosen area's register first, then every other: a link must lead to its firm."""
    own = _register()
    return [own, *(area.code for area in areas.served() if area.is_register and area.code != own)]
