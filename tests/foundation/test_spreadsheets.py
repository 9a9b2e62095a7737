"""Spreadsheets: exact values out of cells, every fault told by cell, nothing unsafe opened."""

import io
import time
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from flask import Flask

from marketplace.foundation.errors import Invalid
from marketplace.foundation.spreadsheets import Choice, Column, Sheet, read_table, workbook

COLUMNS = (
    Column(key="code", title="事项代码", required=True),
    Column(key="name", title="事项名称", longest=10),
    Column(
        key="form",
        title="价格形式",
        kind="choice",
        choices=(Choice("market", "市场调节价"), Choice("government_set", "政府定价")),
    ),
    Column(key="high", title="最高收费", kind="number", decimals=2, maximum=Decimal(1000000)),
    Column(key="day", title="放开日期", kind="date"),
)
TITLES = [column.title for column in COLUMNS]
CODE_18 = "379800199001011234"


def sheet_of(*rows: list[Any], sheet: str = "清单", options: dict[str, Any] | None = None) -> bytes:
    """A workbook made as people make them; ``{"formula": text, "value": shown}`` is a formula."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, **(options or {})})
    page = book.add_worksheet(sheet)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(line, place, value, day)
            elif isinstance(value, dict):
                page.write_formula(line, place, value["formula"], None, value["value"])
            elif value is not None:
                page.write(line, place, value)
    book.close()
    return buffer.getvalue()


def test_values_come_exact(app: Flask) -> None:
    content = sheet_of(
        ["某市收费清单"],
        TITLES,
        [CODE_18, "  环评 ", "市场调节价", 0.1, date(2026, 3, 2)],
        [],
        [101, None, "government_set", "1,200.50", "2026年3月2日"],
        ["=1+1", "x", None, {"formula": "=2*3", "value": 6}, None],
    )
    with app.test_request_context():
        table = read_table(content, COLUMNS, field="file")
    assert table.problems == []
    assert table.heading_row == 2
    assert [row.number for row in table.rows] == [3, 5, 6]
    assert table.rows[0].values == {
        "code": CODE_18,
        "name": "环评",
        "form": "market",
        "high": Decimal("0.1"),
        "day": date(2026, 3, 2),
    }
    assert table.rows[1].values["code"] == "101"
    assert table.rows[1].values["high"] == Decimal("1200.50")
    assert table.rows[1].values["day"] == date(2026, 3, 2)
    assert table.rows[2].values["code"] == "=1+1"
    assert str(table.rows[2].values["high"]) == "6"


def test_every_fault_is_told_by_cell(app: Flask) -> None:
    content = sheet_of(
        TITLES,
        ["a", "好", "面议", "约三千", "2026-02-30"],
        [None, "一二三四五六七八九十甲", "政府定价", -1, "明天"],
        [379800199001011234, "b", None, 1.005, None],
        ["c", date(2026, 1, 2), None, {"formula": "=1/0", "value": "#DIV/0!"}, None],
    )
    with app.test_request_context():
        table = read_table(content, COLUMNS, field="file")
        told = [problem.message for problem in table.in_order()]
    assert told == [
        "第 2 行 C 列（价格形式）：“面议”不在可选范围内，应为：市场调节价、政府定价",
        "第 2 行 D 列（最高收费）：应为数字，得到“约三千”",
        "第 2 行 E 列（放开日期）：没有“2026-02-30”这一天",
        "第 3 行 A 列（事项代码）：不能为空",
        "第 3 行 B 列（事项名称）：最多 10 个字，现有 11 个",
        "第 3 行 D 列（最高收费）：不得小于 0",
        "第 3 行 E 列（放开日期）：应为日期，格式如 2026-03-02，得到“明天”",
        "第 4 行 A 列（事项代码）：数字位数过多，表格软件会丢失末位；请把单元格设为文本格式后重新填写",
        "第 4 行 D 列（最高收费）：最多 2 位小数",
        "第 5 行 B 列（事项名称）：被表格软件当成了日期；请把单元格设为文本格式后重新填写",
        "第 5 行 D 列（最高收费）：公式出错，请改成数值",
    ]
    assert table.problems[0].from_record(table.problems[0].as_record()) == table.problems[0]


def test_a_wrong_heading_is_told(app: Flask) -> None:
    with app.test_request_context():
        with pytest.raises(Invalid, match="找不到表头“事项代码”"):
            read_table(sheet_of(["代码", "名称"], ["a", "b"]), COLUMNS, field="file")
        with pytest.raises(Invalid, match="出现了两次"):
            read_table(sheet_of([*TITLES, "最高收费"], ["a"]), COLUMNS, field="file")
        with pytest.raises(Invalid, match="表头下面没有内容"):
            read_table(sheet_of(TITLES), COLUMNS, field="file")
        table = read_table(sheet_of([*TITLES, "押金"], ["a"]), COLUMNS, field="file")
        assert [p.cell for p in table.problems] == ["F1"]


SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def part_of(book: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return archive.read(name)


def replaced(
    book: bytes, *changes: tuple[str, bytes, bytes], packing: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """The workbook with a piece of some of its parts replaced once."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", packing) as new:
        for entry in old.namelist():
            part = old.read(entry)
            for name, before, after in changes:
                if entry == name:
                    assert before in part
                    part = part.replace(before, after, 1)
            new.writestr(entry, part)
    return out.getvalue()


