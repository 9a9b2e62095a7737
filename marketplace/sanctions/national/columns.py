"""The columns of the national list's file, and what its rows must say together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from marketplace.accounts import credit_code
from marketplace.foundation.errors import Invalid
from marketplace.foundation.languages import N_
from marketplace.foundation.spreadsheets import Column, Row, Sheet, Table, workbook

SHEET = "国家严重失信主体名单"
MAX_ROWS = 5_000
TO_FILL = 200
COLUMNS: tuple[Column, ...] = (
    Column(key="name", title="主体名称", required=True, longest=120, width=30),
    Column(
        key="credit_code",
        title="统一社会信用代码",
        required=True,
        longest=30,
        width=24,
        note="18 位，按登记证照填写",
    ),
    Column(
        key="list_name",
        title="名单名称",
        required=True,
        longest=120,
        width=30,
        note="例如 重大税收违法失信主体名单",
    ),
    Column(key="authority", title="认定机关", required=True, longest=120, width=24),
    Column(key="document", title="认定文书号", required=True, longest=120, width=26),
    Column(key="listed_on", title="列入日期", kind="date", required=True, width=14),
    Column(
        key="until_on",
        title="截止日期",
        kind="date",
        required=True,
        width=14,
        note="公布期的最后一日",
    ),
)


@dataclass(frozen=True)
class Listing:
    """One row: a body on one list by one document; days as the source gives them, both included."""

    name: str
    credit_code: str
    list_name: str
    authority: str
    document: str
    listed_on: date
    until_on: date

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same listing in a later import."""
        return (self.credit_code, self.list_name, self.document)

    def as_record(self) -> dict[str, str]:
        """Plain values to be stored."""
        return {key: str(value) for key, value in asdict(self).items()}

    @classmethod
    def from_record(cls, record: dict[str, str]) -> Listing:
        """The row ``as_record`` was made of."""
        days = {key: date.fromisoformat(record[key]) for key in ("listed_on", "until_on")}
        return cls(**{**record, **days})  # type: ignore[arg-type]


def template() -> bytes:
    """An empty file to fill in."""
    return workbook([Sheet(SHEET, COLUMNS, [], to_fill=TO_FILL)])


def rows_of(table: Table, today: date) -> list[Listing]:
    """What a table that was read says; what cannot stand is added to its problems."""
    for row in table.rows:
        check_code(table, row)
        _check_days(table, row, today)
    return table.once_each(
        _listing,
        lambda listing: listing.key,
        "document",
        N_("与第 %(row)s 行重复：同一主体、同一名单、同一文书只列一次"),
    )


def _listing(row: Row) -> Listing:
    values: dict[str, Any] = row.values
    return Listing(**{column.key: values[column.key] for column in COLUMNS})


def check_code(table: Table, row: Row) -> None:
    """Keep a row's credit code as it is written in full, or complain of its cell."""
    text = row.values["credit_code"]
    if not isinstance(text, str):
        return
    try:
        row.values["credit_code"] = credit_code.checked(text)
    except Invalid:
        table.complain(
            row,
            "credit_code",
            N_("统一社会信用代码校验未通过，请逐位核对登记证照（不含字母 I、O、Z、S、V）"),
        )


def _check_days(table: Table, row: Row, today: date) -> None:
    first, last = row.values["listed_on"], row.values["until_on"]
    if isinstance(first, date) and first > today:
        table.complain(row, "listed_on", N_("列入日期不得晚于今天"))
    if not isinstance(last, date):
        return
    if isinstance(first, date) and last < first:
        table.complain(row, "until_on", N_("截止日期不得早于列入日期"))
    elif last < today:
        table.complain(row, "until_on", N_("截止日期已过，不应再列入"))
