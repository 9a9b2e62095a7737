"""A question to the calculator as an address holds it, and the address that reproduces it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from flask import url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from marketplace.accounts.areas import Area, areas, served
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.foundation.errors import DomainError, Invalid

from . import queries
from .answering import Answer, Asked, alone, answer, questions
from .forms import InputsForm, calculator_form
from .queries import Pricing
from .rules.inputs import FACTORS, VARIANT

OWN = frozenset({"price", "day", "place"})
PLACE = "place"
# what shapes the questions and is no answer to them
_SHAPE = frozenset({"day", PLACE, VARIANT})


@dataclass(frozen=True)
class Asking:
    """One question: the ``item`` of the list or, without one, the standard alone; its form as it
    was filled in; the ``answer``, None while nothing was asked or something was refused."""

    item: ServiceItem | None
    area: Area
    day: date
    pricing: Pricing
    asked: Asked
    form: InputsForm
    answer: Answer | None

    @property
    def title(self) -> str:
        """The item's name, or the standard's."""
        if self.item is not None:
            return self.item.name
        edition = self.pricing.standard_edition
        return edition.title if edition is not None else ""

    @property
    def arguments(self) -> dict[str, str]:
        """The whole question as arguments of an address: place and day are pinned, so that it
        gives the same answer later and elsewhere."""
        subject = (
            {"item": self.item.code}
            if self.item is not None
            else {"standard": self.pricing.standard_edition.standard_id}
            if self.pricing.standard_edition is not None
            else {}
        )
        filled = {
            key: str(value) for key, value in self.form.data.items() if value and key not in OWN
        }
        if self.form["price"].data is not None:
            filled["price"] = format(self.form["price"].data, "f")
        return {**subject, PLACE: self.area.code, "day": self.day.isoformat(), **filled}

    @property
    def filled(self) -> list[tuple[str, str]]:
        """What was filled in, as label and answer in words, for paper."""
        found = []
        for field in self.form:
            if field.data in (None, "") or field.short_name in ("day", PLACE):
                continue
            rows = {c.value: str(c.label) for c in getattr(field, "choices", None) or ()}
            codes = str(field.data).split(",") if rows else []
            told = "、".join(rows.get(code, code) for code in codes) if rows else field._value()
            found.append((str(field.label.text), told))
        return found

    def link(self) -> str:
        """The address that reproduces the answer."""
        return url_for("fees.calculator", _external=True, **self.arguments)


def read_day(arguments: Mapping[str, str], today: date) -> date:
    """The day an address asks about; raises Invalid."""
    text = arguments.get("day", "").strip()
    if not text:
        return today
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("日期格式应如 2026-03-02"), field="day", rule="fees.day") from error


def read_place(arguments: Mapping[str, str], chosen: Area) -> Area:
    """The place whose rules count: any the product knows, else the reader's own; raises
    Invalid."""
    code = arguments.get(PLACE, "").strip()
    if not code:
        return chosen
    found = areas().get(code)
    if found is None:
        raise Invalid(_("没有这个地区，请重新选择"), field=PLACE, rule="fees.place")
    return found


def places(chosen: Area) -> list[Area]:
    """The places to choose from: those that keep a register or lie under one, those with fee rules
    of their own, and the one chosen."""
    codes = dict.fromkeys([each.code for each in served()])
    codes.update(dict.fromkeys([*queries.places_with_rules(), chosen.code]))
    return [areas()[code] for code in codes if code in areas()]


def read_asking(
    arguments: MultiDict[str, str], chosen: Area, today: date, *, reshaping: bool = False
) -> Asking:
    """The question in ``arguments`` and its answer; what cannot be used is told at its field.

    ``chosen`` is the reader's own place, where the address names none. ``reshaping``: the reader
    has just chosen another item, place or kind, so that what is missing now is no mistake yet.
    Raises Missing for an unknown item or standard.
    """
    wrong: list[Invalid] = []
    day, area = today, chosen
    try:
        day = read_day(arguments, today)
    except Invalid as error:
        wrong.append(error)
    try:
        area = read_place(arguments, chosen)
    except Invalid as error:
        wrong.append(error)
    item = None
    if "standard" in arguments:
        pricing = alone(arguments["standard"], area.code, day)
    else:
        item = _item(arguments.get("item", ""), day, today, area, chosen)
        pricing = queries.pricing(item.code, area.code, day)
    wanted = questions(
        pricing, arguments.get(VARIANT), agreed=bool(arguments.get(FACTORS, "").strip())
    )
    kind = calculator_form(wanted.fields, day, lots=wanted.lots, factors=wanted.factors)
    subject = item.code if item is not None else arguments.get("standard", "")
    form = kind(arguments or None, data={"day": day})
    about = arguments.get("of", subject) == subject
    asked = about and any(name in arguments for name in form.data if name not in _SHAPE)
    found = _answered(form, pricing) if asked and not wrong else None
    if not about or (reshaping and form.problems):
        form, found = kind(arguments or None, data={"day": day}), None
    for each in wrong:
        form.refuse(each)
    return Asking(item, area, day, pricing, wanted, form, found)


def _item(code: str, day: date, today: date, area: Area, chosen: Area) -> ServiceItem:
    """The item as the day's list has it, or as today's where the day has none: that no rules were
    in force then is an answer too."""
    for item in (*listed_items(day, area, chosen), *listed_items(today, area, chosen)):
        if item.code == code:
            return item
    return catalogue.item(code, today, chosen.lineage)


def listed_items(day: date, area: Area, chosen: Area) -> list[ServiceItem]:
    """The items of a place's list; of the reader's own where the place is known for its fee rules
    alone and has no list."""
    return catalogue.items(day, area.lineage) or catalogue.items(day, chosen.lineage)


def _answered(form: InputsForm, pricing: Pricing) -> Answer | None:
    if not form.validate():
        return None
    inputs = {key: value or "" for key, value in form.data.items() if key not in OWN}
    price: Decimal | None = form.data["price"]
    try:
        return answer(pricing, inputs, price)
    except DomainError as error:
        form.refuse(error)
        return None


def grouped(items: Sequence[ServiceItem]) -> list[tuple[str, list[ServiceItem]]]:
    """Items under their categories, in the order of the list."""
    places = {name: n for n, name in enumerate(dict.fromkeys(i.category for i in items))}
    rows = sorted(items, key=lambda item: places[item.category])
    return [(name, list(group)) for name, group in groupby(rows, lambda item: item.category)]
