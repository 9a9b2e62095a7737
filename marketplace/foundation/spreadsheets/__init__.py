"""Spreadsheets (.xlsx): what people upload, read exactly and told by cell; what they download."""

from .columns import Choice, Column, Problem
from .marking import marked
from .reading import MAX_ROWS, Book, Row, SpreadsheetError, Table, read_book, read_csv, read_table
from .writing import Sheet, workbook

__all__ = [
    "MAX_ROWS",
    "Book",
    "Choice",
    "Column",
    "Problem",
    "Row",
    "Sheet",
    "SpreadsheetError",
    "Table",
    "marked",
    "read_book",
    "read_csv",
    "read_table",
    "workbook",
]
