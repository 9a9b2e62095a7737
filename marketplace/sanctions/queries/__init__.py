"""Reads: what bars a firm now, cards, cases, blacklistings."""

from __future__ import annotations

from .bars import (
    BAR_TITLES,
    PUBLIC_CARDS,
    Bar,
    BarKind,
    barred_now,
    barred_organisation_ids,
    barring,
    bars,
    bars_of,
    blacklistings_in_force,
    standing,
)
from .decisions import (
    STANDING_CARDS,
    AppealPeriod,
    appeal_periods,
    card,
    cards_in_force,
    cards_of,
    cards_with,
    case,
    cases,
    cases_of,
    cases_with,
    follower_of,
    issued_cards,
)

__all__ = [
    "BAR_TITLES",
    "PUBLIC_CARDS",
    "STANDING_CARDS",
    "AppealPeriod",
    "Bar",
    "BarKind",
    "appeal_periods",
    "barred_now",
    "barred_organisation_ids",
    "barring",
    "bars",
    "bars_of",
    "blacklistings_in_force",
    "card",
    "cards_in_force",
    "cards_of",
    "cards_with",
    "case",
    "cases",
    "cases_of",
    "cases_with",
    "follower_of",
    "issued_cards",
    "standing",
]
