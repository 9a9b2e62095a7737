"""Chinese titles of policy sections and of their numbers, for the page that shows an edition."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SECTIONS: dict[str, Any] = {
    "admission": _l("入驻"),
    "fees": _l("收费"),
    "selection": _l("需求与选取"),
    "contracts": _l("合同与履约"),
    "evaluation": _l("双向评价"),
    "rating": _l("信用等级"),
    "sanctions": _l("惩戒与修复"),
    "lamps": _l("红黄灯"),
}

TITLES: dict[str, dict[str, Any]] = {}


def title_of(section: str, key: str) -> Any:
    """The title of a dotted key; the key itself where no title was given."""
    known = TITLES.get(section, {})
    if key in known:
        return known[key]
    parts = [part for part in key.split(".") if not part.isdigit()]
    return known.get(".".join(parts), key)
