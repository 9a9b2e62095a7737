"""A list as a file: the template to fill in, the spreadsheet and the PDF of a published one."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import lru_cache

import typst

from config import ROOT
from marketplace.accounts import queries as accounts
from marketplace.foundation import clock
from marketplace.foundation.languages import for_storing
from marketplace.foundation.spreadsheets import Column, Sheet, workbook

from . import queries
from .columns import COLUMNS, SHEET, Standards, cells_of
from .queries import ListEdition
from .rules import ListRow
from .wording import cell_words

SOURCE = ROOT / "templates" / "fees" / "lists" / "list.typ"
FONTS = ROOT / "static" / "fonts"
TO_FILL = 500
_SETTING = threading.Lock()
_STANDARDS = (
    Column(key="id", title="代码", width=16),
    Column(key="document", title="文号", width=26),
    Column(key="title", title="名称", width=60),
    Column(key="variants", title="适用类别", width=70),
)


def template(rows: Sequence[ListRow], standards: Standards) -> bytes:
    """The list in force, to be changed and uploaded; a second sheet names the standards."""
    known = [
        {
            "id": key,
            "document": told.document,
            "title": told.title,
            "variants": "、".join(f"{each.code}（{each.title}）" for each in told.variants),
        }
        for key, told in standards.by_id.items()
    ]
    return workbook(
        [
            Sheet(SHEET, COLUMNS, [cells_of(row) for row in rows], to_fill=TO_FILL),
            Sheet("收费标准", _STANDARDS, known),
        ]
    )


def head(edition: ListEdition, place: str) -> list[tuple[str, str]]:
    """What stands above an exported list: whose it is, which edition, since when, its hash."""
    day = edition.effective_from
    lines = [
        ("辖区", place),
        ("公布文号", edition.document),
        ("制定依据", edition.legal_basis),
        ("施行日期", clock.written_day(day)),
        ("版本校验值", edition.sha256),
        ("清单校验值", (edition.fee_list.sha256 or "") if edition.fee_list else ""),
    ]
    return [(label, text) for label, text in lines if text]


def workbook_of(edition: ListEdition, rows: Sequence[ListRow], place: str) -> bytes:
    """A published list as a spreadsheet; it can be changed and uploaded again."""
    lines = [cells_of(row) for row in rows]
    return workbook([Sheet(SHEET, COLUMNS, lines, title=edition.title, head=head(edition, place))])


def pdf_of(
    edition: ListEdition, rows: Sequence[ListRow], place: str, standards: Standards
) -> bytes:
    """A published list as PDF; set once for each edition, since neither ever changes."""
    with for_storing():
        content = {
            "title": edition.title,
            "head": head(edition, place),
            "columns": [
                "序号",
                "代码",
                "事项名称",
                "主管部门",
                "价格形式",
                "效力",
                "收费标准",
                "依据",
            ],
            "rows": [
                [
                    str(number),
                    row.code.replace("_", "_\u200b").replace("-", "-\u200b"),
                    row.name,
                    row.department,
                    cell_words(row, "price_form"),
                    cell_words(row, "binds"),
                    _price(row, standards),
                    _ground(row),
                ]
                for number, row in enumerate(rows, start=1)
            ],
            "footer": f"{edition.title} · 校验值 {edition.sha256[:16]}",
        }
    # a long list takes seconds to set: one reader at a time, the others take what it made
    with _SETTING:
        return _set(json.dumps(content, ensure_ascii=False))


def made(edition_id: int, kind: str) -> tuple[str, bytes]:
    """Name and content of the spreadsheet (``xlsx``) or ``pdf`` of a published list."""
    found = queries.edition(edition_id)
    rows, place = queries.rows_of_edition(found), accounts.jurisdiction(found.jurisdiction).name
    if kind == "xlsx":
        content = workbook_of(found, rows, place)
    else:
        # the standards of its first day, so that the document never changes
        known = queries.published_standards(found.effective_from)
        content = pdf_of(found, rows, place, known)
    return f"{found.title.replace('/', '／')}.{kind}", content


def _price(row: ListRow, standards: Standards) -> str:
    if row.charge is not None:
        return cell_words(row, "charge")
    if not row.standard:
        return "由双方协商议定"
    document, kinds = (cell_words(row, key, standards.by_id) for key in ("standard", "variants"))
    return f"{document}（{kinds}）" if kinds else document


def _ground(row: ListRow) -> str:
    freed = f"{row.freed_by}放开" if row.freed_by else ""
    return "；".join(filter(None, (row.legal_basis, freed, row.remarks)))


@lru_cache(maxsize=4)
def _set(content: str) -> bytes:
    pdf: bytes = typst.compile(
        str(SOURCE),
        root=str(SOURCE.parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"list": content},
        format="pdf",
    )
    return pdf
