"""The pages of the register: the firm's own and the offices'."""

from __future__ import annotations

from marketplace.accounts import revealing

from . import firm_pages, list_effects, office_pages, record_pages
from .blueprint import bp
from .bulk import pages as bulk_pages
from .decoupling import pages as decoupling_pages
from .drafting import pages as drafting_pages
from .file import pages as file_pages
from .hall import call_pages, desk_pages, own_pages
from .hall import pages as hall_pages
from .likeness import pages as likeness_pages
from .personal import person_of_firm

revealing.subject("firm", person_of_firm)

__all__ = [
    "bp",
    "bulk_pages",
    "call_pages",
    "decoupling_pages",
    "desk_pages",
    "drafting_pages",
    "file_pages",
    "firm_pages",
    "hall_pages",
    "likeness_pages",
    "list_effects",
    "office_pages",
    "own_pages",
    "record_pages",
]
