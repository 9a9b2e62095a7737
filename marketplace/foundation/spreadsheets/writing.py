"""Writing a workbook: what a person typed stays text, numbers stay numbers, codes stay whole."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter

from .columns import EXACT_DIGITS, Column, letter_of

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# a spreadsheet's own limit for the words of a drop-down, all together
_DROP_DOWN = 255
LISTS = "可选值"
_Listed = dict[tuple[str, ...], tuple[int, str]]
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class Sheet:
    """One sheet. ``head`` are lines (label, text) above the table; ``rows`` hold values by column
    key, choices by their code. With ``to_fill`` empty rows follow whose choices drop down."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[dict[str, Any]]
    title: str = ""
    head: Sequence[tuple[str, str]] = ()
    to_fill: int = 0


def workbook(sheets: Sequence[Sheet], at_once: bool = True) -> bytes:
    """The workbook as bytes. Text is never taken for a formula or a link.

    Choices too long to drop down in a cell's own rule stand on a sheet of their own. ``at_once``:
    False for long tables, whose rows are then written out as they come.
    """
    buffer = io.BytesIO()
    kept = {"in_memory": True} if at_once else {"constant_memory": True}
    book = xlsxwriter.Workbook(
        buffer, {**kept, "strings_to_formulas": False, "strings_to_urls": False}
    )
    styles = _styles(book)
    listed = _long_choices(sheets)
    for sheet in sheets:
        _write(book.add_worksheet(_FORBIDDEN.sub(" ", sheet.name)[:31]), sheet, styles, listed)
    if listed:
        page = book.add_worksheet(LISTS)
        page.set_column(0, len(listed), 36)
        for titles, (place, heading) in listed.items():
            page.write_string(0, place, heading, styles["heading"])
            for line, title in enumerate(titles, start=1):
                page.write_string(line, place, title, styles["text"])
    book.close()
    return buffer.getvalue()


def _long_choices(sheets: Sequence[Sheet]) -> _Listed:
    """Lists of choices that do not fit into a rule: their place on the sheet of lists and what
    heading they go by."""
    found: _Listed = {}
    for sheet in sheets:
        for column in sheet.columns if sheet.to_fill else ():
            titles = tuple(choice.title for choice in column.choices)
            if _length(titles) > _DROP_DOWN and titles not in found:
                found[titles] = (len(found), column.title)
    return found


def _length(titles: Sequence[str]) -> int:
    return sum(len(title) + 1 for title in titles)


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": "宋体", "font_size": 11, "valign": "top"}
    cell = {**base, "border": 1, "border_color": "#BFBFBF", "text_wrap": True}
    heading = {
        **cell,
        "bold": True,
        "bg_color": "#E8EEF4",
        "align": "center",
        "valign": "vcenter",
    }
    kinds = {
        "title": {**base, "bold": True, "font_size": 16},
        "label": {**base, "bold": True},
        "head": base,
        "heading": heading,
        "demanded": {**heading, "font_color": "#9C2A1B"},
        "text": {**cell, "num_format": "@"},
        "number": {**cell, "num_format": "General"},
        "date": {**cell, "num_format": "yyyy-mm-dd"},
    }
    styles = {name: book.add_format(style) for name, style in kinds.items()}
    styles["choice"] = styles["text"]
    return styles


def _write(page: Any, sheet: Sheet, styles: dict[str, Any], listed: _Listed) -> None:
    line = 0
    if sheet.title:
        page.write_string(line, 0, sheet.title, styles["title"])
        line += 1
    for label, text in sheet.head:
        page.write_string(line, 0, label, styles["label"])
        page.write_string(line, 1, text, styles["head"])
        line += 1
    for place, column in enumerate(sheet.columns):
        style = styles["demanded" if column.required and sheet.to_fill else "heading"]
        page.write_string(line, place, column.title, style)
        page.set_column(place, place, column.width)
    heading = line
    for row in sheet.rows:
        line += 1
        for place, column in enumerate(sheet.columns):
            _cell(page, line, place, column, row.get(column.key), styles)
    page.freeze_panes(heading + 1, 0)
    if line > heading:
        page.autofilter(heading, 0, line, len(sheet.columns) - 1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(heading)
    if sheet.to_fill:
        _prepare(page, sheet, heading + 1, line + sheet.to_fill, styles, listed)


def _cell(page: Any, line: int, place: int, column: Column, value: Any, styles: Any) -> None:
    style = styles[column.kind]
    if value is None or value == "":
        page.write_blank(line, place, None, style)
    elif column.kind == "number" and isinstance(value, (Decimal, int)):
        # what a spreadsheet would round is written out as text
        digits = len(Decimal(value).normalize().as_tuple().digits)
        if digits < EXACT_DIGITS:
            page.write_number(line, place, Decimal(value), style)
        else:
            page.write_string(line, place, f"{value:f}", styles["text"])
    elif isinstance(value, date):
        page.write_datetime(line, place, value, styles["date"])
    elif column.kind == "choice":
        titles = {choice.code: choice.title for choice in column.choices}
        page.write_string(line, place, titles.get(str(value), str(value)), style)
    else:
        page.write_string(line, place, str(value), styles["text"])


def _prepare(
    page: Any, sheet: Sheet, first: int, last: int, styles: dict[str, Any], listed: _Listed
) -> None:
    """Cells to fill in: their format, their drop-downs, and what to write in them."""
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width, styles[column.kind])
        rule: dict[str, Any] = {"validate": "any"}
        titles = tuple(choice.title for choice in column.choices)
        if titles and _length(titles) <= _DROP_DOWN:
            rule = {"validate": "list", "source": list(titles)}
        elif titles:
            where = letter_of(listed[titles][0])
            rule = {
                "validate": "list",
                "source": f"='{LISTS}'!${where}$2:${where}${len(titles) + 1}",
            }
        if note := str(column.note):
            rule |= {"input_title": column.title[:32], "input_message": note[:255]}
        if len(rule) > 1:
            page.data_validation(first, place, last, place, rule)
