"""Fee lists for tests: files as people make them, drafts made through the actions."""

from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from marketplace.fees.lists.columns import COLUMNS, SHEET, TITLES
from marketplace.foundation.spreadsheets import Sheet, read_table, workbook

OWN = {
    "code": "fswt",
    "name": "防水检测",
    "department": "住房城乡建设局",
    "price_form": "government_guided",
    "binds": "binding",
    "low": Decimal("1.5"),
    "high": Decimal(2),
    "unit": "元",
    "per": "平方米",
    "legal_basis": "青河发改价〔2026〕12号",
}


def rows_in(content: bytes) -> list[dict[str, Any]]:
    """The rows of a downloaded list, by column."""
    return [dict(row.values) for row in read_table(content, COLUMNS, field="file").rows]


def file_of(rows: Iterable[dict[str, Any]], **spoilt: str) -> bytes:
    """An .xlsx of a list. ``spoilt`` puts a text into a cell by address, e.g. ``D12="面议"``."""
    content = workbook([Sheet(SHEET, COLUMNS, list(rows))])
    if not spoilt:
        return content
    # written anew cell by cell, as somebody would who types over a cell
    import python_calamine
    import xlsxwriter

    grid = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    cells = grid.get_sheet_by_index(0).to_python(skip_empty_area=False)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"strings_to_formulas": False})
    page = book.add_worksheet(SHEET)
    for line, row in enumerate(cells, start=1):
        for place, value in enumerate(row):
            address = f"{chr(65 + place)}{line}"
            page.write(
                address, spoilt.get(address, value if not hasattr(value, "year") else str(value))
            )
    book.close()
    return buffer.getvalue()


def letter(key: str) -> str:
    """The letter of a column in the template."""
    return chr(65 + list(TITLES).index(key))


def many(count: int) -> list[dict[str, Any]]:
    """A long list of charges of its own."""
    return [
        {
            **OWN,
            "code": f"xm{number:05d}",
            "name": f"检测项目第 {number} 号",
            "high": Decimal(number % 97 + 2) / 10,
            "low": Decimal(number % 97 + 1) / 10,
        }
        for number in range(count)
    ]
