"""What documents say of their making: read on receipt, the author kept as a digest alone."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import xlsxwriter
from flask import Flask

from marketplace.demo.papers import Making, pdf
from marketplace.foundation import clock, files
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.origins import Origin, author_digest, origin_of
from marketplace.foundation.transactions import transaction

AT = datetime(2026, 11, 2, 1, 31, 40, tzinfo=UTC)
MINUTE = AT.replace(second=0)
MAKING = Making("褚文印", "WPS 文字", AT)


def workbook(author: str) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.set_properties({"author": author, "created": AT.replace(tzinfo=None)})
    book.add_worksheet()
    book.close()
    return out.getvalue()


def test_a_pdf_and_a_workbook_say_who_made_them_with_what_and_when(app: Flask) -> None:
    with app.app_context():
        told = origin_of(pdf("result", MAKING).read())
        assert told == Origin(author_digest("褚文印"), "WPS 文字", MINUTE)
        assert origin_of(pdf("result").read()) == Origin()
        book = origin_of(workbook("褚文印"))
        assert book.author == told.author
        assert book.program == "Microsoft Excel 12.0000"
        assert book.made_at is not None
        assert author_digest(" Chu  WENYIN ") == author_digest("chu wenyin")
        assert author_digest("  ") is None


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\ntrailer << /Info 9 0 R >>\n%%EOF",
        b"%PDF-1.4\n1 0 obj << /Author 7 /CreationDate (D:99) >> endobj\n/Info 1 0 R",
        b"PK\x03\x04 not a zip",
        b"\xff\xd8\xff a picture",
    ],
)
def test_what_cannot_be_read_says_nothing_and_is_no_fault(app: Flask, content: bytes) -> None:
    with app.app_context():
        assert origin_of(content) == Origin()


def test_it_is_kept_with_the_file_and_goes_with_it(app: Flask) -> None:
    with app.app_context(), transaction():
        now = clock.now()
        kept = files.store(pdf("result", MAKING), "成果.pdf", CLOCK, now, "file")
        assert (kept.author_digest, kept.program) == (author_digest("褚文印"), "WPS 文字")
        assert kept.made_at == MINUTE
        row = str(db.session.execute(db.text("SELECT * FROM stored_files")).all())
        assert "褚" not in row
        files.erase(kept, "保存期满", CLOCK, now)
        assert (kept.author_digest, kept.program, kept.made_at) == (None, None, None)
