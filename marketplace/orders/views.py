"""All pages of orders: the owner's and the firm's."""

from __future__ import annotations

from . import firm_pages, owner_pages
from .blueprint import bp

__all__ = ["bp", "firm_pages", "owner_pages"]
