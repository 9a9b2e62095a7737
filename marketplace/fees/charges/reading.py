"""From an uploaded file to charges that can be judged: every fault told by its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select

from marketplace.accounts.areas import Area, areas
from marketplace.catalogue import queries as catalogue
from marketplace.fees import queries
from marketplace.fees.answering import alone, questions
from marketplace.fees.models import FeeStandardEdition
from marketplace.fees.queries import Pricing
from marketplace.fees.rules.bands import MONEY_UNITS
from marketplace.fees.rules.calculating import QuantityError
from marketplace.fees.rules.inputs import (
    FACTORS,
    FACTORS_TITLE,
    LOTS,
    LOTS_TITLE,
    PAYER_CLASS,
    UNIT,
    VARIANT,
    InputField,
    allowed_variants,
    read_number,
    read_numbers,
)
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.languages import N_
from marketplace.foundation.policy import PolicyEdition
from marketplace.foundation.spreadsheets import Problem, Row, Table, read_table

from .columns import COLUMNS, MOST_ROWS, SHEET

_PARTED = re.compile(r"[;；\n]+")
_SEVERAL = re.compile(r"[、,，]+")
_EVERY = 250


class BadCells(Exception):
    """A file with cells that cannot be used; nothing of it is kept."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} bad cells")
        self.problems = problems


@dataclass(frozen=True)
class Charged:
    """One row, understood: what decides its price and the answers for it. ``price`` in 元."""

    number: int
    pricing: Pricing
    subject: str
    firm: str
    day: date
    price: Decimal
    inputs: dict[str, str]
    note: str


def read_charges(
    content: bytes, area: Area, today: date, progress: Callable[[int, int, int], None]
) -> list[Charged]:
    """The charges of a file. ``progress(step, done, total)``: rows read (0) and understood (1).

    Raises BadCells with every fault, SpreadsheetError where the file as a whole cannot be used
    (more than 5,000 rows among others)."""
    table = read_table(
        content,
        COLUMNS,
        field="file",
        sheet=SHEET,
        max_rows=MOST_ROWS,
        progress=lambda done, total: progress(0, done, total),
    )
    reader = _Reader(table, area, today)
    charges = []
    for number, row in enumerate(table.rows):
        if number % _EVERY == 0:
            progress(1, number, len(table.rows))
        charge = reader.charge(row)
        if charge is not None:
            charges.append(charge)
    if table.problems:
        raise BadCells(table.in_order())
    return charges


