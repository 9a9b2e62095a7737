"""What would bring the next better grade: so many good marks, with or without an entry's end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.foundation.languages import joined
from marketplace.foundation.showing import show_date

from . import queries
from .explaining import Explanation
from .models import Capacity
from .rules.entries import Entry, Grade, MarkEntry, RaterSide
from .rules.policy import RatingPolicy
from .rules.scoring import total_on
from .waterfall import letter_of

MOST_MARKS = 20
ENDS = 3
BREADTH = 5


@dataclass(frozen=True)
class Way:
    """What it takes, from which day, to how much, and the grade that the score then stands for."""

    what: str
    day: date
    total: Decimal
    letter: Grade


def ways_up(
    explanation: Explanation,
    now: datetime,
    capacity: Capacity = Capacity.INTERMEDIARY,
) -> list[Way]:
    """The shortest ways to the next better letter: perfect marks alone, then fewer of them once an
    entry that costs points has ended; none where the score already stands for an A.

    A mark is taken to come tomorrow, each from another rater that has evaluated 5 organisations.
    """
    ledger = explanation.ledger
    if ledger is None or explanation.score is None or explanation.score.total is None:
        return []
    policy = explanation.edition.values
    wanted = _next(letter_of(explanation.score.total, policy), policy)
    if wanted is None:
        return []
    letter, least = wanted
    entries = ledger.entries
    side = RaterSide.FIRM if capacity is Capacity.OWNER else RaterSide.OWNER
    tomorrow = explanation.day + timedelta(days=1)
    ends: dict[date, list[str]] = {}
    for each in explanation.conduct:
        if each.line.points < 0:
            ends.setdefault(each.line.ends_on, []).append(str(each.title))
    found: list[Way] = []
    fewest = MOST_MARKS + 1
    for day in [tomorrow, *sorted(day for day in ends if day > tomorrow)[:ENDS]]:
        reached = _fewest(entries, policy, side, tomorrow, day, now, least, fewest)
        if reached is None:
            continue
        fewest, total = reached
        found.append(Way(_words(fewest, ends, tomorrow, day), day, total, letter))
        if not fewest:
            break
    return found


def _next(letter: Grade, policy: RatingPolicy) -> tuple[Grade, Decimal] | None:
    return {
        Grade.D: (Grade.C, policy.c_from),
        Grade.C: (Grade.B, policy.b_from),
        Grade.B: (Grade.A, policy.a_from),
    }.get(letter)


def _fewest(
    entries: list[Entry],
    policy: RatingPolicy,
    side: RaterSide,
    tomorrow: date,
    day: date,
    now: datetime,
    least: Decimal,
    below: int,
) -> tuple[int, Decimal] | None:
    """The smallest number of marks under ``below`` that reaches ``least`` on a day, and the score;
    a perfect mark never lowers one, so that halving finds it."""
    known = max(now, queries.start_of(day + timedelta(days=1)))

    def total(marks: int) -> Decimal:
        more = [
            MarkEntry(
                id=-number,
                takes_effect_on=tomorrow,
                recorded_at=now,
                side=side,
                rater=-number,
                breadth=BREADTH,
                value=Decimal(100),
                contract=-number,
            )
            for number in range(1, marks + 1)
        ]
        return total_on([*entries, *more], policy, day, known) or Decimal(0)

    low, high = 0, below - 1
    if high < 0 or total(high) < least:
        return None
    while low < high:
        middle = (low + high) // 2
        if total(middle) >= least:
            high = middle
        else:
            low = middle + 1
    return low, total(low)


def _words(marks: int, ends: dict[date, list[str]], tomorrow: date, day: date) -> str:
    waits = [
        _("%(what)s于 %(day)s 到期", what=joined(ends[each]), day=show_date(each))
        for each in sorted(ends)
        if tomorrow < each <= day
    ]
    if marks:
        waits.insert(0, _("再完成 %(count)s 份合同并各得满分评价", count=marks))
    return joined(waits)
