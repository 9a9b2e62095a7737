"""An item as the fields of a form, and back: one thing a line, so that it works without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from pydantic import ValidationError

from marketplace.foundation.errors import Invalid

from ..rules.items import Item, item_of
from ..rules.wording import is_catch_all
from ..rules.writing import plain
from ..wording import FIELDS

RULE = "catalogue.item"
# fields whose every line must name what it means
NAMED = (
    "approval_items",
    "legal_basis",
    "required",
    "deferrable",
    "qualifications",
    "conditions",
    "steps",
    "norm",
    "forms",
    "exemptions",
)
# where a value of the item stands in the form
_PLACES = {
    "summary": "described",
    "materials": "required",
    "department_code": "name",
    "department_name": "name",
}


def read_item(code: str, department: tuple[str, str], values: Mapping[str, Any]) -> Item:
    """The item a form describes. Raises Invalid at the field that leaves something open or
    cannot be read."""
    for name in NAMED:
        for line in _lines(values[name]):
            if is_catch_all(line):
                raise Invalid(
                    _("“%(text)s”是兜底条款，不能填写；请逐项写明", text=line),
                    field=name,
                    rule=RULE,
                )
    told = {
        "code": code,
        "name": values["name"],
        "category": values["category"],
        "department_code": department[0],
        "department_name": department[1],
        "summary": values["described"],
        "approval_items": _lines(values["approval_items"]),
        "legal_basis": _lines(values["legal_basis"]),
        "statutory_days": values["statutory_days"],
        "statutory_days_kind": values["statutory_days_kind"],
        "price_form": values["price_form"],
        "result": values["result"],
        "commissioned_by": values["commissioned_by"],
        "regional_assessment": bool(values["regional_assessment"]),
        "on_list": bool(values["on_list"]),
        "materials": [
            {"name": line, "kind": kind}
            for kind in ("required", "deferrable")
            for line in _lines(values[kind])
        ],
        "qualifications": list(_qualifications(values["qualifications"])),
        "qualification_rule": values["qualification_rule"],
        "parts": _listed(values["parts"]),
        "guide": {
            "stage": values["stage"],
            "window": values["window"],
            "phone": values["phone"],
            "complaint": values["complaint"],
            "conditions": _lines(values["conditions"]),
            "steps": [
                {"name": name, "note": note}
                for name, note in _pairs(values["steps"], "：", "steps", _("名称：说明"))
            ],
            "promised_days": values["promised_days"],
            "norm": _lines(values["norm"]),
            "forms": list(_forms(values["forms"])),
            "exemptions": [
                {"case": case, "basis": basis}
                for case, basis in _pairs(values["exemptions"], "｜", "exemptions", _("情形｜依据"))
            ],
            "covered": list(_covered(values["covered"])),
        },
    }
    try:
        return item_of(told)
    except ValidationError as error:
        raise _refusal(error) from error


def values_of(item: Item) -> dict[str, Any]:
    """An item as the form shows it."""
    told = plain(item)
    guide = item.guide
    shown: dict[str, Any] = {
        **told,
        "described": item.summary,
        "approval_items": "\n".join(item.approval_items),
        "legal_basis": "\n".join(item.legal_basis),
        "regional_assessment": item.regional_assessment,
        "on_list": item.on_list,
        "required": "\n".join(m.name for m in item.materials if m.kind == "required"),
        "deferrable": "\n".join(m.name for m in item.materials if m.kind == "deferrable"),
        "qualifications": "\n".join(
            "｜".join(filter(None, (q.type, q.minimum_grade, "、".join(q.grades))))
            for q in item.qualifications
        ),
        "qualification_rule": item.qualification_rule,
        "parts": "、".join(item.parts),
    }
    if guide is not None:
        shown |= {
            "stage": guide.stage,
            "window": guide.window,
            "phone": guide.phone,
            "complaint": guide.complaint,
            "conditions": "\n".join(guide.conditions),
            "steps": "\n".join(f"{step.name}：{step.note}" for step in guide.steps),
            "promised_days": guide.promised_days,
            "norm": "\n".join(guide.norm),
            "forms": "\n\n".join(
                "\n".join([form.title, *(f"{row.label}：{row.example}" for row in form.rows)])
                for form in guide.forms
            ),
            "exemptions": "\n".join(f"{each.case}｜{each.basis}" for each in guide.exemptions),
            "covered": "\n".join(
                f"{each.place}｜{each.document}｜{each.until}" for each in guide.covered
            ),
        }
    return shown


def explained(error: ValidationError) -> tuple[str, str]:
    """Where an item cannot stand and why, in words: (field of the form, reason)."""
    first = error.errors()[0]
    names = [str(part) for part in first["loc"] if not isinstance(part, int)]
    field = next((name for name in reversed(names) if name in _FORM_FIELDS), "name")
    field = next((_PLACES[name] for name in names if name in _PLACES), field)
    if first["type"] == "value_error":
        return field, str(first["ctx"]["error"])
    limits = first.get("ctx", {})
    if "max_length" in limits:
        return field, _("不能超过 %(max)s 个字或者项", max=limits["max_length"])
    if "min_length" in limits:
        return field, _("至少 %(min)s 个字或者项", min=limits["min_length"])
    if "ge" in limits:
        return field, _("不能小于 %(min)s", min=limits["ge"])
    if "le" in limits:
        return field, _("不能大于 %(max)s", max=limits["le"])
    return field, _("填写的内容不符合要求")


_FORM_FIELDS = {name.removeprefix("guide.") for name in FIELDS} - {"code", "guide"}


def _refusal(error: ValidationError) -> Invalid:
    field, reason = explained(error)
    return Invalid(reason, field=field, rule=RULE)


def _lines(text: str | None) -> list[str]:
    # the upright stroke is typed in either width
    return [line.strip().replace("|", "｜") for line in (text or "").splitlines() if line.strip()]


def _listed(text: str) -> list[str]:
    """What stands between commas of any kind."""
    parts = text.replace("，", "、").replace(",", "、").split("、")
    return [part.strip() for part in parts if part.strip()]


def _pairs(text: str, mark: str, field: str, pattern: str) -> Iterator[tuple[str, str]]:
    for line in _lines(text):
        yield _pair(line.replace(":", "：", 1) if mark == "：" else line, mark, field, pattern)


def _pair(line: str, mark: str, field: str, pattern: str) -> tuple[str, str]:
    left, found, right = line.partition(mark)
    if not found or not left.strip() or not right.strip():
        raise Invalid(
            _("“%(line)s”应写成“%(pattern)s”", line=line, pattern=pattern), field=field, rule=RULE
        )
    return left.strip(), right.strip()


def _qualifications(text: str) -> Iterator[dict[str, Any]]:
    for line in _lines(text):
        parts = [part.strip() for part in line.split("｜")]
        if len(parts) == 1:
            yield {"type": parts[0]}
        elif len(parts) == 3:
            yield {"type": parts[0], "minimum_grade": parts[1], "grades": _listed(parts[2])}
        else:
            raise Invalid(
                _(
                    "“%(line)s”应写成“%(pattern)s”",
                    line=line,
                    pattern=_("资质名称｜最低等级｜甲级、乙级"),
                ),
                field="qualifications",
                rule=RULE,
            )


def _forms(text: str) -> Iterator[dict[str, Any]]:
    for block in _blocks((text or "").splitlines()):
        title, *rows = block
        pairs = [_pair(row.replace(":", "：", 1), "：", "forms", _("栏目：示例")) for row in rows]
        if not pairs:
            raise Invalid(
                _("表格“%(title)s”还没有栏目，每行写一栏：栏目：示例", title=title),
                field="forms",
                rule=RULE,
            )
        yield {"title": title, "rows": [{"label": a, "example": b} for a, b in pairs]}


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line.strip())
        elif block:
            yield block
            block = []


def _covered(text: str) -> Iterator[dict[str, Any]]:
    pattern = _("地块｜文号｜2028-06-30")
    for line in _lines(text):
        parts = [part.strip() for part in line.split("｜")]
        try:
            until = date.fromisoformat(parts[2])
        except (IndexError, ValueError):
            until = None
        if until is None or len(parts) != 3 or not all(parts):
            raise Invalid(
                _("“%(line)s”应写成“%(pattern)s”", line=line, pattern=pattern),
                field="covered",
                rule=RULE,
            )
        yield {"place": parts[0], "document": parts[1], "until": until}
