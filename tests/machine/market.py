"""The market as a state machine: real actions in any order, everything asked after each of them."""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis.stateful import invariant
from sqlalchemy import select

from marketplace.fees import access as fee_access
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.foundation.db import db
from marketplace.foundation.errors import Missing
from marketplace.foundation.tasks import DueFailure
from marketplace.selection.models import (
    Entry,
    RoundStatus,
    SelectionRound,
)
from marketplace.supervision import invariants
from tests.machine.reckoning import wrong_scores

from .moves import buying, marking, supervising

# what the clock does is asked where time passes
ASKED = set(invariants.STATEMENTS) | set(invariants.CHECKS)


class Market(buying.Buying, marking.Marking, supervising.Supervising):
    """Everybody's moves together, and what holds after each of them."""

    asked: ClassVar[dict[str, Any]] = {
        **buying.POSSIBLE,
        **marking.POSSIBLE,
        **supervising.POSSIBLE,
    }
    always: ClassVar[tuple[str, ...]] = (
        "wait",
        "post",
        "rate",
        "card",
        "report",
        "inspect",
        "appoint",
        "serve",
    )

    @invariant()
    def everything_holds(self) -> None:
        """Every invariant of the data, and nothing that the clock failed at."""
        asked = ASKED if self.settled else ASKED - {"I27"}
        with self.app.app_context():
            found = list(map(str, invariants.broken(asked)))
            failed = [
                f"{row.work} {row.subject_id}: {row.error}"
                for row in db.session.scalars(select(DueFailure))
            ]
            scores = list(wrong_scores())
            readable = self._quotes_read_early()
            db.session.rollback()
        assert not found, found
        assert not failed, failed
        assert not scores, scores
        assert not readable, readable

    def _quotes_read_early(self) -> list[str]:
        """Quotes of needs still open that an officer or another firm can read."""
        quotes = db.session.execute(
            select(PriceCheck.public_id, Entry.organisation_id)
            .join(Entry, Entry.price_check_id == PriceCheck.id)
            .join(SelectionRound, SelectionRound.id == Entry.round_id)
            .where(SelectionRound.status == RoundStatus.OPEN, PriceCheck.stage == Gate.QUOTE)
        ).all()
        readers = [self.world.officer("operator"), self.world.officer("supervisor"), None]
        readers += [self.firm(number).actor for number in range(2)]
        found = []
        for public_id, organisation_id in quotes:
            for reader in readers:
                if reader is not None and reader.organisation_id == organisation_id:
                    continue
                try:
                    fee_access.check_for(reader, public_id)
                except Missing:
                    continue
                found.append(f"price check {public_id}")
        return found
