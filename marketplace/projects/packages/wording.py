"""A package's items in words: on pages in short, in what is stored by every name."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from ..models import Need


def items_title(need: Any) -> str:
    """What a need (or a row that says ``item_name`` and ``items_count``) buys, in one line."""
    if need.items_count == 1:
        return str(need.item_name)
    return str(_("%(item)s等 %(count)s 项", item=need.item_name, count=need.items_count))


def named(need: Need) -> str:
    """Every item's name, for what is stored (Chinese)."""
    return "、".join(each.item_name for each in need.each_item)


def with_budgets(need: Need) -> list[str]:
    """A line for every item of a package with its share of the budget, for what is stored."""
    return [
        f"{item.item_name} {budget:,.2f} 元"
        for item, budget in zip(need.each_item, need.item_budgets, strict=True)
    ]
