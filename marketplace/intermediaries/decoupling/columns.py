"""The columns of the file the department in charge of reform hands over."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from marketplace.foundation.languages import N_
from marketplace.foundation.spreadsheets import Choice, Column, Row, Sheet, Table, workbook
from marketplace.sanctions.national.columns import check_code

SHEET = "未脱钩中介机构名单"
MAX_ROWS = 5_000
TO_FILL = 100
TIES = {"staff": "人员", "money": "资金", "management": "管理", "several": "多项"}
COLUMNS: tuple[Column, ...] = (
    Column(key="name", title="机构名称", required=True, longest=120, width=30),
    Column(
        key="credit_code",
        title="统一社会信用代码",
        required=True,
        longest=30,
        width=24,
        note="18 位，按登记证照填写",
    ),
    Column(key="department", title="所属或挂靠单位", required=True, longest=120, width=30),
    Column(
        key="tie",
        title="未脱钩事项",
        kind="choice",
        required=True,
        choices=tuple(Choice(code, title) for code, title in TIES.items()),
        width=14,
    ),
    Column(key="note", title="说明", longest=200, width=40),
)


@dataclass(frozen=True)
class Tied:
    """One row: a body, whose it still is, and by what."""

    name: str
    credit_code: str
    department: str
    tie: str
    note: str = ""

    def as_record(self) -> dict[str, str]:
        """Plain values to be stored."""
        return asdict(self)


def template() -> bytes:
    """An empty file to fill in."""
    return workbook([Sheet(SHEET, COLUMNS, [], to_fill=TO_FILL)])


def rows_of(table: Table) -> list[Tied]:
    """What a table that was read says; what cannot stand is added to its problems."""
    for row in table.rows:
        check_code(table, row)
    return table.once_each(
        _tied,
        lambda tied: tied.credit_code,
        "credit_code",
        N_("与第 %(row)s 行重复：同一机构只列一次"),
    )


def _tied(row: Row) -> Tied:
    values: dict[str, Any] = row.values
    return Tied(**{column.key: values[column.key] or "" for column in COLUMNS})
