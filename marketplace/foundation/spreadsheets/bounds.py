"""Before a workbook is opened: unpacked within bounds, and its cells counted.

An .xlsx is a zip of XML. A few kilobytes can unpack to gigabytes, and one cell in the last corner
makes a reader build a table of seventeen thousand million. So the parts that matter are unpacked
here up to a limit, their cells counted while streaming, and only these parts are handed on.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat

from flask_babel import gettext as _

from marketplace.foundation.errors import Invalid

MAX_UNPACKED = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
# what a table is read from; pictures, macros and links are left behind
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(workbook|sharedStrings|styles)\.xml"
    r"|xl/_rels/workbook\.xml\.rels|xl/worksheets/[^/]+\.xml"
)
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
# what a cell holds when it is not empty
_FILLED = frozenset({"v", "is", "f"})
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


@dataclass(frozen=True)
class Checked:
    """A workbook safe to open, and the cells (row, letter) by sheet name whose formula failed."""

    content: bytes
    errors: dict[str, frozenset[tuple[int, str]]]


@dataclass
class _Counter:
    """Follows one sheet's XML: where its filled cells lie, and which hold an error."""

    max_row: int
    max_column: int
    row: int = 0
    column: int = 0
    inside: bool = False
    failed: bool = False
    errors: set[tuple[int, str]] = field(default_factory=set)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2] if ":" in tag else tag
        if name == "c":
            self.column += 1
            found = _CELL.fullmatch(attributes.get("r", ""))
            if found:
                letters, row = found.groups()
                self.column, self.row = _number_of(letters), int(row)
                if attributes.get("t") == "e":
                    self.errors.add((self.row, letters))
            self.inside = True
        elif name in _FILLED:
            if self.inside:
                if self.row > self.max_row:
                    raise _TooLarge("rows")
                if self.column > self.max_column:
                    raise _TooLarge("columns")
        elif name == "row":
            self.row = int(attributes["r"]) if "r" in attributes else self.row + 1
            self.column = 0
            self.inside = False


class _TooLarge(Exception):
    """The sheet reaches beyond a limit."""


def checked(content: bytes, field: str, max_row: int, max_column: int) -> Checked:
    """The parts of a workbook that hold its table, safe to open.

    Raises Invalid at ``field`` when it is no workbook, unpacks to more than 64 MB, or has filled
    cells beyond ``max_row`` or ``max_column`` (both counted from 1).
    """
    parts = _unpack(content, field)
    errors = {}
    for name, part in parts.items():
        if _SHEET.fullmatch(name):
            errors[name] = _count(part, field, max_row, max_column)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return Checked(packed.getvalue(), _by_title(parts, errors))


def _unpack(content: bytes, field: str) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                if not _PARTS.fullmatch(entry.filename) or entry.filename in parts:
                    continue
                with archive.open(entry) as stream:
                    pieces = []
                    while piece := stream.read(_CHUNK):
                        left -= len(piece)
                        if left < 0:
                            raise Invalid(
                                _(
                                    "文件展开后超过 %(n)s MB，请删去不需要的内容",
                                    n=MAX_UNPACKED >> 20,
                                ),
                                field=field,
                                rule="sheet.unpacked",
                            )
                        pieces.append(piece)
                parts[entry.filename] = b"".join(pieces)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _unreadable(field) from error
    if "xl/workbook.xml" not in parts:
        raise _unreadable(field)
    return parts


def _count(part: bytes, field: str, max_row: int, max_column: int) -> frozenset[tuple[int, str]]:
    counter = _Counter(max_row, max_column)
    parser = expat.ParserCreate()
    parser.StartElementHandler = counter.start
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(part, True)
    except _TooLarge as error:
        message = (
            _("表格超过 %(n)s 行，请分成几份文件", n=max_row)
            if str(error) == "rows"
            else _("表格超过 %(n)s 列，请使用下载的模板填写", n=max_column)
        )
        raise Invalid(message, field=field, rule=f"sheet.{error}") from error
    except (expat.ExpatError, ValueError) as error:
        raise _unreadable(field) from error
    return frozenset(counter.errors)


def _refuse_entity(*_arguments: object) -> None:
    raise ValueError("a workbook declares no entities")


def _by_title(
    parts: dict[str, bytes], errors: dict[str, frozenset[tuple[int, str]]]
) -> dict[str, frozenset[tuple[int, str]]]:
    """The failed cells by the sheet's title: workbook → relationship → part."""
    targets: dict[str, str] = {}
    titles: dict[str, str] = {}

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet":
            titles[attributes.get("name", "")] = attributes.get("r:id", "")

    for name, handler in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        parser = expat.ParserCreate()
        parser.StartElementHandler = handler
        parser.EntityDeclHandler = _refuse_entity
        try:
            parser.Parse(parts.get(name, b"<none/>"), True)
        except (expat.ExpatError, ValueError):
            return {}
    found = {}
    for title, key in titles.items():
        target = targets.get(key, "").removeprefix("/")
        path = target if target.startswith("xl/") else f"xl/{target}"
        found[title] = errors.get(path, frozenset())
    return found


@lru_cache(maxsize=1024)
def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _unreadable(field: str) -> Invalid:
    return Invalid(
        _("文件读不出来，请用表格软件另存为 .xlsx 后再上传"), field=field, rule="sheet.unreadable"
    )
