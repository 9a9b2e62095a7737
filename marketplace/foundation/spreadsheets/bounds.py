"""Before a workbook is opened: unpacked within bounds, and its cells counted.

An .xlsx is a zip of XML. A few kilobytes can unpack to gigabytes, and one cell in the last corner
makes a reader build a table of seventeen thousand million. So the parts that matter are unpacked
here up to a limit, their cells counted while streaming, and only these parts are handed on. What
the reader to come might understand otherwise than the counting here is refused: odd addresses of
cells, declared encodings and document types.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from xml.parsers import expat

from flask_babel import gettext as _

from marketplace.foundation.errors import Invalid

MAX_UNPACKED = 64 * 1024 * 1024
MAX_ENTRIES = 500
# a spreadsheet's own limit for the characters of one cell
MAX_TEXT = 32_767
_CHUNK = 1024 * 1024
# what marks an entry in the list at the end of a zip
_ENTRY = b"PK\x01\x02"
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# what a table is read from; pictures, macros and links are left behind
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(workbook|sharedStrings|styles)\.xml"
    r"|xl/_rels/workbook\.xml\.rels|xl/worksheets/[^/]+\.xml"
)
_STRINGS = "xl/sharedStrings.xml"
# what a cell holds when it is not empty
_FILLED = frozenset({"v", "is", "f"})
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ROW = re.compile(r"[1-9][0-9]{0,6}")


@dataclass(frozen=True)
class Checked:
    """A workbook safe to open, and by sheet name the cells (row, letter) whose formula failed,
    the rows nobody sees (``hidden``) and the ranges joined into one cell (``merged``, ``A3:A5``).
    ``unseen`` are the sheets that are hidden."""

    content: bytes
    errors: dict[str, frozenset[tuple[int, str]]]
    hidden: dict[str, frozenset[int]] = field(default_factory=dict)
    merged: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()


@dataclass
class _Counter:
    """Follows one sheet's XML: where its filled cells lie, which hold an error, and how long their
    texts are together when each cell has its own copy. ``texts`` are the lengths of those kept
    once for all cells."""

    max_row: int
    max_column: int
    texts: Sequence[int]
    row: int = 0
    column: int = 0
    cells: int = 0
    length: int = 0
    inside: bool = False
    shared: bool = False
    index: list[str] | None = None
    errors: set[tuple[int, str]] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if self.index is not None or (self.inside and name in ("c", "row")):
            raise ValueError("a cell holds no cell")
        if name == "c":
            self._cell(attributes)
        elif name in _FILLED:
            if self.inside:
                if self.row > self.max_row:
                    raise _TooLarge("rows")
                if self.column > self.max_column:
                    raise _TooLarge("columns")
                if name == "v" and self.shared:
                    self.index = []
        elif name == "row":
            if "r" not in attributes:
                self.row += 1
            elif _ROW.fullmatch(attributes["r"]):
                self.row = int(attributes["r"])
            else:
                raise ValueError("a row has no such number")
            self.column = 0
            self.inside = False
            if attributes.get("hidden") in ("1", "true"):
                self.hidden.add(self.row)
        elif name == "mergeCell" and len(self.merged) < MAX_ENTRIES:
            self.merged.append(attributes.get("ref", "")[:40])

    def _cell(self, attributes: dict[str, str]) -> None:
        self.column += 1
        self.cells += 1
        if self.cells > self.max_row * self.max_column:
            raise _TooLarge("rows")
        if "r" in attributes:
            # a reader may take c5 or C05 for a cell far away
            found = _CELL.fullmatch(attributes["r"])
            if found is None:
                raise ValueError("a cell has no such address")
            letters, row = found.groups()
            self.column, self.row = _number_of(letters), int(row)
            if attributes.get("t") == "e":
                self.errors.add((self.row, letters))
        self.inside = True
        self.shared = attributes.get("t") == "s"

    def text(self, piece: str) -> None:
        if self.index is not None:
            self.index.append(piece)

    def end(self, tag: str) -> None:
        name = _local(tag)
        if name == "c":
            self.inside = False
        elif name == "v" and self.index is not None:
            written, self.index = "".join(self.index).strip(), None
            place = int(written) if written else -1
            if place >= len(self.texts):
                raise ValueError("a cell names a text there is not")
            self.length += self.texts[place] if place >= 0 else 0
            if self.length > MAX_UNPACKED:
                raise _TooLarge("unpacked")


@dataclass
class _Texts:
    """Follows the XML of the texts kept once for all cells: the length of each, in bytes."""

    lengths: list[int] = field(default_factory=list)
    characters: int = 0
    bytes: int = 0
    inside: bool = False

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        if _local(tag) == "si":
            if self.inside:
                raise ValueError("a text holds no text")
            self.inside, self.characters, self.bytes = True, 0, 0

    def text(self, piece: str) -> None:
        if self.inside:
            self.characters += len(piece)
            self.bytes += len(piece.encode())
            if self.characters > MAX_TEXT:
                raise _TooLarge("text")

    def end(self, tag: str) -> None:
        if _local(tag) == "si":
            self.lengths.append(self.bytes)
            self.inside = False


class _TooLarge(Exception):
    """The sheet reaches beyond a limit."""


def checked(content: bytes, field: str, max_row: int, max_column: int) -> Checked:
    """The parts of a workbook that hold its table, safe to open.

    Raises Invalid at ``field`` when it is no workbook, unpacks to more than 64 MB (a text that
    many cells share counted for each), has more than 500 entries, a cell of more than 32,767
    characters, or filled cells beyond ``max_row`` or ``max_column`` (both counted from 1).
    """
    parts = _unpack(content, field)
    texts = _Texts()
    if _STRINGS in parts:
        _follow(parts[_STRINGS], texts, field, max_row, max_column)
    counted = {}
    # every part: which of them is read as a sheet is for the workbook's relations to say
    for name, part in parts.items():
        counted[name] = _Counter(max_row, max_column, texts.lengths)
        _follow(part, counted[name], field, max_row, max_column)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    sheets, unseen = _by_title(parts)
    found = {title: counted[path] for title, path in sheets.items() if path in counted}
    return Checked(
        packed.getvalue(),
        {title: frozenset(each.errors) for title, each in found.items()},
        {title: frozenset(each.hidden) for title, each in found.items()},
        {title: tuple(each.merged) for title, each in found.items()},
        unseen,
    )


def _unpack(content: bytes, field: str) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    left = MAX_UNPACKED
    if content.count(_ENTRY) > MAX_ENTRIES:
        raise Invalid(
            _("文件内的图片、附件等过多，请只保留表格内容后再上传"),
            field=field,
            rule="sheet.entries",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                if not _PARTS.fullmatch(entry.filename) or entry.filename in parts:
                    continue
                if entry.compress_type not in _PACKED:
                    raise ValueError("a workbook is packed in no other way")
                with archive.open(entry) as stream:
                    pieces = []
                    while piece := stream.read(_CHUNK):
                        left -= len(piece)
                        if left < 0:
                            raise _refusal(_TooLarge("unpacked"), field, 0, 0)
                        pieces.append(piece)
                parts[entry.filename] = b"".join(pieces)
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise _unreadable(field) from error
    if "xl/workbook.xml" not in parts:
        raise _unreadable(field)
    return parts


def _follow(
    part: bytes, follower: _Counter | _Texts, field: str, max_row: int, max_column: int
) -> None:
    parser = _parser(follower.start)
    parser.EndElementHandler = follower.end
    parser.CharacterDataHandler = follower.text
    parser.buffer_text = True
    try:
        parser.Parse(part, True)
    except _TooLarge as error:
        raise _refusal(error, field, max_row, max_column) from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _unreadable(field) from error


def _refusal(error: _TooLarge, field: str, max_row: int, max_column: int) -> Invalid:
    told = {
        "rows": _("表格超过 %(n)s 行，请分成几份文件", n=max_row),
        "columns": _("表格超过 %(n)s 列，请使用下载的模板填写", n=max_column),
        "text": _("有单元格超过 %(n)s 个字，请删减后再上传", n=MAX_TEXT),
        "unpacked": _(
            "文件展开后超过 %(n)s MB，请删去不需要的内容",
            n=MAX_UNPACKED >> 20,
        ),
    }
    return Invalid(told[str(error)], field=field, rule=f"sheet.{error}")


def _parser(start: Callable[[str, dict[str, str]], None]) -> Any:
    """A parser of UTF-8 alone, of documents that define nothing of their own."""
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_type
    parser.XmlDeclHandler = _hold_encoding
    return parser


def _refuse_type(*_arguments: object) -> None:
    raise ValueError("a workbook declares no document type")


def _hold_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in ("utf-8", "utf8"):
        raise ValueError("a workbook is written in UTF-8")


def _local(tag: str) -> str:
    return tag.rpartition(":")[2] if ":" in tag else tag


def _by_title(parts: dict[str, bytes]) -> tuple[dict[str, str], frozenset[str]]:
    """The part of each sheet by its title: workbook → relationship → part; and what is hidden."""
    targets: dict[str, str] = {}
    titles: dict[str, str] = {}
    unseen: set[str] = set()

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if _local(tag) == "sheet":
            titles[attributes.get("name", "")] = attributes.get("r:id", "")
            if attributes.get("state") in ("hidden", "veryHidden"):
                unseen.add(attributes.get("name", ""))

    for name, handler in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        # every part has been parsed before
        _parser(handler).Parse(parts.get(name, b"<none/>"), True)
    found = {}
    for title, key in titles.items():
        target = targets.get(key, "").removeprefix("/")
        found[title] = target if target.startswith("xl/") else f"xl/{target}"
    return found, frozenset(unseen)


@lru_cache(maxsize=1024)
def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _unreadable(field: str) -> Invalid:
    return Invalid(
        _("文件无法读取，请用表格软件另存为 .xlsx 后再上传"), field=field, rule="sheet.unreadable"
    )
