"""How much of a story somebody may read."""

from __future__ import annotations

from enum import StrEnum


class View(StrEnum):
    """How much of the story of a need somebody may read."""

    OWNER = "owner"
    OFFICER = "officer"
    WINNER = "winner"  # the firm of the contract
    ENTRANT = "entrant"  # a firm that entered and was not chosen
