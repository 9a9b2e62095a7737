"""How two item lists differ, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from .items import Item


class Change(StrEnum):
    """What became of an item."""

    NEW = "new"
    CHANGED = "changed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class ItemChange:
    """An item that is not what it was."""

    change: Change
    item: Item
    before: Item | None


def compare(old: Iterable[Item], new: Iterable[Item]) -> Iterator[ItemChange]:
    """What differs, in the new list's order, what was dropped last."""
    before = {item.code: item for item in old}
    for item in new:
        was = before.pop(item.code, None)
        if was is None:
            yield ItemChange(Change.NEW, item, None)
        elif was != item:
            yield ItemChange(Change.CHANGED, item, was)
    for item in before.values():
        yield ItemChange(Change.DROPPED, item, item)


def names_in(items: Iterable[Item]) -> dict[str, str]:
    """The names of items by their codes; of two with the same code the last."""
    return {item.code: item.name for item in items}
