"""The public item list: the one in force, its editions, its counts, the guide to one item."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts import areas
from marketplace.accounts import queries as accounts
from marketplace.foundation import clock, files
from marketplace.foundation.editions import standing_of
from marketplace.foundation.errors import Missing
from marketplace.foundation.showing import show_date
from marketplace.foundation.web import PUBLIC, access

from . import documents, queries
from .blueprint import bp
from .demands import pages as demand_pages
from .models import CatalogueEdition, ServiceItem, Stage
from .revising import pages
from .revising.wording import told_change
from .rules.comparing import compare, names_in
from .wording import CHANGES

__all__ = ["bp", "demand_pages", "pages"]


@bp.route("/items")
@access(PUBLIC)
def items() -> str:
    """Every item of the list in force, to be narrowed by words, category, department, stage."""
    day, lineage = clock.today(), areas.chosen().lineage
    return _list_page(queries.items(day, lineage), queries.edition_in_force(day, lineage))


def _list_page(every: list[ServiceItem], edition: CatalogueEdition | None, **more: Any) -> str:
    asked = {name: request.args.get(name, "") for name in ("q", "category", "department", "stage")}
    return render_template(
        "catalogue/items.html",
        items=queries.narrowed(every, *asked.values()),
        total=len(every),
        categories=sorted({item.category for item in every}),
        departments=sorted({item.department_name for item in every}),
        stages=[stage for stage in Stage if any(item.stage is stage for item in every)],
        edition=edition,
        **{"old": None, **more},
    )


@bp.route("/items/<code>")
@access(PUBLIC)
def item(code: str) -> str:
    """The guide to one item: what it is, who checks, documents, days, fee."""
    return _guide_page(queries.item(code, clock.today(), areas.chosen().lineage))


def _guide_page(found: ServiceItem, **more: Any) -> str:
    day = clock.today()
    return render_template(
        "catalogue/item.html",
        item=found,
        told=found.guide,
        covered=found.guide.covers_on(day) if found.guide else [],
        parts=queries.parts_of(found),
        packages=queries.packages_with(found),
        **{"old": None, **more},
    )


@bp.route("/items/departments")
@access(PUBLIC)
def departments() -> str:
    """How many items each department has in the list in force."""
    day, lineage = clock.today(), areas.chosen().lineage
    rows = queries.counts_by_department(queries.items(day, lineage))
    return render_template(
        "catalogue/departments.html",
        rows=rows,
        total=queries.summed(rows),
        edition=queries.edition_in_force(day, lineage),
    )


@bp.route("/items/editions")
@access(PUBLIC)
def editions() -> str:
    """Every edition of the place's list and of those it may inherit."""
    area, day = areas.chosen(), clock.today()
    found = queries.editions(area.lineage)
    return render_template(
        "catalogue/editions.html",
        editions=found,
        standing=standing_of(
            [(each.id, each.jurisdiction_code, each.effective_from) for each in found],
            area.lineage,
            day,
        ),
        names={
            code: accounts.jurisdiction(code).name for code in {e.jurisdiction_code for e in found}
        },
    )


@bp.route("/items/editions/<int:edition_id>")
@access(PUBLIC)
def edition(edition_id: int) -> str:
    """One edition whole, with what it changed."""
    found = queries.edition(edition_id)
    earlier = queries.before(found)
    old, new = queries.stated(earlier) if earlier else [], queries.stated(found)
    names = names_in([*old, *new])
    changes = compare(old, new) if earlier else ()
    return _list_page(
        queries.items_of(found),
        found,
        old=found,
        standing=_standing(found),
        earlier=earlier,
        changes=[(each, told_change(each, names)) for each in changes],
        kinds=CHANGES,
    )


@bp.route("/items/editions/<int:edition_id>/<code>")
@access(PUBLIC)
def edition_item(edition_id: int, code: str) -> str:
    """The guide to an item as one edition stated it."""
    found = queries.edition(edition_id)
    return _guide_page(_stated(found, code), old=found, standing=_standing(found))


@bp.route("/items/editions/<int:edition_id>/<code>/forms/<int:number>/<kind>")
@access(PUBLIC)
def form_file(edition_id: int, code: str, number: int, kind: str) -> ResponseReturnValue:
    """A form of an item to download: ``blank`` to fill in, ``sample`` filled in."""
    found = queries.edition(edition_id)
    item = _stated(found, code)
    forms = item.guide.forms if item.guide is not None else ()
    if not 1 <= number <= len(forms) or kind not in ("blank", "sample"):
        raise Missing(f"form {number} of {code}")
    form = forms[number - 1]
    made: Response = files.attachment(
        documents.form_document(form, item.name, f"依据 {found.document}", kind == "sample"),
        f"{form.title}{'（示范文本）' if kind == 'sample' else ''}.docx",
    )
    return made


def _stated(edition: CatalogueEdition, code: str) -> ServiceItem:
    for found in queries.items_of(edition):
        if found.code == code:
            return found
    raise Missing(f"item {code} of edition {edition.id}")


def _standing(edition: CatalogueEdition) -> Any:
    """Since and until when an edition is in force: until the next one of its place."""
    later = [
        each.effective_from
        for each in queries.editions([edition.jurisdiction_code])
        if each.effective_from > edition.effective_from
    ]
    return show_date(min(later)) if later else None
