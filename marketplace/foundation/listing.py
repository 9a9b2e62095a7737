"""The order of a list as its reader chose it: ``?sort=price`` up, ``?sort=-price`` down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select


@dataclass(frozen=True)
class Sorting:
    """By which column a list is ordered, and which way; an empty key is the list's own order."""

    key: str = ""
    descending: bool = False

    @property
    def direction(self) -> str:
        """In the words of ``aria-sort``."""
        return "descending" if self.descending else "ascending"

    @property
    def text(self) -> str:
        """The query argument that asks for this order."""
        return f"-{self.key}" if self.key and self.descending else self.key

    def next_of(self, key: str) -> str:
        """What a click on the header ``key`` asks for: up first, then the other way round."""
        return f"-{key}" if key == self.key and not self.descending else key


def read_sorting(arguments: Mapping[str, str], *keys: str) -> Sorting:
    """The argument ``sort`` where it names one of ``keys``; nonsense is the list's own order."""
    raw = arguments.get("sort", "")
    key = raw.removeprefix("-")
    return Sorting(key, raw.startswith("-")) if key in keys else Sorting()


def in_order(
    query: Select[Any],
    sorting: Sorting,
    columns: Mapping[str, Any],
    usual: tuple[ColumnElement[Any] | Any, ...],
) -> Select[Any]:
    """``query`` in the reader's order, then in the list's own (``usual``), which makes it total.

    Rows without a value in the chosen column stand last, whichever way it is read.
    """
    column = columns.get(sorting.key)
    if column is None:
        return query.order_by(*usual)
    chosen = column.desc() if sorting.descending else column.asc()
    return query.order_by(column.is_(None), chosen, *usual)
