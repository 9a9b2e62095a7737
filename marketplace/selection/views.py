"""All pages of choosing a firm: the firm's, the owner's, the offices', everybody's."""

from __future__ import annotations

from marketplace.accounts import revealing

from . import firm_pages, office_pages, owner_pages, public_pages
from .asking import pages as asking_pages
from .asking.access import asker_of
from .blueprint import bp
from .experts import pages as expert_pages
from .judging import pages as judging_pages
from .keyholding import pages as key_pages
from .personal import contact_of_need, contact_of_winner
from .preparing import pages as preparing_pages
from .talks import pages as talk_pages

revealing.subject("need", contact_of_need)
revealing.subject("award", contact_of_winner)
revealing.subject("question", asker_of)

__all__ = [
    "asking_pages",
    "bp",
    "expert_pages",
    "firm_pages",
    "judging_pages",
    "key_pages",
    "office_pages",
    "owner_pages",
    "preparing_pages",
    "public_pages",
    "talk_pages",
]
