"""The pages of the register: the firm's own and the offices'."""

from __future__ import annotations

from . import firm_pages, office_pages
from .blueprint import bp

__all__ = ["bp", "firm_pages", "office_pages"]
