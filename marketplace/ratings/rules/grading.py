"""The grade in force: a fold over evaluation days, scores and decision entries (section 10).

Days on which an entry takes effect or ends, and one day of each month, are evaluated; between them
the grade stands. Each evaluation gives a *called-for* grade:

* B or C (or ungraded, when reversals leave too little evidence) comes into force by itself, by
  default the next day;
* A or D, also as a first grade, must be proposed, confirmed and published; until it is in force
  the grade that is in force stands. Two things the rules leave open are settled so: a firm in A
  whose score falls below C steps down to B while its D is decided, since A is left below 88; and
  where a proposal was rejected the firm is graded B instead of A, or C instead of D (by its score
  where the D was proposed on a veto), until its score leaves the rejected grade.

Within one day: decisions on the open proposal take effect, then changes that are due come into
force, then the day is evaluated, and last come proposals of that day with what follows them. A
decision on a proposal that is not open has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime

from marketplace.ratings.rules.entries import Entry, Grade
from marketplace.ratings.rules.folding import Fold
from marketplace.ratings.rules.grades import GradeInForce
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy, policy_on
from marketplace.ratings.rules.standing import known


def grade_in_force(
    entries: Iterable[Entry],
    policies: Sequence[DatedPolicy],
    day: date,
    known_at: datetime,
) -> GradeInForce:
    """The grade in force on `day`, from the entries recorded by `known_at`.

    `policies` are the register's editions in order of date; each day uses the one in force on it,
    and days before the first are not evaluated.
    """
    fold = Fold(known(entries, known_at), policies, day)
    fold.run()
    return fold.result(known_at)


def with_and_without(
    entries: Iterable[Entry],
    gone: Set[int],
    policies: Sequence[DatedPolicy],
    day: date,
    known_at: datetime,
) -> tuple[GradeInForce, GradeInForce]:
    """The grade in force on a day with all entries, and with those of the ids `gone` left out.

    The days before the first of them are folded once for both.
    """
    found = known(entries, known_at)
    fold = Fold(found, policies, day)
    first = min((entry.takes_effect_on for entry in found if entry.id in gone), default=None)
    if first is not None:
        fold.walk(first)
    other = fold.without(gone)
    fold.run()
    other.run()
    return fold.result(known_at), other.result(known_at)


@dataclass(frozen=True, slots=True)
class Tried:
    """What two editions call for on a day, from the same grade in force (hundredths: the score)."""

    grade: Grade
    before: Grade
    before_hundredths: int | None
    after: Grade
    after_hundredths: int | None


def try_edition(
    entries: Iterable[Entry],
    policies: Sequence[DatedPolicy],
    tried: RatingPolicy,
    day: date,
    known_at: datetime,
) -> Tried:
    """What a day's own edition and another call for on it; raises LookupError where none is in
    force. Decisions, vetoes and the grade in force stand as they are under both."""
    dated = policy_on(policies, day)
    if dated is None:
        raise LookupError(f"no edition in force on {day}")
    # the tried edition may look further back: nothing it needs is forgotten on the way
    fold = Fold(known(entries, known_at), policies, day)
    fold.longest = max(fold.longest, tried.mark_months, tried.a_months)
    fold.run()
    before, before_hundredths = fold.called_under(dated.policy, day)
    after, after_hundredths = fold.called_under(tried, day)
    return Tried(fold.grade, before, before_hundredths, after, after_hundredths)
