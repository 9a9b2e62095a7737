"""All pages of sanctions: the lists, cards and cases with their steps, appeals, credit repair."""

from __future__ import annotations

from . import card_pages, case_pages, list_pages
from .appeals import pages as appeal_pages
from .blueprint import bp
from .measures import pages as measure_pages
from .repairs import pages as repair_pages

__all__ = [
    "appeal_pages",
    "bp",
    "card_pages",
    "case_pages",
    "list_pages",
    "measure_pages",
    "repair_pages",
]
