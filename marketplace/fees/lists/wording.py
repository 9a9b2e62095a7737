"""The words of a fee list: its columns, its cells, what changed and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from marketplace.fees.rules.bands import percent, plain
from marketplace.fees.rules.standards import FeeStandard
from marketplace.foundation.languages import joined
from marketplace.foundation.showing import show_date

from .columns import COLUMNS
from .rules import Change, Charge, Difference, Effect, ListRow

FIELDS: dict[str, Any] = {
    "code": _l("事项代码"),
    "name": _l("事项名称"),
    "department": _l("主管部门"),
    "price_form": _l("价格形式"),
    "binds": _l("效力"),
    "standard": _l("收费标准"),
    "variants": _l("适用类别"),
    "charge": _l("自定收费"),
    "legal_basis": _l("定价依据"),
    "freed_by": _l("放开文件"),
    "freed_on": _l("放开日期"),
    "basis_date": _l("适用日期"),
    "deviation_band": _l("偏离幅度"),
    "remarks": _l("备注"),
}
WORDS: dict[str, dict[str, Any]] = {
    column.key: {choice.code: _l(choice.title) for choice in column.choices}
    for column in COLUMNS
    if column.key in ("price_form", "binds", "basis_date")
}


Known = Mapping[str, FeeStandard]
_NONE: Known = MappingProxyType({})


@dataclass(frozen=True)
class Tag:
    """A word in its tone, as a status is shown."""

    title: Any
    tone: str


CHANGES: dict[Change, Tag] = {
    Change.NEW: Tag(lazy_pgettext("row", "新增"), "good"),
    Change.CHANGED: Tag(lazy_pgettext("row", "修改"), "warn"),
    Change.DROPPED: Tag(lazy_pgettext("row", "取消"), "bad"),
    Change.SAME: Tag(lazy_pgettext("row", "不变"), "neutral"),
}
EFFECTS: dict[Effect, Tag] = {
    Effect.TIGHTER: Tag(_l("从严"), "warn"),
    Effect.LOOSER: Tag(_l("从宽"), "info"),
    Effect.OTHER: Tag(_l("其他变化"), "neutral"),
}


def charge_words(charge: Charge | None) -> str:
    """A charge of the list's own: ``每平方米 2–3 元``, ``不超过工程造价的 0.5%``."""
    if charge is None:
        return ""
    if charge.unit == "%":
        high = percent(charge.high / 100)
        low = "" if charge.low is None else percent(charge.low / 100)
        if charge.low is None:
            return _("不超过%(base)s的 %(high)s", base=charge.per, high=high)
        if charge.low == charge.high:
            return _("%(base)s的 %(rate)s", base=charge.per, rate=high)
        return _("%(base)s的 %(low)s 至 %(high)s", base=charge.per, low=low, high=high)
    high, unit = plain(charge.high, 10), charge.unit
    if charge.low is None:
        return _("每%(per)s不超过 %(high)s %(unit)s", per=charge.per, high=high, unit=_(unit))
    if charge.low == charge.high:
        return _("每%(per)s %(amount)s %(unit)s", per=charge.per, amount=high, unit=_(unit))
    low = plain(charge.low, 10)
    return _(
        "每%(per)s %(low)s 至 %(high)s %(unit)s", per=charge.per, low=low, high=high, unit=_(unit)
    )


def cell_words(row: ListRow, name: str, standards: Known = _NONE) -> str:
    """What one cell of a row says to a reader; empty for an empty one. A standard among those
    given is told by its document, and its categories by their titles."""
    value = getattr(row, name)
    if value is None or value == "" or value == ():
        return ""
    if name in WORDS:
        return str(WORDS[name][value])
    if name == "charge":
        return charge_words(value)
    told = standards.get(row.standard)
    if name == "standard" and told is not None:
        return told.document
    if name == "variants":
        titles = {each.code: each.title for each in told.variants} if told else {}
        return joined(titles.get(code, code) for code in value)
    if name == "freed_on":
        return show_date(value)
    if name == "deviation_band":
        return percent(value)
    return str(value)


def price_words(row: ListRow, standards: Known = _NONE) -> str:
    """How a row is priced, in one line; empty where the price is agreed."""
    if not row.is_priced:
        return "" if row.price_form == "market" else str(_("没有收费标准"))
    price = cell_words(row, "standard", standards) or charge_words(row.charge)
    return joined([cell_words(row, "binds"), price])


def cells_changed(difference: Difference, standards: Known = _NONE) -> list[tuple[str, str, str]]:
    """(column, before, now) for every cell that differs."""
    if difference.old is None or difference.new is None:
        return []
    return [
        (
            str(FIELDS[name]),
            cell_words(difference.old, name, standards),
            cell_words(difference.new, name, standards),
        )
        for name in difference.cells
    ]
