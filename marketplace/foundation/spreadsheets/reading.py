"""Reading an uploaded workbook: bounded before it is opened, then told by cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import python_calamine
from flask_babel import gettext as _

from marketplace.foundation.errors import Invalid
from marketplace.foundation.languages import N_

from .bounds import checked
from .columns import BadCell, Column, Problem, Value, letter_of, value_of

MAX_ROWS = 20_000
MAX_COLUMNS = 100
# the heading must stand in one of these rows
_HEAD_ROWS = 20
_RANGE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6}):([A-Z]{1,3})([1-9][0-9]{0,6})")
_EVERY = 250

T = TypeVar("T")


class SpreadsheetError(Invalid):
    """The file as a whole cannot be used (422)."""


@dataclass(slots=True)
class Row:
    """A filled row: its number in the file and its values by column key; ``bad`` are the keys of
    cells that could not be used (their value is None)."""

    number: int
    values: dict[str, Value]
    bad: set[str] = field(default_factory=set)


@dataclass
class Table:
    """What a sheet holds under its heading: rows, and every problem found so far."""

    sheet: str
    heading_row: int
    letters: dict[str, str]
    titles: dict[str, str]
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def complain(self, row: Row, key: str, text: str, /, **values: object) -> None:
        """Add a problem in the cell of ``row`` under the column ``key``."""
        row.bad.add(key)
        told = tuple((name, str(value)) for name, value in values.items())
        self.problems.append(
            Problem(row.number, self.letters.get(key, "A"), self.titles[key], text, told)
        )

    def once_each(
        self,
        made: Callable[[Row], T],
        known_by: Callable[[T], Hashable],
        key: str,
        text: str,
    ) -> list[T]:
        """What ``made`` makes of every row without a fault, the first of each that ``known_by``
        tells apart; of the others it complains under ``key``, with the ``row`` of the first."""
        seen: dict[Hashable, int] = {}
        found = []
        for row in self.rows:
            if row.bad:
                continue
            each = made(row)
            first = seen.setdefault(known_by(each), row.number)
            if first != row.number:
                self.complain(row, key, text, row=first)
                continue
            found.append(each)
        return found

    def in_order(self) -> list[Problem]:
        """The problems by row, then by column from left to right."""
        return sorted(self.problems, key=lambda p: (p.row, len(p.letter), p.letter))


def read_table(
    content: bytes,
    columns: Sequence[Column],
    *,
    field: str,
    sheet: str | None = None,
    max_rows: int = MAX_ROWS,
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Read the table under the heading made of ``columns``' titles, in any order.

    ``sheet`` is the sheet preferred by name; else the first. Lines above the heading and empty
    rows are passed over. What is wrong in a cell is collected in ``Table.problems``; nothing
    stops at the first. ``progress(done, total)`` is told every 250 rows. Raises
    SpreadsheetError at ``field`` when there is no such table, or it is too large or unsafe.
    """
    cells = checked(content, field, max_rows + _HEAD_ROWS, MAX_COLUMNS)
    name, grid = _grid(content=cells.content, sheet=sheet, field=field)
    return _table(name, grid, cells.errors.get(name, ()), columns, field, max_rows, progress)


@dataclass
class Book:
    """The tables of a workbook by the names of their sheets, and the sheets nobody asked for."""

    tables: dict[str, Table]
    ignored: list[str]


