"""The demo's files: small PDF pages that say what they stand for."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

from marketplace.foundation.clock import SHANGHAI


@dataclass(frozen=True)
class Making:
    """What a document says of its making."""

    author: str
    program: str
    at: datetime


def pdf(title: str, making: Making | None = None) -> io.BytesIO:
    """A one-page PDF saying in Latin letters that it is a demo's ``title``."""
    text = f"Demo paper: {title}".encode("ascii", "replace").decode()
    drawing = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    info = b""
    if making is not None:
        info = b" /Info %d 0 R" % (len(objects) + 1)
        objects.append(
            b"<< /Author %s /Creator %s /CreationDate (D:%s+08'00') >>"
            % (
                _spelt(making.author),
                _spelt(making.program),
                f"{making.at.astimezone(SHANGHAI):%Y%m%d%H%M%S}".encode(),
            )
        )
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R%s >>\n" % (len(objects) + 1, info))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    out.seek(0)
    return out


def _spelt(text: str) -> bytes:
    """A text in any language, as PDF writes it."""
    return b"<%s>" % ("feff" + text.encode("utf-16-be").hex()).encode()