class _Reader:
    """Looks each item, place and edition up once, however many rows name it."""

    def __init__(self, table: Table, area: Area, today: date) -> None:
        self._table = table
        self._area = area
        self._today = today
        self._places = {key: a for a in areas().values() for key in (a.code, a.name)}
        self._items: dict[str, dict[str, tuple[str, str]]] = {}
        self._pricings: dict[tuple[str, str, date, str], Pricing | None] = {}
        self._fields: dict[tuple[int, str | None, bool], dict[str, InputField]] = {}
        self._changes = _days_of_change()
        self._standards = _standards_by_name()

    def charge(self, row: Row) -> Charged | None:
        """The charge of a row; None where one of its cells cannot be used, which is told."""
        values = row.values
        day, place = values["day"], self._place(row)
        if isinstance(day, date) and day > self._today:
            self._table.complain(row, "day", N_("收费日期不能晚于今天"))
        if not isinstance(day, date) or place is None:
            return None
        found = self._priced(row, place, day)
        if found is None:
            return None
        pricing, subject = found
        inputs = self._inputs(row, pricing)
        price, firm = values["price"], values["firm"]
        if row.bad or not isinstance(price, Decimal):
            return None
        return Charged(
            row.number,
            pricing,
            subject,
            str(firm),
            day,
            price,
            inputs,
            str(values["note"] or ""),
        )

    def _place(self, row: Row) -> Area | None:
        name = row.values["place"]
        if name is None:
            return None if "place" in row.bad else self._area
        found = self._places.get(str(name))
        if found is None:
            self._table.complain(row, "place", N_("没有“%(text)s”这个地区"), text=name)
        return found

    def _priced(self, row: Row, place: Area, day: date) -> tuple[Pricing, str] | None:
        """What prices the row: its item, or the standard where it names no item."""
        item, standard = row.values["item"], row.values["standard"]
        if {"item", "standard"} & row.bad:
            return None
        if item is not None and standard is not None:
            told = N_("已填写服务事项，不能再填收费标准；按收费标准核对的，服务事项请留空")
            self._table.complain(row, "standard", told)
            return None
        if item is not None:
            known = self._item(str(item), place, day)
            if known is None:
                self._table.complain(row, "item", N_("清单中没有“%(text)s”这一事项"), text=item)
                return None
            code, name = known
            pricing = self._pricing(code, place.code, day, "")
            assert pricing is not None
            return pricing, name
        if standard is None:
            self._table.complain(row, "item", N_("服务事项和收费标准至少填写一项"))
            return None
        key = self._standards.get(str(standard))
        if key is None:
            self._table.complain(row, "standard", N_("没有“%(text)s”这份收费标准"), text=standard)
            return None
        if key == "":
            told = N_("文号“%(text)s”有几份收费标准，请改填标准代码")
            self._table.complain(row, "standard", told, text=standard)
            return None
        pricing = self._pricing("", place.code, day, key)
        if pricing is None or pricing.standard_edition is None:
            self._table.complain(
                row, "standard", N_("“%(text)s”在收费日期尚未施行或没有收费数额"), text=standard
            )
            return None
        return pricing, pricing.standard_edition.title

    def _item(self, text: str, place: Area, day: date) -> tuple[str, str] | None:
        """Code and name of an item of the place's list today, else of that day."""
        known = self._items.get(place.code)
        if known is None:
            labels = catalogue.labels(self._today, place.lineage)
            # a place known for its fee rules alone has no list of its own
            labels = labels or catalogue.labels(self._today, self._area.lineage)
            pairs = [(each.code, each.name) for each in labels.values()]
            known = {key: pair for pair in pairs for key in pair}
            self._items[place.code] = known
        if text not in known:
            for each in catalogue.labels(day, place.lineage).values():
                if text in (each.code, each.name):
                    known[text] = (each.code, each.name)
        return known.get(text)

    def _pricing(self, item: str, place: str, day: date, standard: str) -> Pricing | None:
        since = max((change for change in self._changes if change <= day), default=day)
        key = (item, place, since, standard)
        if key not in self._pricings:
            try:
                found = (
                    alone(standard, place, since)
                    if standard
                    else queries.pricing(item, place, since)
                )
            except Missing:
                found = None
            self._pricings[key] = found if not standard or (found and found.standard) else None
        return self._pricings[key]

    def _inputs(self, row: Row, pricing: Pricing) -> dict[str, str]:
        """The answers of a row, by the keys of the standard's questions."""
        if pricing.standard is None or pricing.fee is None:
            return {}
        inputs: dict[str, str] = {}
        variant = self._variant(row, pricing)
        if variant is not None:
            inputs[VARIANT] = variant
        fields = self._asked(pricing, variant)
        self._conditions(row, fields, inputs)
        payer = row.values[PAYER_CLASS]
        if payer is not None and PAYER_CLASS in fields:
            classes = {code for code, _title in fields[PAYER_CLASS].choices}
            if str(payer) in classes:
                inputs[PAYER_CLASS] = str(payer)
            else:
                self._unknown(row, PAYER_CLASS, str(payer), fields[PAYER_CLASS])
        self._base(row, pricing, variant, inputs)
        return inputs

    def _variant(self, row: Row, pricing: Pricing) -> str | None:
        assert pricing.standard is not None
        assert pricing.fee is not None
        allowed = allowed_variants(pricing.standard, pricing.fee)
        text = row.values[VARIANT]
        if text is None:
            return allowed[0].code if len(allowed) == 1 else None
        for each in allowed:
            if text in (each.code, each.title):
                return each.code
        told = N_("没有“%(text)s”这一类，应为：%(choices)s")
        titles = "、".join(each.title for each in allowed[:12])
        self._table.complain(row, VARIANT, told, text=text, choices=titles)
        return None

    def _asked(self, pricing: Pricing, variant: str | None) -> dict[str, InputField]:
        key = (id(pricing), variant, False)
        if key not in self._fields:
            asked = questions(pricing, variant)
            self._fields[key] = {field.key: field for field in asked.fields}
        return self._fields[key]

    def _base(
        self, row: Row, pricing: Pricing, variant: str | None, inputs: dict[str, str]
    ) -> None:
        assert pricing.standard is not None
        plan = pricing.standard.plans.get(variant or "")
        kinds = plan.wanted if plan is not None else pricing.standard.quantities
        unit, base = row.values["unit"], row.values["base"]
        if not kinds or "unit" in row.bad:
            return
        kind = kinds[0]
        if kind.unit in MONEY_UNITS:
            if unit is not None and unit not in MONEY_UNITS:
                told = N_("“%(title)s”应以元、万元或亿元计，得到“%(text)s”")
                self._table.complain(row, "unit", told, title=kind.title, text=unit)
                return
            inputs[UNIT] = str(unit or kind.unit)
        elif unit is not None and unit != kind.unit:
            told = N_("“%(title)s”应以%(unit)s计，得到“%(text)s”")
            self._table.complain(row, "unit", told, title=kind.title, unit=kind.unit, text=unit)
            return
        if isinstance(base, Decimal) and kind.key not in inputs:
            inputs[kind.key] = self._number(row, "base", kind.key, kind.title, f"{base:f}")

    def _conditions(self, row: Row, fields: dict[str, InputField], inputs: dict[str, str]) -> None:
        text = row.values["conditions"]
        if text is None:
            return
        names = {name: field for field in fields.values() for name in (field.key, field.title)}
        for part in _PARTED.split(str(text)):
            if not part.strip():
                continue
            name, mark, content = (each.strip() for each in part.replace("＝", "=").partition("="))
            if not mark or not content:
                told = N_("“%(text)s”应写成“名称=内容”")
                self._table.complain(row, "conditions", told, text=part.strip()[:40])
            elif name in (FACTORS, FACTORS_TITLE, LOTS, LOTS_TITLE):
                key = FACTORS if name in (FACTORS, FACTORS_TITLE) else LOTS
                inputs[key] = self._numbers(row, key, content)
            elif name not in names:
                told = N_("这一收费标准没有“%(text)s”这项条件，见模板的“填写说明”")
                self._table.complain(row, "conditions", told, text=name[:40])
            else:
                self._answer(row, names[name], content, inputs)

    def _answer(self, row: Row, field: InputField, content: str, inputs: dict[str, str]) -> None:
        if field.kind == "number":
            inputs[field.key] = self._number(row, "conditions", field.key, field.title, content)
            return
        codes = {name: code for code, title in field.choices for name in (code, title)}
        chosen = [content] if content in codes or not field.several else _SEVERAL.split(content)
        for each in chosen:
            if each not in codes:
                self._unknown(row, "conditions", each, field)
                return
        inputs[field.key] = ",".join(codes[each] for each in chosen)

    def _unknown(self, row: Row, column: str, text: str, field: InputField) -> None:
        told = N_("“%(title)s”没有“%(text)s”，应为：%(choices)s")
        titles = "、".join(title for _code, title in field.choices[:12])
        self._table.complain(row, column, told, title=field.title, text=text[:40], choices=titles)

    def _number(self, row: Row, column: str, key: str, title: str, text: str) -> str:
        try:
            return f"{read_number(key, title, text):f}"
        except QuantityError as error:
            self._complain_of(row, column, error)
            return ""

    def _numbers(self, row: Row, key: str, text: str) -> str:
        try:
            return " ".join(f"{number:f}" for number in read_numbers(key, key, text))
        except QuantityError as error:
            self._complain_of(row, "conditions", error)
            return ""

    def _complain_of(self, row: Row, column: str, error: QuantityError) -> None:
        self._table.complain(row, column, error.reason.text, **dict(error.reason.values))


def _days_of_change() -> list[date]:
    """The days on which an edition of a policy or a standard comes into force."""
    found: set[date] = set(db.session.scalars(select(PolicyEdition.effective_from).distinct()))
    found.update(db.session.scalars(select(FeeStandardEdition.effective_from).distinct()))
    return sorted(found)


def _standards_by_name() -> dict[str, str]:
    """Standard ids by id, title and document number; a name several have stands with ``""``.

    Trade associations' rates are left out: they are never used to judge a charge.
    """
    names: dict[str, str] = {}
    rows = db.session.scalars(select(FeeStandardEdition).order_by(FeeStandardEdition.id))
    for row in rows:
        if queries.figures(row).standing == "association":
            continue
        names[row.standard_id] = row.standard_id
        for name in (row.title, row.document):
            same = names.get(name, row.standard_id) == row.standard_id
            names[name] = row.standard_id if same else ""
    return names
