"""What lies between two scores of one ledger, line by line, summing exactly to the difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from marketplace.ratings.rules.entries import Entry
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.rules.scoring import Score, score

STEP = Decimal("0.0001")


class Cause(StrEnum):
    """Why a line adds something else on the later day."""

    CAME = "came"
    ENDED = "ended"
    AGED = "aged"
    EDITION = "edition"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Effect:
    """One line: the points an entry added on either day (None: it did not count), and what that
    moves the score. ``entry`` is None for the edition and for what rounding and the limits take."""

    cause: Cause
    entry: int | None
    before: Decimal | None
    after: Decimal | None
    points: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """Two scores, with everything that lies between their totals."""

    before: Score
    after: Score
    effects: tuple[Effect, ...]

    @property
    def points(self) -> Decimal:
        """The later total less the earlier; two decimals."""
        return (self.after.total or Decimal(0)) - (self.before.total or Decimal(0))


def compare(
    entries: Iterable[Entry],
    then: tuple[date, datetime, RatingPolicy],
    later: tuple[date, datetime, RatingPolicy],
) -> Difference:
    """The scores of two days, each given as day, moment of knowledge and policy in force.

    First the earlier policy is kept and every entry told with what it adds on either day, to
    0.0001; then the new policy is told as one line, if there is one; what the limits of a score
    and rounding take is the last line, so that the lines add up to the difference of the totals
    to the digit.
    """
    kept = list(entries)
    before = score(kept, then[2], then[0], then[1])
    unchanged = score(kept, then[2], later[0], later[1])
    after = score(kept, later[2], later[0], later[1]) if later[2] != then[2] else unchanged
    effects = list(_entries(before, unchanged))
    moved = _total(unchanged) - _total(before) - sum((each.points for each in effects), Decimal(0))
    if later[2] != then[2]:
        edition = _total(after) - _total(unchanged)
        effects.append(Effect(Cause.EDITION, None, None, None, edition))
    if moved:
        effects.append(Effect(Cause.ROUNDING, None, None, None, moved))
    return Difference(before, after, tuple(effects))


def points_by_entry(of: Score) -> dict[int, Decimal]:
    """What every entry that counts adds to a score, 12 decimals."""
    found = {line.entry: line.points for line in of.marks}
    found |= {line.entry: line.points for line in of.conduct}
    if of.inspection is not None:
        found[of.inspection.entry] = of.inspection.points
    return found


def _entries(before: Score, after: Score) -> Iterable[Effect]:
    old, new = points_by_entry(before), points_by_entry(after)
    for entry in sorted({*old, *new}):
        first, second = old.get(entry), new.get(entry)
        cause = Cause.CAME if first is None else Cause.ENDED if second is None else Cause.AGED
        moved = _held(second) - _held(first)
        if moved or cause is not Cause.AGED:
            yield Effect(cause, entry, first, second, moved)


def _held(points: Decimal | None) -> Decimal:
    return Decimal(0) if points is None else points.quantize(STEP, ROUND_HALF_UP)


def _total(of: Score) -> Decimal:
    return of.total or Decimal(0)
