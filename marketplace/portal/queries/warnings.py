"""What stands against firms now: grades C and D, cards, blacklistings, as the public may read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import joinedload

from marketplace.accounts.areas import Area
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.ratings import queries as ratings
from marketplace.ratings.rules.entries import Grade
from marketplace.sanctions import queries as sanctions
from marketplace.sanctions.consequences import words_of
from marketplace.sanctions.models import Blacklisting, Card

from . import firms


@dataclass(frozen=True)
class Warnings:
    """The warning list of an area; ended matters are not in it."""

    blacklisted: Sequence[Blacklisting]
    cards: Sequence[Card]
    grade_c: Sequence[Row[Any]]
    grade_d: Sequence[Any]
    # what follows from either grade, in words
    after_c: str = ""
    after_d: str = ""

    def __bool__(self) -> bool:
        return bool(self.blacklisted or self.cards or self.grade_c or self.grade_d)


def in_force(area: Area, now: datetime, limit: int = 10) -> Warnings:
    """What is in force in an area, above it or below it, the newest first."""
    places = {*area.lineage, *area.below}
    blacklisted = (
        sanctions.blacklistings_in_force(now)
        .where(Blacklisting.jurisdiction_code.in_(places))
        .options(joinedload(Blacklisting.organisation))
        .limit(limit)
    )
    today = clock.local_day(now)
    grade_c = firms.warned(area.register or area.code, now)
    grade_d = ratings.graded((area.register or area.code,), Grade.D, limit)
    return Warnings(
        blacklisted=db.session.scalars(blacklisted).all(),
        cards=[
            card
            for card in sanctions.cards_in_force(now, limit=100)
            if card.jurisdiction_code in places
        ][:limit],
        grade_c=grade_c,
        grade_d=grade_d,
        after_c=words_of(Grade.C, area.lineage, today) if grade_c else "",
        after_d=words_of(Grade.D, area.lineage, today) if grade_d else "",
    )
