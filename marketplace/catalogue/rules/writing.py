"""An item list written out as the file it is published as."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from .items import Item, ItemList


def edition_text(told: ItemList) -> str:
    """The edition file of a list; reading it gives the same list again."""
    head = [
        f"jurisdiction = {_value(told.jurisdiction)}",
        f"effective_from = {told.effective_from.isoformat()}",
        f"title = {_value(told.title)}",
        f"document = {_value(told.document)}",
    ]
    if told.synonyms:
        named = (f"{_value(code)} = {_value(words)}" for code, words in told.synonyms.items())
        head += ["", "[synonyms]", *named]
    return "\n".join([*head, *(line for item in told.items for line in _item(item)), ""])


def plain(value: Any) -> Any:
    """A dataclass as dicts and lists of plain values; what is left at its default is left out."""
    if is_dataclass(value):
        return {
            each.name: plain(getattr(value, each.name))
            for each in fields(value)
            if getattr(value, each.name) != each.default
        }
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _item(item: Item) -> Iterator[str]:
    yield ""
    yield "[[items]]"
    for each in fields(item):
        value = getattr(item, each.name)
        if value == each.default or each.name == "guide":
            continue
        yield f"{each.name} = {_value(value)}"
    if item.guide is not None:
        yield "[items.guide]"
        for each in fields(item.guide):
            value = getattr(item.guide, each.name)
            if value != each.default:
                yield f"{each.name} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        if not value or not is_dataclass(value[0]):
            return f"[{', '.join(_value(each) for each in value)}]"
        lines = "".join(f"    {_value(each)},\n" for each in value)
        return f"[\n{lines}]"
    if is_dataclass(value):
        told = ", ".join(
            f"{each.name} = {_value(getattr(value, each.name))}"
            for each in fields(value)
            if getattr(value, each.name) != each.default
        )
        return f"{{ {told} }}"
    if isinstance(value, int):
        return str(value)
    # what JSON writes of a text TOML reads the same, but for the one sign it leaves as it is
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
