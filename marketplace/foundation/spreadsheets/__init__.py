"""Spreadsheets (.xlsx): what people upload, read exactly and told by cell; what they download."""

from .columns import Choice, Column, Problem
from .reading import MAX_ROWS, Row, SpreadsheetError, Table, read_csv, read_table
from .writing import Sheet, workbook

__all__ = [
    "MAX_ROWS",
    "Choice",
    "Column",
    "Problem",
    "Row",
    "Sheet",
    "SpreadsheetError",
    "Table",
    "read_csv",
    "read_table",
    "workbook",
]
