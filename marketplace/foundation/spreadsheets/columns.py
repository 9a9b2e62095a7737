"""The columns of a table people fill in, and what may stand in their cells."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from flask_babel import gettext as _
from flask_babel.speaklater import LazyString

from marketplace.foundation.languages import N_

Kind = Literal["text", "number", "date", "choice"]
Value = str | Decimal | date | None
# a spreadsheet keeps no more digits of a number than these
EXACT_DIGITS = 15
# control characters, halves of pairs, private use: the categories Cc, Cs and Co
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\uf8ff\U000f0000-\U0010ffff]")
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?")
_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,3}")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class Choice(NamedTuple):
    """One of the words a cell may hold: the code kept, the words written in the file."""

    code: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. ``title`` is its Chinese heading in the file, ``note`` what to fill in.

    ``decimals`` is the most decimal places of a number, ``minimum`` and ``maximum`` its bounds
    (included); ``longest`` the most characters of a text. A choice takes a code or its title and
    yields the code. A ``code`` is never taken from a cell that holds a number: its zeros in front
    may be lost already.
    """

    key: str
    title: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[Choice, ...] = ()
    longest: int = 200
    code: bool = False
    decimals: int = 10
    minimum: Decimal | None = Decimal(0)
    maximum: Decimal | None = None
    note: str | LazyString = ""
    width: int = 16


@dataclass(frozen=True)
class Problem:
    """What is wrong in one cell: ``row`` counts from 1, ``letter`` is the column's (``D``).

    ``text`` is a message id that ``values`` fill, so that it reads in the reader's language.
    """

    row: int
    letter: str
    title: str
    text: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def cell(self) -> str:
        """The address as spreadsheets write it, e.g. ``D12``."""
        return f"{self.letter}{self.row}"

    @property
    def reason(self) -> str:
        """What is wrong, in the reader's language."""
        return str(_(self.text, **dict(self.values)))

    @property
    def message(self) -> str:
        """Where and what, e.g. ``第 12 行 D 列（最高收费）：应为数字``."""
        return str(
            _(
                "第 %(row)s 行 %(letter)s 列（%(title)s）：%(reason)s",
                row=self.row,
                letter=self.letter,
                title=self.title,
                reason=self.reason,
            )
        )

    def as_record(self) -> list[Any]:
        """Plain values to be stored."""
        return [self.row, self.letter, self.title, self.text, [list(v) for v in self.values]]

    @classmethod
    def from_record(cls, record: list[Any]) -> Problem:
        """The problem ``as_record`` was made of."""
        row, letter, title, text, values = record
        return cls(row, letter, title, text, tuple((name, value) for name, value in values))


class BadCell(ValueError):
    """A cell that cannot be used: a message id and its values."""

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text)
        self.text = text
        self.values = tuple((name, str(value)) for name, value in values.items())


def value_of(column: Column, raw: Any) -> Value:
    """What a cell as it was read means in its column; None for an empty one.

    A number comes exactly as it is shown when written out in full. Raises BadCell.
    """
    if isinstance(raw, str) and raw:
        raw = " ".join(unicodedata.normalize("NFC", raw).split())
        if _UNSAFE.search(raw):
            raise BadCell(N_("含有不可见的控制字符"))
    if raw is None or raw == "":
        if column.required:
            raise BadCell(N_("不能为空"))
        return None
    if column.kind == "number":
        return _number(column, raw)
    if column.kind == "date":
        return _day(raw)
    text = _text(column, raw)
    if column.kind == "text":
        return text
    for choice in column.choices:
        if text in (choice.code, choice.title):
            return choice.code
    raise BadCell(
        N_("“%(text)s”不在可选范围内，应为：%(choices)s"),
        text=text[:40],
        choices="、".join(choice.title for choice in column.choices[:12]),
    )


def exact(number: float | int) -> Decimal:
    """A number of a cell as the shortest decimal that stands for it: 1200.0 → 1200."""
    shortest = Decimal(repr(number))
    return shortest.to_integral_value() if shortest == shortest.to_integral_value() else shortest


def _text(column: Column, raw: Any) -> str:
    if isinstance(raw, bool):
        raw = "TRUE" if raw else "FALSE"
    if isinstance(raw, (int, float)):
        if not math.isfinite(raw):
            raise BadCell(N_("含有无法识别的数值，请重新填写"))
        number = exact(raw)
        if len(number.normalize().as_tuple().digits) >= EXACT_DIGITS:
            raise BadCell(N_("数字位数过多，表格软件会丢失末位；请把单元格设为文本格式后重新填写"))
        if column.code:
            raise BadCell(N_("是数值格式，开头的 0 可能已丢失；请把单元格设为文本格式后核对填写"))
        raw = f"{number:f}"
    if isinstance(raw, (date, time, timedelta)):
        raise BadCell(N_("被表格软件当成了日期；请把单元格设为文本格式后重新填写"))
    text = str(raw)
    if column.code and _ROUNDED.fullmatch(text):
        raise BadCell(N_("被表格软件改成了科学记数法，末位已丢失；请设为文本格式后重新填写"))
    if len(text) > column.longest:
        raise BadCell(
            N_("最多 %(longest)s 个字，现有 %(n)s 个"), longest=column.longest, n=len(text)
        )
    return text


def _number(column: Column, raw: Any) -> Decimal:
    if isinstance(raw, str):
        written = raw.replace(",", "").replace("，", "")
        if not written.isascii() or not _NUMBER.fullmatch(written):
            raise BadCell(N_("应为数字，得到“%(text)s”"), text=raw[:40])
        number = Decimal(written)
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool) and math.isfinite(raw):
        number = exact(raw)
    else:
        raise BadCell(N_("应为数字，得到“%(text)s”"), text=str(raw)[:40])
    if column.minimum is not None and number < column.minimum:
        raise BadCell(N_("不得小于 %(limit)s"), limit=column.minimum)
    if column.maximum is not None and number > column.maximum:
        raise BadCell(N_("不得大于 %(limit)s"), limit=column.maximum)
    if -int(number.normalize().as_tuple().exponent) > column.decimals:
        raise BadCell(N_("最多 %(n)s 位小数"), n=column.decimals)
    return number


def _day(raw: Any) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    found = _DAY.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        raise BadCell(N_("应为日期，格式如 2026-03-02，得到“%(text)s”"), text=str(raw)[:40])
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        raise BadCell(N_("没有“%(text)s”这一天"), text=raw) from None


def letter_of(place: int) -> str:
    """The letters of a column counted from 0: 0 → ``A``, 27 → ``AB``."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
