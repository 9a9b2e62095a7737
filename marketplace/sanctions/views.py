"""All pages of sanctions: the lists, cards and cases with their steps."""

from __future__ import annotations

from . import card_pages, case_pages, list_pages
from .blueprint import bp

__all__ = ["bp", "card_pages", "case_pages", "list_pages"]
