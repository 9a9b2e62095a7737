"""Codes that carry the words people read for them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self


class Titled(StrEnum):
    """A StrEnum whose members are declared as ``value, title``; ``title`` is a lazy string."""

    title: Any

    def __new__(cls, value: str, title: Any = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.title = title
        return member