def read_book(
    content: bytes,
    sheets: Mapping[str, Sequence[Column]],
    *,
    field: str,
    required: str,
    max_rows: int = MAX_ROWS,
    progress: Callable[[int, int], None] | None = None,
) -> Book:
    """Read the tables of several sheets, each under its own heading; only ``required`` must be
    there and hold something. A row nobody sees and cells joined into one are problems of their
    table: what stands in them is not what the person who filled it in looks at.

    Raises SpreadsheetError as ``read_table`` does, and where a sheet asked for is hidden.
    """
    cells = checked(content, field, max_rows + _HEAD_ROWS, MAX_COLUMNS)
    book = _opened(cells.content, field)
    tables: dict[str, Table] = {}
    for name, columns in sheets.items():
        if name not in book.sheet_names:
            if name == required:
                raise SpreadsheetError(
                    _("找不到工作表“%(name)s”，请使用下载的模板填写", name=name),
                    field=field,
                    rule="sheet.missing",
                )
            continue
        if name in cells.unseen:
            raise SpreadsheetError(
                _("工作表“%(name)s”是隐藏的，请取消隐藏、核对后再上传", name=name),
                field=field,
                rule="sheet.hidden",
            )
        grid = _cells_of(book, name, field)
        errors = cells.errors.get(name, ())
        try:
            table = _table(name, grid, errors, columns, field, max_rows, progress)
        except SpreadsheetError as error:
            if error.rule != "sheet.empty" or name == required:
                raise
            continue
        _unseen(table, cells.hidden.get(name, frozenset()))
        _joined(table, cells.merged.get(name, ()))
        tables[name] = table
    return Book(tables, [name for name in book.sheet_names if name not in sheets])


def _unseen(table: Table, hidden: frozenset[int]) -> None:
    for row in table.rows:
        if row.number in hidden:
            first = next(iter(table.letters))
            table.complain(row, first, N_("这一行是隐藏的；请取消隐藏，核对后保留或删去"))


def _joined(table: Table, merged: Sequence[str]) -> None:
    """Cells joined across what is a row each: only the first of them holds anything."""
    rows = {row.number: row for row in table.rows}
    keys = {letter: key for key, letter in table.letters.items()}
    for joined in merged:
        found = _RANGE.fullmatch(joined)
        if found is None:
            continue
        letter, first, last = found[1], int(found[2]), int(found[4])
        row = next((rows[n] for n in range(first, last + 1) if n in rows), None)
        if row is not None and letter in keys:
            table.complain(
                row, keys[letter], N_("是合并单元格（%(cells)s），请拆分后逐行填写"), cells=joined
            )


