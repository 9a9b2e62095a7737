"""The first page, the search over everything, the choice of an area."""

from __future__ import annotations

from flask import render_template, request

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.listing import Sorting
from marketplace.foundation.web import PUBLIC, access

from ..forms import search_words
from ..queries import area_counts, figures, firms, needs, results, warnings
from .blueprint import bp


@bp.route("/")
@access(PUBLIC)
def home() -> str:
    """What one may do here, what closes soon, what was decided lately."""
    now, area = clock.now(), areas.chosen()
    return render_template(
        "portal/home.html",
        now=now,
        closing=needs.closing_soonest(area, now),
        results=results.latest_results(area),
        figures=figures.figures(area, now),
        often=figures.often_wanted(area, clock.local_day(now)),
        warnings=warnings.in_force(area, now),
    )


@bp.route("/search")
@access(PUBLIC)
def search() -> str:
    """One box over everything public in the area: items, firms, needs."""
    words, now, area = search_words(request.args), clock.now(), areas.chosen()
    if not words:
        return render_template("portal/search.html", search_words="")
    register = area.register or area.code
    found = firms.firms_page(firms.Wanted(register, words), Sorting(), 1, now)
    return render_template(
        "portal/search.html",
        search_words=words,
        items=[
            item
            for item in catalogue.items(clock.local_day(now), area.lineage)
            if words.lower() in item.name.lower() or words == item.code
        ],
        names=catalogue.names(clock.local_day(now), area.lineage),
        found_firms=found,
        firm_rows=firms.rows_of(found.items[:5]),
        needs=needs.needs_page(area, words=words, per_page=5),
        now=now,
    )


@bp.route("/areas", endpoint="areas")
@access(PUBLIC)
def list_areas() -> str:
    """The cities and counties served here, to choose from."""
    return render_template(
        "portal/areas.html",
        tops=area_counts.tree(clock.now()),
        chosen=areas.chosen(),
        argument=areas.ARGUMENT,
    )
