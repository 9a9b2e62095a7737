"""A table of an edition file that knows its own name, so that every refusal can say where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from marketplace.fees.rules.bands import Band
from marketplace.fees.rules.tables import BracketError, PointError

T = TypeVar("T")


class EditionError(ValueError):
    """An edition file that may not be used: the file, the key in it and the reason."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}：{key or '整份文件'}：{reason}")
        self.file = file
        self.key = key
        self.reason = reason


@dataclass(slots=True)
class Section:
    """A table of an edition file that knows where it stands and which keys were read."""

    file: str
    path: str
    data: Mapping[str, Any]
    read: set[str] = field(default_factory=set)

    def at(self, key: str) -> str:
        """The full name of ``key``."""
        return f"{self.path}.{key}" if self.path else key

    def error(self, key: str, reason: str) -> EditionError:
        """The refusal that names ``key``."""
        return EditionError(self.file, self.at(key) if key else self.path, reason)

    def has(self, key: str) -> bool:
        """Whether the key is present."""
        return key in self.data

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """The value of ``key``, which must be a ``kind``; a key without default must be there."""
        self.read.add(key)
        if key not in self.data:
            if default is None:
                raise self.error(key, "缺少此项")
            return default
        value = self.data[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(key, f"类型应为 {_KINDS.get(kind, kind.__name__)}")
        if isinstance(value, str) and not value.strip():
            raise self.error(key, "不得为空")
        return value

    def word(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> Any:
        """A value out of a fixed list."""
        value = self.take(key, str, default)
        if value not in allowed:
            raise self.error(key, f"应为 {'、'.join(allowed)} 之一，得到“{value}”")
        return value

    def number(self, key: str, default: Decimal | None = None) -> Decimal:
        """A decimal of at least zero."""
        self.read.add(key)
        if key not in self.data:
            if default is None:
                raise self.error(key, "缺少此项")
            return default
        return decimal_of(self, key, self.data[key])

    def band(self, key: str, default: Band | None = None) -> Band:
        """A number, or a range written as ``{ low = …, high = … }``."""
        self.read.add(key)
        if key not in self.data:
            if default is None:
                raise self.error(key, "缺少此项")
            return default
        return band_of(self, key, self.data[key])

    def child(self, key: str) -> Section:
        """The table under ``key``."""
        return Section(self.file, self.at(key), self.take(key, dict))

    def children(self, key: str, required: bool = True) -> list[Section]:
        """The list of tables under ``key``."""
        rows = self.take(key, list, None if required else [])
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                raise self.error(f"{key}[{number}]", "类型应为表")
        return [Section(self.file, self.at(f"{key}[{n}]"), row) for n, row in enumerate(rows)]

    def texts(self, key: str, required: bool = True) -> tuple[str, ...]:
        """A list of texts."""
        rows = self.take(key, list, None if required else [])
        for number, row in enumerate(rows):
            if not isinstance(row, str) or not row.strip():
                raise self.error(f"{key}[{number}]", "应为文字")
        return tuple(rows)

    def done(self) -> None:
        """Refuse the first key nobody read."""
        for key in self.data:
            if key not in self.read:
                raise self.error(key, "未知的项")

    def build(self, make: Callable[[], T], key: str = "") -> T:
        """What ``make`` makes; its refusal is reported under this table."""
        try:
            return make()
        except BracketError as error:
            raise self.error(f"brackets[{error.number}].{error.key}", str(error)) from error
        except PointError as error:
            raise self.error(f"points[{error.number}]", str(error)) from error
        except EditionError:
            raise
        except ValueError as error:
            raise self.error(key, str(error)) from error


_KINDS: dict[type, str] = {
    str: "文字",
    dict: "表",
    list: "列表",
    bool: "true 或 false",
    int: "整数",
    date: "日期",
}


def decimal_of(section: Section, key: str, value: Any) -> Decimal:
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise section.error(key, f"“{value}”不是数") from None
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        raise section.error(key, "应为不小于 0 的十进制数")
    return value


def band_of(section: Section, key: str, value: Any) -> Band:
    if not isinstance(value, dict):
        return Band.point(decimal_of(section, key, value))
    ends = Section(section.file, section.at(key), value)
    low, high = ends.number("low"), ends.number("high")
    ends.done()
    return ends.build(lambda: Band(low, high))