def read_csv(
    content: bytes, columns: Sequence[Column], *, field: str, max_rows: int = MAX_ROWS
) -> Table:
    """Read the same table from comma-separated text, in UTF-8 or as Chinese spreadsheets save it.

    Raises SpreadsheetError at ``field`` as ``read_table`` does.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise _no_csv(field) from error
    grid: list[list[Any]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True):
            if len(grid) >= max_rows + _HEAD_ROWS:
                raise _too_many_rows(max_rows, field)
            grid.append([cell.strip() for cell in cells[:MAX_COLUMNS]])
    except csv.Error as error:
        raise _no_csv(field) from error
    return _table("CSV", grid, (), columns, field, max_rows, None)


def _no_csv(field: str) -> SpreadsheetError:
    return SpreadsheetError(
        _("文件无法读取，请用表格软件另存为 CSV（UTF-8）后再上传"),
        field=field,
        rule="sheet.unreadable",
    )


def _too_many_rows(max_rows: int, field: str) -> SpreadsheetError:
    return SpreadsheetError(
        _("最多 %(n)s 行，请分成几份文件", n=max_rows), field=field, rule="sheet.rows"
    )


def _table(
    name: str,
    grid: list[list[Any]],
    errors: Iterable[tuple[int, str]],
    columns: Sequence[Column],
    field: str,
    max_rows: int,
    progress: Callable[[int, int], None] | None,
) -> Table:
    start, places = _heading(grid, columns, field)
    table = Table(
        name,
        start + 1,
        {key: letter_of(place) for key, place in places.items()},
        {column.key: column.title for column in columns},
    )
    known = set(places.values())
    for place, text in enumerate(grid[start]):
        if _plain(text) and place not in known:
            table.problems.append(
                Problem(start + 1, letter_of(place), _plain(text), N_("没有这一栏，请按模板填写"))
            )
    faulty: dict[int, set[str]] = {}
    for row_number, letter in errors:
        faulty.setdefault(row_number, set()).add(letter)
    body = grid[start + 1 :]
    for offset, raw in enumerate(body):
        if progress is not None and offset % _EVERY == 0:
            progress(offset, len(body))
        number = start + 2 + offset
        broken = faulty.get(number, set())
        if not broken and all(value == "" or value is None for value in raw):
            continue
        table.rows.append(_row(table, columns, places, number, raw, broken))
        if len(table.rows) > max_rows:
            raise _too_many_rows(max_rows, field)
    if not table.rows:
        raise SpreadsheetError(
            _("表头下面没有内容，请填写后再上传"), field=field, rule="sheet.empty"
        )
    if progress is not None:
        progress(len(body), len(body))
    return table


def _row(
    table: Table,
    columns: Sequence[Column],
    places: dict[str, int],
    number: int,
    raw: list[Any],
    broken: set[str],
) -> Row:
    row = Row(number, {})
    for column in columns:
        place = places.get(column.key)
        row.values[column.key] = None
        if place is None:
            continue
        if table.letters[column.key] in broken:
            table.complain(row, column.key, N_("公式出错，请改成数值"))
            continue
        try:
            row.values[column.key] = value_of(column, raw[place] if place < len(raw) else "")
        except BadCell as error:
            table.complain(row, column.key, error.text, **dict(error.values))
    return row


def _grid(content: bytes, sheet: str | None, field: str) -> tuple[str, list[list[Any]]]:
    book = _opened(content, field)
    names = book.sheet_names
    if not names:
        raise SpreadsheetError(_("文件里没有工作表"), field=field, rule="sheet.none")
    name = sheet if sheet in names else names[0]
    return name, _cells_of(book, name, field)


def _opened(content: bytes, field: str) -> python_calamine.CalamineWorkbook:
    try:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except python_calamine.PasswordError as error:
        raise SpreadsheetError(
            _("文件设有密码，请取消密码后再上传"), field=field, rule="sheet.password"
        ) from error
    except python_calamine.CalamineError as error:
        raise _unreadable(field) from error


def _cells_of(book: python_calamine.CalamineWorkbook, name: str, field: str) -> list[list[Any]]:
    try:
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise _unreadable(field) from error


def _unreadable(field: str) -> SpreadsheetError:
    return SpreadsheetError(
        _("文件无法读取，请用表格软件另存为 .xlsx 后再上传"),
        field=field,
        rule="sheet.unreadable",
    )


def _heading(
    grid: list[list[Any]], columns: Sequence[Column], field: str
) -> tuple[int, dict[str, int]]:
    """The row of the heading and where each column stands; the row that has most of them."""
    best: tuple[int, dict[str, int]] = (0, {})
    for number, row in enumerate(grid[:_HEAD_ROWS]):
        titles = [_plain(value) for value in row]
        places = {c.key: titles.index(c.title) for c in columns if c.title in titles}
        if len(places) > len(best[1]):
            best = number, places
            doubled = [c.title for c in columns if titles.count(c.title) > 1]
            if doubled:
                raise SpreadsheetError(
                    _("第 %(row)s 行的表头“%(title)s”出现了两次", row=number + 1, title=doubled[0]),
                    field=field,
                    rule="sheet.heading",
                )
    missing = [c.title for c in columns if c.required and c.key not in best[1]]
    if missing or not best[1]:
        raise SpreadsheetError(
            _(
                "找不到表头“%(titles)s”，请使用下载的模板填写",
                titles="、".join(missing or [column.title for column in columns[:3]]),
            ),
            field=field,
            rule="sheet.heading",
        )
    return best


def _plain(value: Any) -> str:
    return "".join(value.split()).rstrip("*＊") if isinstance(value, str) else ""
