"""The corpus of uploads that are refused, and what is taken out of those that are kept."""

from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from marketplace.foundation import files
from marketplace.foundation.errors import Invalid
from marketplace.foundation.screening.pictures import screened_jpeg
from marketplace.foundation.spreadsheets import Column, Sheet, workbook

TYPES = (
    b'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/'
    b'package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
)
DOCUMENT = b'<?xml version="1.0" encoding="UTF-8"?><document><p>text</p></document>'


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 1, height: int = 1, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\x00\x00"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + body + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(width: int = 1, height: int = 1, *more: bytes) -> bytes:
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + b"".join(more) + frame + scan + b"\xff\xd9"


def package(main: str, *more: tuple[Any, bytes], drop: str = "", types: bytes = TYPES) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in (("[Content_Types].xml", types), (main, DOCUMENT), *more):
            if name != drop:
                archive.writestr(name, part)
    return out.getvalue()


def docx(*more: tuple[Any, bytes], drop: str = "") -> bytes:
    return package("word/document.xml", *more, drop=drop)


def pdf(inside: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog " + inside + b" >>\nendobj\n%%EOF\n"


def packed(inside: bytes) -> bytes:
    body = zlib.compress(inside)
    return (
        b"%PDF-1.7\n2 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length "
        + str(len(body)).encode()
        + b" >>\nstream\n"
        + body
        + b"\nendstream\nendobj\n%%EOF\n"
    )


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("word/link.xml")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def locked(content: bytes) -> bytes:
    """With the mark of an encrypted entry set, in the entry and in the list."""
    out = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        out[out.index(mark) + at] |= 1
    return bytes(out)


def bomb() -> bytes:
    return docx(("word/media/blank.xml", b" " * 30_000_000))


def nested(depth: int) -> bytes:
    inner = docx()
    for _ in range(depth):
        inner = docx(("word/embeddings/a.docx", inner))
    return inner


OUTWARD = (
    b'<Relationships><Relationship Id="r1" Type="http://x/attachedTemplate" '
    b'Target="https://evil.example/t.dotm" TargetMode="External"/></Relationships>'
)
LINKED = OUTWARD.replace(b"attachedTemplate", b"hyperlink")
EXIF = segment(
    0xE1,
    b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x02\x00"
    + struct.pack("<HHII", 0x0112, 3, 1, 6)
    + struct.pack("<HHII", 0x8825, 4, 1, 99)
    + b"\x00\x00\x00\x00GPS-36.6-117.0",
)

REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "nothing": ("a.pdf", lambda: b"", "file.empty"),
    "20 MB and one byte": ("a.pdf", lambda: b"%PDF-" + b"0" * (20 * 1024 * 1024 - 4), "file.size"),
    "a program by another name": ("a.pdf", lambda: b"MZ\x90\x00" + b"\x00" * 90, "file.content"),
    "a page by another name": ("a.jpg", lambda: b"<html><script>x</script>", "file.content"),
    "SVG": ("a.svg", lambda: b"<svg><script>x</script></svg>", "file.type"),
    "docm": ("a.docm", docx, "file.type"),
    "xlsm": ("a.xlsm", docx, "file.type"),
    "exe": ("a.pdf.exe", lambda: b"MZ", "file.type"),
    "gif and script": ("a.gif", lambda: b"GIF89a/*<script>*/", "file.type"),
    "no extension": ("pdf", pdf, "file.type"),
    "docx as xlsx": ("a.xlsx", docx, "file.content"),
    "docx as pdf": ("a.pdf", docx, "file.content"),
    "PDF with JavaScript": ("a.pdf", lambda: pdf(b"/OpenAction << /S /JavaScript /JS (x) >>"), "file.active"),
    "PDF with JavaScript written in numbers": ("a.pdf", lambda: pdf(b"/S /J#61v#61Script"), "file.active"),
    "PDF with packed JavaScript": ("a.pdf", lambda: packed(b"<< /S /JavaScript >>"), "file.active"),
    "PDF that starts a program": ("a.pdf", lambda: pdf(b"/S /Launch /F (cmd)"), "file.active"),
    "PDF with a file in it": ("a.pdf", lambda: pdf(b"/EmbeddedFiles 3 0 R"), "file.active"),
    "PDF with a password": ("a.pdf", lambda: pdf(b"/Encrypt 3 0 R"), "file.locked"),
    "PDF and zip": ("a.pdf", lambda: pdf() + docx(), "file.active"),
    "PDF bomb": ("a.pdf", lambda: packed(b" " * 70_000_000), "file.unpacked"),
    "macro": ("a.docx", lambda: docx(("word/vbaProject.bin", b"x")), "file.active"),
    "macro by its type": ("a.docx", lambda: package("word/document.xml", types=b"<Types>macroEnabled</Types>"), "file.active"),
    "program in a document": ("a.docx", lambda: docx(("word/media/x.png", b"MZ\x90")), "file.active"),
    "template from outside": ("a.docx", lambda: docx(("word/_rels/settings.xml.rels", OUTWARD)), "file.active"),
    "declared entities": ("a.docx", lambda: docx(("word/x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>')), "file.declares"),
    "UTF-16 markup": ("a.docx", lambda: docx(("word/x.xml", "<!DOCTYPE a>".encode("utf-16"))), "file.content"),
    "zip bomb": ("a.docx", bomb, "file.unpacked"),
    "zip in zip ten times": ("a.docx", lambda: nested(10), "file.active"),
    "other zip inside": ("a.docx", lambda: docx(("word/a.bin", docx())), "file.active"),
    "climbing out": ("a.docx", lambda: docx(("../../etc/passwd", b"x")), "file.content"),
    "from the root": ("a.docx", lambda: docx(("/etc/passwd", b"x")), "file.content"),
    "symlink": ("a.docx", lambda: docx((link(), b"/etc/passwd")), "file.content"),
    "zip with a password": ("a.docx", lambda: locked(docx()), "file.locked"),
    "501 entries": ("a.docx", lambda: docx(*((f"word/{n}.xml", b"<a/>") for n in range(500))), "file.unpacked"),
    "something behind the end": ("a.docx", lambda: docx() + b"<script>", "file.content"),
    "cut off": ("a.docx", lambda: docx()[:-30], "file.content"),
    "no document in it": ("a.docx", lambda: docx(drop="word/document.xml"), "file.content"),
    "2,500 million pixels, PNG": ("a.png", lambda: png(50_000, 50_000), "file.pixels"),
    "2,500 million pixels, JPEG": ("a.jpg", lambda: jpeg(50_000, 50_000), "file.pixels"),
    "PNG cut off": ("a.png", lambda: png()[:-20], "file.content"),
    "PNG with a wrong sum": ("a.png", lambda: png()[:20] + b"\xff" + png()[21:], "file.content"),
    "JPEG cut off": ("a.jpg", lambda: jpeg()[:-2], "file.content"),
    "only the first bytes of a JPEG": ("a.jpg", lambda: b"\xff\xd8\xff\xe0<script>x</script>", "file.content"),
}  # fmt: skip


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(app: Flask, case: str) -> None:
    name, build, rule = REFUSED[case]
    content = build()
    begun = time.perf_counter()
    with app.test_request_context(), pytest.raises(Invalid) as refused:
        files.checked(io.BytesIO(content), name, "evidence")
    assert (refused.value.field, refused.value.rule) == ("evidence", rule)
    assert refused.value.message
    assert time.perf_counter() - begun < 3


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_is_kept_is_kept_whole(app: Flask) -> None:
    sheet = workbook([Sheet("表", (Column(key="a", title="甲"),), [{"a": "值"}], to_fill=5)])
    for name, content in (
        ("a.pdf", pdf()),
        ("a.pdf", packed(b"<< /Type /Page >>")),
        ("a.docx", docx()),
        ("a.docx", docx(("word/_rels/document.xml.rels", LINKED))),
        ("a.docx", nested(1)),
        ("a.xlsx", sheet),
        ("a.png", png()),
        ("a.jpeg", jpeg()),
        ("a.pdf", b"%PDF-" + b"0" * (20 * 1024 * 1024 - 5)),
    ):
        with app.test_request_context():
            assert files.checked(io.BytesIO(content), name, "evidence").content == content


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_pictures_lose_what_tells_where_they_were_taken(app: Flask) -> None:
    note = chunk(b"tEXt", b"Comment\x00GPS 36.6") + chunk(b"eXIf", b"MM\x00*GPS")
    with app.test_request_context():
        kept = files.checked(io.BytesIO(png(1, 1, note)), "a.png", "f").content
        assert kept == png()
        kept = files.checked(io.BytesIO(png() + b"<script>"), "a.png", "f").content
        assert kept == png()
        shot = jpeg(1, 1, EXIF, segment(0xFE, b"comment"), segment(0xED, b"Photoshop"))
        kept = files.checked(io.BytesIO(shot + b"PK\x03\x04"), "a.jpg", "f").content
    assert b"GPS" not in kept
    assert b"comment" not in kept
    assert b"PK" not in kept
    # which way is up is still told
    assert b"Exif" in kept
    assert screened_jpeg(kept) == kept


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\temp\\合同.pdf", "合同.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("com1.tar.pdf", "_com1.tar.pdf"),
        ("a.pdf\r\nX-Evil: y.pdf", "a.pdfX-Evil: y.pdf"),
        ("发票\u202efdp.pdf", "发票fdp.pdf"),
        ("甲" * 300 + ".pdf", "甲" * 177 + ".pdf"),
        ("x\x00y.pdf", "xy.pdf"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_names_are_labels_and_nothing_else(app: Flask, name: str, kept: str) -> None:
    with app.test_request_context():
        assert files.checked(io.BytesIO(pdf()), name, "f").name == kept
