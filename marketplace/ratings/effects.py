"""What one entry of the ledger does to one grade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, select

from marketplace.foundation import epoch
from marketplace.foundation.db import fetch
from marketplace.foundation.errors import Missing

from . import queries, streaming
from .models import RatingEntry, RatingSubject
from .rules.entries import ReversingEntry
from .rules.grades import GradeState
from .rules.grading import with_and_without
from .rules.policy import DatedPolicy

_LEDGER_OF = (
    select(*streaming.COLUMNS, RatingSubject.register)
    .join(RatingSubject, RatingSubject.id == RatingEntry.subject_id)
    .where(
        RatingEntry.subject_id
        == select(RatingEntry.subject_id)
        .where(RatingEntry.id == bindparam("entry_id"))
        .correlate(None)
        .scalar_subquery()
    )
    .order_by(RatingEntry.id)
)


@dataclass(frozen=True, slots=True)
class Effect:
    """What holds on a day with an entry, and what would hold had it never been posted."""

    entry_id: int
    present: GradeState
    without: GradeState

    @property
    def hundredths(self) -> int | None:
        """By how much the entry moves the score; None where one of both has none."""
        if self.present.hundredths is None or self.without.hundredths is None:
            return None
        return self.present.hundredths - self.without.hundredths


def effect_of(entry_id: int, day: date, known_at: datetime) -> Effect:
    """The effect of one entry on the grade of its subject on a day, as known at a moment.

    Without the entry its reversals go as well. What officers decided on A and D stands as it is:
    nobody knows what they would have decided. Raises Missing.
    """
    rows = fetch(_LEDGER_OF, entry_id=entry_id)
    if not rows:
        raise Missing(f"rating entry {entry_id}")
    policies = _policies(rows[0].register)
    entries = [queries.as_entry(row) for row in rows]
    gone = {entry_id}
    for entry in entries:
        if isinstance(entry, ReversingEntry) and entry.reverses in gone:
            gone.add(entry.id)
    present, without = with_and_without(entries, gone, policies, day, known_at)
    return Effect(entry_id, present.state_on(day), without.state_on(day))


@epoch.remembered
def _policies(register: str) -> list[DatedPolicy]:
    return queries.policies_of(register)
