"""Word and Excel files: zips of XML, bounded, without macros, links outward or files inside."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from .trouble import Trouble, active, broken, locked, too_large

MOST_ENTRIES = 500
MOST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 100
# a few kilobytes of blanks are packed tighter than any limit
_SMALL = 1024 * 1024
_ENTRY = b"PK\x01\x02"
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK = 1024 * 1024
_MARKUP = (".xml", ".rels", ".vml")
_EMBEDDED = re.compile(r"(word|xl|ppt)/embeddings/[^/]+\.(xlsx|docx)")
_OTHERS = (
    b"PK\x03\x04",
    b"MZ",
    b"\x7fELF",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"\xd0\xcf\x11\xe0",
)
_MACRO = re.compile(rb"macroEnabled|vbaProject|ms-office\.activeX", re.IGNORECASE)
_DECLARES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
# a link a person clicks on harms nobody; everything else is fetched when the file is opened
_OUTWARD = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>")
_HYPERLINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']")


def screened_package(content: bytes, main: str, depth: int = 0) -> bytes:
    """The file as it is, when nothing is wrong with it; ``main`` is the part it must have."""
    if content.count(_ENTRY) > MOST_ENTRIES:
        raise too_large()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _nothing_behind(content, archive)
            names = [entry.filename for entry in archive.infolist()]
            if len(set(names)) != len(names) or main not in names:
                raise broken()
            if "[Content_Types].xml" not in names:
                raise broken()
            left = MOST_UNPACKED
            for entry in archive.infolist():
                left -= _entry(archive, entry, left, depth)
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise broken() from error
    return content


def _nothing_behind(content: bytes, archive: zipfile.ZipFile) -> None:
    """Nothing stands before the first entry or behind the end of the list."""
    first = min((entry.header_offset for entry in archive.infolist()), default=0)
    end = content.rfind(b"PK\x05\x06")
    if first != 0 or end < 0 or end + 22 + len(archive.comment) != len(content):
        raise broken()


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, depth: int) -> int:
    """Look into one entry; returns its size unpacked."""
    path = PurePosixPath(entry.filename)
    outside = path.is_absolute() or ".." in path.parts or "\\" in entry.filename
    if outside or stat.S_ISLNK(entry.external_attr >> 16):
        raise broken()
    if entry.flag_bits & 0x1:
        raise locked()
    if entry.compress_type not in _PACKED:
        raise broken()
    if entry.is_dir():
        return 0
    pieces, size = [], 0
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            size += len(piece)
            if size > left or (size > _SMALL and size > MOST_RATIO * max(1, entry.compress_size)):
                raise too_large()
            pieces.append(piece)
    _part(entry.filename, b"".join(pieces), depth)
    return size


def _part(name: str, part: bytes, depth: int) -> None:
    lower = name.lower()
    if lower.endswith(".bin") and "vba" in lower:
        raise active()
    if _EMBEDDED.fullmatch(lower) and depth == 0:
        kind = "word/document.xml" if lower.endswith("docx") else "xl/workbook.xml"
        screened_package(part, kind, depth + 1)
        return
    if part.startswith(_OTHERS):
        raise active()
    if lower.endswith(_MARKUP):
        _markup(name, part)


def _markup(name: str, part: bytes) -> None:
    if part[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in part[:64]:
        raise broken()  # written otherwise than what is looked through here
    if _DECLARES.search(part):
        raise Trouble("declares", broken().text)
    if name == "[Content_Types].xml" and _MACRO.search(part):
        raise active()
    if name.endswith(".rels"):
        for link in _OUTWARD.findall(part):
            if not _HYPERLINK.search(link):
                raise active()
