"""What a proposal or an edition changes, in the words of the form: what stood, what stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.foundation.languages import joined
from marketplace.foundation.showing import show_date

from ..models import Commissioner, DaysKind, PriceForm, Stage
from ..rules.comparing import Change, ItemChange
from ..rules.items import Item
from ..wording import FIELDS
from .reading import values_of

# the fields of the form in its order, and where another name stands for them
_TITLES: dict[str, Any] = {
    name: FIELDS[key]
    for name, key in (
        ("name", "name"),
        ("category", "category"),
        ("department_name", "department_name"),
        ("described", "summary"),
        ("on_list", "on_list"),
        ("approval_items", "approval_items"),
        ("legal_basis", "legal_basis"),
        ("parts", "parts"),
        ("commissioned_by", "commissioned_by"),
        ("stage", "guide.stage"),
        ("window", "guide.window"),
        ("phone", "guide.phone"),
        ("complaint", "guide.complaint"),
        ("conditions", "guide.conditions"),
    )
}
_TITLES |= {"required": _l("材料：要件"), "deferrable": _l("材料：可容缺")}
_TITLES |= {
    name: FIELDS[key]
    for name, key in (
        ("forms", "guide.forms"),
        ("steps", "guide.steps"),
        ("statutory_days", "statutory_days"),
        ("promised_days", "guide.promised_days"),
        ("price_form", "price_form"),
        ("result", "result"),
        ("norm", "guide.norm"),
        ("qualifications", "qualifications"),
        ("qualification_rule", "qualification_rule"),
        ("regional_assessment", "regional_assessment"),
        ("covered", "guide.covered"),
        ("exemptions", "guide.exemptions"),
        ("effective_until", "effective_until"),
    )
}
# what an item says only where it has a guide
_GUIDE = frozenset(name for name in _TITLES if f"guide.{name}" in FIELDS)
# counted in the item's own kind of days
_DAYS = ("statutory_days", "promised_days")
# one thing a line: of these only the lines that differ are told
_LISTS = (
    "approval_items",
    "legal_basis",
    "conditions",
    "required",
    "deferrable",
    "forms",
    "steps",
    "norm",
    "qualifications",
    "covered",
    "exemptions",
)
_CODED: dict[str, Any] = {
    "commissioned_by": Commissioner,
    "stage": Stage,
    "price_form": PriceForm,
}
_RULES = {"all": _l("各项均应具备"), "any": _l("具备其中一项即可")}


def told_rows(
    before: Item | None, told: Item | None, names: Mapping[str, str]
) -> list[tuple[Any, str, str]]:
    """(title, as it is, as it is to be) of every field that differs, both in words; ``names``
    holds the items' names by their codes."""
    return [(_TITLES[field], old, new) for field, old, new in _differing(before, told, names)]


def told_change(change: ItemChange, names: Mapping[str, str]) -> list[str]:
    """What an edition changes of an item, a sentence for each field with what stood and what
    stands; of a new one what it is."""
    if change.change is Change.NEW:
        return [change.item.summary]
    if change.change is Change.DROPPED:
        return []
    found = _differing(change.before, change.item, names)
    before, after = change.before, change.item
    whole = []
    if before is None or (before.guide is None) != (after.guide is None):
        # a guide that came or went whole is read at the item, not field by field here
        found = [each for each in found if each[0] not in _GUIDE]
        whole = [_("删去办事指南") if after.guide is None else _("增加办事指南，内容见事项页面")]
    return [*(_sentence(field, old, new) for field, old, new in found), *whole]


def _differing(
    before: Item | None, told: Item | None, names: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    old = values_of(before) if before else {}
    new = values_of(told) if told else {}
    found = []
    for field in _TITLES:
        was, now = _said(field, old, names), _said(field, new, names)
        # a new item says nothing of what it does not have
        if was != now and (old or new.get(field)):
            found.append((field, was, now))
    return found


def _sentence(field: str, old: str, new: str) -> str:
    title = _TITLES[field]
    if field not in _LISTS:
        if old and new:
            return _("%(field)s由“%(old)s”改为“%(new)s”", field=title, old=old, new=new)
        if new:
            return _("%(field)s：增加%(lines)s", field=title, lines=_quoted([new]))
        return _("%(field)s：删去%(lines)s", field=title, lines=_quoted([old]))
    were, are = [list(filter(None, text.splitlines())) for text in (old, new)]
    more = [line for line in are if line not in were]
    less = [line for line in were if line not in are]
    if more and less:
        return _(
            "%(field)s：删去%(old)s，增加%(new)s",
            field=title,
            old=_quoted(less),
            new=_quoted(more),
        )
    if more:
        return _("%(field)s：增加%(lines)s", field=title, lines=_quoted(more))
    if less:
        return _("%(field)s：删去%(lines)s", field=title, lines=_quoted(less))
    return _("%(field)s：各项的次序有调整", field=title)


def _quoted(lines: Iterable[str]) -> str:
    return joined(_("“%(text)s”", text=line) for line in lines)


def _said(field: str, values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    value = values.get(field)
    if value in (None, "", ()):
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if field in _DAYS:
        return f"{value} {DaysKind(values['statutory_days_kind']).title}"
    if field == "parts":
        return joined(names.get(code, code) for code in str(value).split("、"))
    if field == "qualification_rule":
        return str(_RULES[value])
    if field == "effective_until":
        return show_date(date.fromisoformat(value))
    return str(_CODED[field](value).title if field in _CODED else value)
