"""How two item lists differ, item by item and field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum

from .guides import Guide
from .items import Item

# the name and the place of a department follow its office, so they are no change of the item
GUIDE = tuple(each.name for each in fields(Guide))
STATED = tuple(each.name for each in fields(Item) if each.name != "guide")


class Change(StrEnum):
    """What became of an item."""

    NEW = "new"
    CHANGED = "changed"
    DROPPED = "dropped"


@dataclass(frozen=True)
class ItemChange:
    """An item that is not what it was; ``differs`` names its changed fields, those of the guide
    as ``guide.norm``."""

    change: Change
    item: Item
    before: Item | None
    differs: tuple[str, ...] = ()


def compare(old: Iterable[Item], new: Iterable[Item]) -> Iterator[ItemChange]:
    """What differs, in the new list's order, what was dropped last."""
    before = {item.code: item for item in old}
    for item in new:
        was = before.pop(item.code, None)
        if was is None:
            yield ItemChange(Change.NEW, item, None)
        elif was != item:
            yield ItemChange(Change.CHANGED, item, was, tuple(_differing(was, item)))
    for item in before.values():
        yield ItemChange(Change.DROPPED, item, item)


def _differing(old: Item, new: Item) -> Iterator[str]:
    yield from (name for name in STATED if getattr(old, name) != getattr(new, name))
    if old.guide is None or new.guide is None:
        if old.guide != new.guide:
            yield "guide"
        return
    for name in GUIDE:
        if getattr(old.guide, name) != getattr(new.guide, name):
            yield f"guide.{name}"
