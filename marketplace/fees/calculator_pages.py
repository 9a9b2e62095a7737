"""The public calculator: the list of what can be asked, one question, the same answer as JSON."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext as _

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.errors import DomainError
from marketplace.foundation.languages import for_storing
from marketplace.foundation.web import PUBLIC, access

from . import queries
from .asking import Asking, grouped, listed_items, places, read_asking, read_day, read_place
from .blueprint import bp
from .curve import curve
from .telling import told
from .wording import compare, said, step_lines, title_and_tone


@bp.route("/fees")
@access(PUBLIC)
def calculator() -> Any:
    """The fee list; with ``?item=`` or ``?standard=`` the calculator of that item or document. A
    GET form: the address reproduces the answer."""
    if not {"item", "standard"} & request.args.keys():
        return _list()
    reshaping = request.headers.get("HX-Target") == "calculator"
    asking = read_asking(request.args, areas.chosen(), clock.today(), reshaping=reshaping)
    found = asking.answer
    computed = found is not None and found.calculation.band is not None
    page = render_template(
        "fees/calculator.html",
        asking=asking,
        item=asking.item,
        pricing=asking.pricing,
        form=asking.form,
        groups=grouped(listed_items(asking.day, asking.area, areas.chosen())),
        priced=queries.priced_items(asking.area.code, asking.day),
        places=places(asking.area),
        answer=found,
        calculation=found.calculation if found else None,
        judgement=found.judgement if found else None,
        verdict=title_and_tone(found.judged.verdict, found.judged.binding)
        if found and found.price is not None
        else None,
        lines=step_lines(step.as_record() for step in found.judged.steps) if found else [],
        layers=_layers(asking),
        agreed=compare(
            queries.reference(asking.pricing, asking.day),
            found.calculation.basic if found else None,
        )
        if asking.item
        else None,
        curve=curve(asking.pricing, asking.form.data) if computed else None,
    )
    # while somebody is still typing, what is missing is no refusal
    typing = "HX-Request" in request.headers
    return page, 422 if asking.form.problems and not typing else 200


def _layers(asking: Asking) -> list[tuple[str, Any]]:
    """Every ceiling with the words for it, the standard's own first."""
    if asking.answer is None:
        return []
    return [
        (said(ceiling.step.as_record()) if ceiling.step else _("收费标准的上限"), ceiling)
        for ceiling in asking.answer.ceilings
    ]


KINDS = ("", "priced", "binding")


def _list() -> str:
    area = read_place(request.args, areas.chosen())
    day = read_day(request.args, clock.today())
    words = request.args.get("q", "").strip()[:40]
    category = request.args.get("category", "")[:120]
    kind = request.args.get("kind", "")
    items = listed_items(day, area, areas.chosen())
    found = queries.pricings([item.code for item in items], area.code, day)
    shown = [
        item
        for item in catalogue.narrowed(items, words, category)
        if kind not in ("priced", "binding")
        or (found[item.code].binds if kind == "binding" else found[item.code].standard is not None)
    ]
    return render_template(
        "fees/list.html",
        groups=grouped(shown),
        pricings=found,
        words=words,
        category=category,
        kind=kind,
        categories=[(name, name) for name in dict.fromkeys(item.category for item in items)],
        places=[(each.code, each.names) for each in places(area)],
        area=area,
        day=day,
    )


@bp.route("/fees/answer.json")
@access(PUBLIC)
def answer_json() -> Any:
    """The calculator's answer as data: the same arguments as the page's address, see
    ``docs/fee-answers.md``. Refusals are data too, in Chinese, naming the fields."""
    with for_storing():
        try:
            asking = read_asking(request.args, areas.chosen(), clock.today())
        except DomainError as error:
            subject = "standard" if "standard" in request.args else "item"
            return _refused([(subject, error.message)], error)
        if asking.answer is None and asking.pricing.standard and not asking.form.problems:
            asking.form.validate()
        if asking.form.problems:
            names = {field.id: field.short_name for field in asking.form}
            return _refused([(names.get(at or ""), why) for at, why in asking.form.problems])
        return _as_json(told(asking))


def _refused(
    problems: list[tuple[str | None, str]], error: DomainError | None = None
) -> tuple[Response, int]:
    rows = [{"field": field, "message": message} for field, message in problems]
    return _as_json({"errors": rows}), error.status if error is not None else 422


def _as_json(values: dict[str, Any]) -> Response:
    text = json.dumps(values, ensure_ascii=False, indent=1)
    return Response(text.encode(), mimetype="application/json")


@bp.route("/fees/standards")
@access(PUBLIC)
def standards() -> str:
    """Every published document the marketplace may show, with or without an item of the list."""
    day, area = clock.today(), areas.chosen()
    rows = queries.shown_standards(day)
    items = catalogue.items(day, area.lineage)
    found = queries.pricings([item.code for item in items], area.code, day)
    used: dict[str, list[Any]] = {}
    for item in items:
        edition = found[item.code].standard_edition
        if edition is not None:
            used.setdefault(edition.standard_id, []).append(item)
    return render_template(
        "fees/standards.html",
        rows=[(row, queries.figures(row)) for row in rows],
        used=used,
        crumbs=[(_("收费查询"), url_for("fees.calculator"))],
    )
