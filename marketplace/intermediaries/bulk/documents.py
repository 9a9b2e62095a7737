"""The files officers download: an empty template, and their own file with its faults marked."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from marketplace.foundation.spreadsheets import Column, Problem, Sheet, marked, workbook

from .columns import CERTIFICATES, FIRMS, ITEMS, PEOPLE, Known, sheets

TO_FILL = 500
GUIDE = "填写说明"
_GUIDE = (
    Column(key="sheet", title="工作表", width=14),
    Column(key="column", title="栏目", width=26),
    Column(key="must", title="是否必填", width=12),
    Column(key="note", title="说明", longest=255, width=70),
)
HEADS = {
    FIRMS: "一家机构一行；红色表头为必填。代码、编号栏须为文本格式，不要合并单元格，不要隐藏行",
    CERTIFICATES: "一本证书一行，用统一社会信用代码对应“机构”表；承接后由管理机构核验",
    PEOPLE: "一人一证一行；同一执业证书只能登记在一家机构",
    ITEMS: "一家机构一个事项一行；承诺下浮率为百分数",
}


def template(known: Known) -> bytes:
    """An empty workbook to fill in, with a guide to every column."""
    columns = sheets(known)
    told = [
        {
            "sheet": name,
            "column": column.title,
            "must": "必填" if column.required else "选填",
            "note": str(column.note) or _in_short(column),
        }
        for name, those in columns.items()
        for column in those
    ]
    return workbook(
        [
            *(
                Sheet(name, those, [], head=[("说明", HEADS[name])], to_fill=TO_FILL)
                for name, those in columns.items()
            ),
            Sheet(GUIDE, _GUIDE, told),
        ]
    )


def _in_short(column: Column) -> str:
    if column.choices:
        return "从下拉列表中选择"
    if column.kind == "date":
        return "日期，例如 2026-03-02"
    return f"不超过 {column.longest} 个字" if column.kind == "text" else ""


def with_faults(content: bytes, name: str, problems: Sequence[tuple[str, Problem]]) -> bytes:
    """The uploaded file with every cell that cannot be used marked, and a list of them."""
    by_sheet: dict[str, list[Problem]] = {}
    for sheet, problem in problems:
        by_sheet.setdefault(sheet, []).append(problem)
    return marked(content, name, by_sheet, _("错误清单"), FIRMS)