def test_nothing_unsafe_is_opened(app: Flask) -> None:
    good = sheet_of(TITLES, ["a", "b"])

    def changed(name: str, part: bytes) -> bytes:
        return replaced(good, (name, part_of(good, name), part))

    sheet = SHEET
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        xml = archive.read(sheet)
    corner = xml.replace(
        b"</sheetData>",
        b"<row r='1048576'><c r = 'XFD1048576'><v>1</v></c></row></sheetData>",
    )
    styled = corner.replace(b"<v>1</v></c></row></sheetData>", b"</c></row></sheetData>")
    wide = xml.replace(b"</row>", b"<c r='XFD1' t='str'><v>1</v></c></row>", 1)
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml.partition(b"?>")[2]
    with app.test_request_context():
        for part, words in (
            (corner, "表格超过"),
            (wide, "表格超过 100 列"),
            (entity, "文件无法读取"),
            (b"<broken", "文件无法读取"),
            (b"<a>" + b" " * (70 * 1024 * 1024) + b"</a>", "展开后超过 64 MB"),
        ):
            with pytest.raises(Invalid, match=words):
                read_table(changed(sheet, part), COLUMNS, field="file")
        for junk in (b"PK\x03\x04" + b"x" * 50, good[:-40], b"%PDF-1.7"):
            with pytest.raises(Invalid, match="文件无法读取"):
                read_table(junk, COLUMNS, field="file")
        assert len(read_table(changed(sheet, styled), COLUMNS, field="file").rows) == 1
        with pytest.raises(Invalid, match="最多 3 行"):
            read_table(sheet_of(TITLES, *[["a"]] * 4), COLUMNS, field="file", max_rows=3)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'r="A2"', b'r="xfd1048576"'),
        (b'r="A2"', b'r="A01048576"'),
        (b'r="A2"', b'r=""'),
        (b'<row r="2"', b'<row r="0"'),
        (b'<row r="2"', b'<row r="1e6"'),
        (b'encoding="UTF-8"', b'encoding="foo"'),
        (b'encoding="UTF-8"', b'encoding="cp037"'),
        (b"<worksheet", b'<!DOCTYPE w [<!ATTLIST row r CDATA "1">]><worksheet'),
        (b"<v>0</v>", b"<v>99</v>"),
        (b"<v>0</v>", b'<c t="n"/><v>0</v>'),
        (b"<v>0</v>", b"<v>0<v/></v>"),
    ],
)
def test_what_a_reader_may_take_otherwise_is_refused(
    app: Flask, before: bytes, after: bytes
) -> None:
    content = replaced(sheet_of(TITLES, ["a", "b"]), (SHEET, before, after))
    with app.test_request_context(), pytest.raises(Invalid, match="文件无法读取") as refused:
        read_table(content, COLUMNS, field="file")
    assert (refused.value.field, refused.value.rule) == ("file", "sheet.unreadable")


def test_an_archive_that_cannot_be_unpacked_is_told(app: Flask) -> None:
    good = sheet_of(TITLES, ["a", "b"])
    damaged = bytearray(replaced(good, packing=zipfile.ZIP_LZMA))
    with zipfile.ZipFile(io.BytesIO(bytes(damaged))) as archive:
        place = archive.getinfo(SHEET).header_offset + 30 + len(SHEET) + 20
    damaged[place : place + 40] = b"\xff" * 40
    name = b"docProps/app.xml"
    nameless = bytearray(good)
    at = nameless.rindex(name)
    nameless[at : at + 4] = b"\xff\xfe\xff\xfe"
    flags = at - 46 + 8
    nameless[flags + 1] |= 0x08
    with app.test_request_context():
        for content in (bytes(damaged), replaced(good, packing=zipfile.ZIP_BZIP2), bytes(nameless)):
            with pytest.raises(Invalid, match="文件无法读取"):
                read_table(content, COLUMNS, field="file")
        out = io.BytesIO(good)
        with zipfile.ZipFile(out, "a") as archive:
            for number in range(500):
                archive.writestr(f"xl/media/{number}.png", b"")
        with pytest.raises(Invalid, match="图片、附件等过多"):
            read_table(out.getvalue(), COLUMNS, field="file")


