"""A file given back with the cells marked that cannot be used, as it was otherwise."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine
import xlsxwriter
from flask_babel import gettext as _

from .columns import Problem, exact

_FONT = {"font_name": "宋体", "font_size": 11, "valign": "top"}
# a comment is read in a small box
_COMMENT = 400


def marked(
    content: bytes, name: str, problems: Mapping[str, Sequence[Problem]], listing: str, first: str
) -> bytes:
    """The uploaded file with its bad cells coloured and commented, and a sheet ``listing`` with
    all of them in front. ``first`` is the sheet a comma-separated text stands for."""
    if name.lower().endswith(".csv"):
        grids = {first: _text_grid(content)}
    else:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        grids = {
            sheet: book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            for sheet in book.sheet_names
            if sheet in problems
        }
    buffer = io.BytesIO()
    out = xlsxwriter.Workbook(
        buffer,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    styles = {
        "text": out.add_format({**_FONT, "num_format": "@"}),
        "date": out.add_format({**_FONT, "num_format": "yyyy-mm-dd"}),
        "bad": out.add_format({**_FONT, "num_format": "@", "bg_color": "#F9D7D5", "border": 1}),
        "head": out.add_format({**_FONT, "bold": True, "bg_color": "#E8EEF4"}),
    }
    page = out.add_worksheet(listing)
    for place, (title, width) in enumerate(
        ((_("工作表"), 14), (_("单元格"), 10), (_("栏目"), 24), (_("问题"), 70))
    ):
        page.write_string(0, place, title, styles["head"])
        page.set_column(place, place, width)
    line = 0
    for sheet, those in problems.items():
        for problem in those:
            line += 1
            told = (sheet, problem.cell, problem.title, problem.reason)
            for place, text in enumerate(told):
                page.write_string(line, place, text, styles["text"])
    page.freeze_panes(1, 0)
    for sheet, grid in grids.items():
        _copy(out.add_worksheet(sheet), grid, problems.get(sheet, ()), styles)
    out.close()
    return buffer.getvalue()


def _text_grid(content: bytes) -> list[list[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return [list(row) for row in csv.reader(io.StringIO(text, newline=""))]


def _copy(
    page: Any, grid: list[list[Any]], problems: Sequence[Problem], styles: Mapping[str, Any]
) -> None:
    bad: dict[str, list[str]] = {}
    for problem in problems:
        bad.setdefault(problem.cell, []).append(problem.reason)
    widest = max((len(row) for row in grid), default=0)
    page.set_column(0, widest, 20, styles["text"])
    for line, row in enumerate(grid):
        for place, value in enumerate(row):
            _cell(page, line, place, value, styles, styles["text"])
    for cell, reasons in bad.items():
        value = _at(grid, cell)
        # past what is marked a person may look for blanks: the mark is there all the same
        page.write_string(cell, _shown(value), styles["bad"])
        page.write_comment(cell, "\n".join(reasons)[:_COMMENT], {"x_scale": 2})


def _cell(
    page: Any, line: int, place: int, value: Any, styles: Mapping[str, Any], style: Any
) -> None:
    if value is None or value == "":
        return
    if isinstance(value, (datetime, date)):
        page.write_datetime(line, place, value, styles["date"])
    else:
        page.write_string(line, place, _shown(value), style)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        try:
            return f"{exact(value):f}"
        except ArithmeticError:
            return str(value)
    if isinstance(value, (datetime, date, time, timedelta)):
        return str(value)
    return str(value)


def _at(grid: list[list[Any]], cell: str) -> Any:
    letters = cell.rstrip("0123456789")
    line, place = int(cell[len(letters) :]) - 1, 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    row = grid[line] if line < len(grid) else []
    return row[place - 1] if place <= len(row) else None
