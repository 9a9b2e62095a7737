"""What a proposal changes, in the words of the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..models import Commissioner, DaysKind, PriceForm, Stage
from ..wording import FIELDS

# the fields of the form in its order, and where another name stands for them
_TITLES: dict[str, Any] = {
    name: FIELDS[key]
    for name, key in (
        ("name", "name"),
        ("category", "category"),
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
        ("statutory_days_kind", "statutory_days_kind"),
        ("promised_days", "guide.promised_days"),
        ("price_form", "price_form"),
        ("result", "result"),
        ("norm", "guide.norm"),
        ("qualifications", "qualifications"),
        ("qualification_rule", "qualification_rule"),
        ("regional_assessment", "regional_assessment"),
        ("covered", "guide.covered"),
        ("exemptions", "guide.exemptions"),
    )
}
_CODED: dict[str, Any] = {
    "commissioned_by": Commissioner,
    "stage": Stage,
    "statutory_days_kind": DaysKind,
    "price_form": PriceForm,
}
_RULES = {"all": _l("各项均应具备"), "any": _l("具备其中一项即可")}


def told_rows(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
    """(title, as it is, as it is to be) of every field that differs, both in words."""
    return [
        (title, _said(name, old.get(name)), _said(name, new.get(name)))
        for name, title in _TITLES.items()
        if (old.get(name) or "") != (new.get(name) or "")
    ]


def _said(name: str, value: Any) -> Any:
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if name == "qualification_rule":
        return _RULES[value]
    return _CODED[name](value).title if name in _CODED else value