def test_a_text_that_cells_share_counts_for_each_of_them(app: Flask) -> None:
    good = sheet_of(TITLES, ["a", "b"])
    first = b"<t>" + TITLES[0].encode() + b"</t>"
    cells = b"".join(b'<row r="%d"><c t="s"><v>0</v></c></row>' % n for n in range(3, 803))

    def shared(text: str) -> bytes:
        return replaced(
            good,
            (STRINGS, first, b"<t>" + text.encode() + b"</t>"),
            (SHEET, b"</sheetData>", cells + b"</sheetData>"),
        )

    many = b"<c/>" * (23 * 100 + 1)
    with app.test_request_context():
        with pytest.raises(Invalid, match="有单元格超过 32767 个字"):
            read_table(shared("长" * 32_768), COLUMNS, field="file")
        with pytest.raises(Invalid, match="展开后超过 64 MB"):
            read_table(shared("长" * 32_000), COLUMNS, field="file")
        # 800 cells of 3,000 characters, three bytes each, are seven megabytes
        with pytest.raises(Invalid, match="找不到表头"):
            read_table(shared("长" * 3_000), COLUMNS, field="file")
        empty = replaced(good, (SHEET, b"</row></sheetData>", many + b"</row></sheetData>"))
        with pytest.raises(Invalid, match="表格超过 23 行"):
            read_table(empty, COLUMNS, field="file", max_rows=3)


def test_numbers_without_end_are_told_by_cell(app: Flask) -> None:
    book = sheet_of(TITLES, [1, None, None, 2, date(2026, 3, 2)], [1, None, None, 2, None])
    cells = [b'<c r="A2"><v>1<', b'<c r="D2"><v>2<', b'<c r="D3"><v>2<']
    odd = [b'<c r="A2"><v>NaN<', b'<c r="D2"><v>1e999<', b'<c r="D3"><v>NaN<']
    content = replaced(book, *((SHEET, *pair) for pair in zip(cells, odd, strict=True)))
    content = replaced(content, (SHEET, b"<v>46083</v>", b"<v>1e999</v>"))
    with app.test_request_context():
        table = read_table(content, COLUMNS, field="file")
        told = {problem.cell: problem.reason for problem in table.in_order()}
    assert set(told) == {"A2", "D2", "E2", "D3"}
    assert "应为数字" in told["D2"]
    assert "应为数字" in told["D3"]
    assert "无法识别的数值" in told["A2"]


def test_what_is_written_reads_back_and_is_no_formula(app: Flask) -> None:
    rows = [
        {"code": CODE_18, "name": "=cmd()", "form": "market", "high": Decimal("0.30")},
        {"code": "b", "high": Decimal("123456.78"), "day": date(2026, 3, 2)},
    ]
    content = workbook(
        [Sheet("清单", COLUMNS, rows, title="收费清单", head=[("生效", "2026-03-02")], to_fill=50)]
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    assert b"<dataValidation " in xml
    with app.test_request_context():
        table = read_table(content, COLUMNS, field="file", sheet="清单")
    assert table.problems == []
    assert table.heading_row == 3
    for row, given in zip(table.rows, rows, strict=True):
        assert {key: value for key, value in row.values.items() if value is not None} == given


def test_five_thousand_rows_are_read_at_once(app: Flask) -> None:
    rows = [[f"s{n}", "环评", "市场调节价", n / 100, "2026-03-02"] for n in range(5000)]
    content, seen = sheet_of(TITLES, *rows), []
    begun = time.process_time()
    with app.test_request_context():
        table = read_table(
            content, COLUMNS, field="file", progress=lambda done, total: seen.append((done, total))
        )
    assert len(table.rows) == 5000
    assert time.process_time() - begun < 10
    assert seen[0] == (0, 5000)
    assert seen[-1] == (5000, 5000)
    assert len(seen) > 19
