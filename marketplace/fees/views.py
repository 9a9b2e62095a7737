"""The public calculator, a standard with its figures, a stored price check."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from marketplace.accounts import areas
from marketplace.catalogue import queries as catalogue
from marketplace.foundation import clock
from marketplace.foundation.errors import DomainError, Invalid
from marketplace.foundation.web import PUBLIC, access, current_actor

from . import access as rights
from . import queries
from .blueprint import bp
from .curve import curve
from .forms import InputsForm, calculator_form
from .lists import models as lists_models
from .rules.calculating import Calculation, Outcome
from .rules.inputs import PAYER_CLASS
from .rules.judging import Gate, Judgement, Question, judge
from .wording import bounds, step_lines, title_and_tone

_OWN = {"price", "day"}

__all__ = ["bp", "lists_models"]


@bp.route("/fees")
@access(PUBLIC)
def calculator() -> Any:
    """The fee list; with ``?item=`` the calculator of that item. A GET form: the address
    reproduces the answer."""
    day, place = _day(), areas.chosen().code
    if "item" not in request.args:
        words = request.args.get("q", "").strip()[:40]
        rows = [row for row in _fee_list(place, day) if words.lower() in row[0].name.lower()]
        return render_template("fees/list.html", rows=rows, words=words, day=day)
    item = catalogue.item(request.args["item"], day, areas.chosen().lineage)
    pricing = queries.pricing(item.code, place, day)
    questions = calculator_form(item.code, place, day, request.args.get("variant"))
    form = questions(request.args or None, data={"day": day})
    asked = any(name in request.args for name in form.data if name != "day")
    calculation, judgement = _answer(form, pricing) if asked else (None, None)
    page = render_template(
        "fees/calculator.html",
        item=item,
        pricing=pricing,
        form=form,
        calculation=calculation,
        judgement=judgement,
        verdict=title_and_tone(judgement.verdict, judgement.binding) if judgement else None,
        lines=step_lines(s.as_record() for s in (judgement or calculation).steps)
        if calculation
        else [],
        outcomes=Outcome,
        curve=curve(pricing, form.data) if calculation and calculation.band else None,
    )
    # while somebody is still typing, what is missing is no refusal
    typing = "HX-Request" in request.headers
    return page, 422 if form.problems and not typing else 200


def _day() -> date:
    text = request.args.get("day", "").strip()
    if not text:
        return clock.today()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("日期应写成 2026-03-02 的样子"), field="day", rule="fees.day") from error


def _fee_list(place: str, day: date) -> list[tuple[Any, queries.Pricing]]:
    items = catalogue.items(day, areas.chosen().lineage)
    found = queries.pricings([item.code for item in items], place, day)
    return [(item, found[item.code]) for item in items]


def _answer(
    form: InputsForm, pricing: queries.Pricing
) -> tuple[Calculation | None, Judgement | None]:
    """What the standard says, and the verdict where a price was given. Nothing is stored."""
    if not form.validate():
        return None, None
    inputs = {key: value or "" for key, value in form.data.items() if key not in _OWN}
    try:
        calculation = queries.calculation(pricing, inputs)
    except DomainError as error:
        form.refuse(error)
        return None, None
    price = form.data["price"]
    if price is None:
        return calculation, None
    question = Question(
        price,
        Gate.QUOTE,
        pricing.item_code,
        calculation,
        payer_class=inputs.get(PAYER_CLASS) or None,
    )
    return calculation, judge(question, pricing.policy)


@bp.route("/fees/standards/<standard_id>")
@access(PUBLIC)
def standard(standard_id: str) -> str:
    """One published document with its figures and where it binds today."""
    day, place = clock.today(), areas.chosen().code
    edition = queries.latest_standard(standard_id, day)
    used = [
        (item, pricing)
        for item, pricing in _fee_list(place, day)
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
    )
