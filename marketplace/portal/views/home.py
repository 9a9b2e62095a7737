"""The first page, the search over everything, the choice of an area."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.listing import Sorting
from marketplace.foundation.web import PUBLIC, access
from marketplace.projects.coding import code_in

from ..forms import search_words
from ..queries import area_counts, figures, firms, found, needs, results, warnings
from .blueprint import bp

SUGGESTED = 6


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
    """One box over everything public in the area: items with their guides, firms, needs,
    notices."""
    words, now, area = search_words(request.args), clock.now(), areas.chosen()
    if not words:
        known = catalogue.names(clock.local_day(now), area.lineage)
        return render_template("portal/search.html", search_words="", search_known=known.values())
    names = catalogue.names(clock.local_day(now), area.lineage)
    looked = firms.search(firms.Wanted(area.register or area.code, words), now)
    page = firms.firms_page(looked, Sorting(), 1)
    shown, notice_count = found.notices(words, area, now)
    return render_template(
        "portal/search.html",
        search_words=words,
        search_known=names.values(),
        project_code=code_in(words),
        items=found.items(words, area, now),
        names=names,
        found_firms=page,
        firm_rows=firms.rows_of(page.items[:5]),
        needs=needs.needs_page(area, words=words, per_page=5),
        notices=shown,
        notice_count=notice_count,
        now=now,
    )


@bp.route("/search/suggestions")
@access(PUBLIC)
def suggestions() -> ResponseReturnValue:
    """The items and firms the words so far may mean, for below the search box; without htmx the
    search itself."""
    words, now, area = search_words(request.args), clock.now(), areas.chosen()
    if "HX-Request" not in request.headers:
        return redirect(url_for("portal.search", q=words or None))
    if not words:
        return render_template("portal/suggestions.html", items=(), firms=(), words="")
    looked = firms.search(firms.Wanted(area.register or area.code, words), now)
    return render_template(
        "portal/suggestions.html",
        words=words,
        items=found.suggested_items(words, area, now),
        firms=firms.suggested(looked, SUGGESTED),
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
