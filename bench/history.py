"""Three years of dealings between some firms and owners, and the grades that follow from them.

Pure: no database. The grades are those of the rules of `marketplace.ratings`, evaluated over the
same entries that are filled in afterwards. One such history is filled in many times over, under
other firms and owners each time, so that 20,000 firms need the rules' work of 400.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marketplace.evaluations.rules import Direction
from marketplace.foundation.calendar import moment
from marketplace.foundation.clock import local_day
from marketplace.ratings.rules.entries import (
    DecisionEntry,
    DecisionStep,
    Entry,
    Grade,
    MarkEntry,
    RaterSide,
)
from marketplace.ratings.rules.evaluation_days import next_day
from marketplace.ratings.rules.grades import DueDecision, GradeState
from marketplace.ratings.rules.grading import grade_in_force
from marketplace.ratings.rules.policy import DatedPolicy, policy_on
from marketplace.ratings.rules.weights import add_months

LONGEST_BACK = timedelta(days=1000)
# how many contracts a firm has had: most have few, some have many
SHARES = ((25, 0, 0), (30, 1, 3), (30, 4, 8), (12, 9, 20), (3, 20, 40))
_ROUNDS = 8


@dataclass(frozen=True)
class Deal:
    """A contract that was evaluated by both sides, revealed at an instant."""

    firm: int
    owner: int
    at: datetime
    firm_marks: dict[str, int]
    owner_marks: dict[str, int]


@dataclass
class Party:
    """A firm or an owner: its entries in order and what the rules make of them."""

    entries: list[Entry] = field(default_factory=list)
    states: list[GradeState] = field(default_factory=list)
    next_day: date | None = None

    @property
    def grade(self) -> Grade:
        """The grade in force at the end."""
        return self.states[-1].grade if self.states else Grade.UNGRADED

    @property
    def hundredths(self) -> int | None:
        """The last score."""
        return self.states[-1].hundredths if self.states else None


@dataclass
class History:
    """Deals in order of time; firms and owners by number; `order` ranks all entries by time."""

    deals: list[Deal]
    firms: list[Party]
    owners: list[Party]
    order: dict[int, int] = field(default_factory=dict)


def make(
    firms: int,
    owners: int,
    policies: Sequence[DatedPolicy],
    now: datetime,
    today: date,
    each: int = 5,
    more: Callable[[History, set[int]], None] | None = None,
) -> History:
    """A history of `each` evaluated contracts for each firm on average, the same every time.

    `more` may add entries before anybody is graded; it is given the numbers in use.
    """
    chance = random.Random(20260301)  # noqa: S311
    first = max(today - LONGEST_BACK, policies[0].effective_from)
    deals = _deals(firms, owners, first, today, chance, firms * each)
    history = History(deals, [Party() for _ in range(firms)], [Party() for _ in range(owners)])
    _post(history, policies)
    taken = {number_at(deal.at, side) for deal in deals for side in (False, True)}
    if more is not None:
        more(history, taken)
    for decides, parties in ((True, history.firms), (False, history.owners)):
        for party in parties:
            _grade(party, policies, now, today, taken if decides else None)
    numbers = sorted(
        entry.id for party in (*history.firms, *history.owners) for entry in party.entries
    )
    history.order = {number: rank for rank, number in enumerate(numbers)}
    return history


def _deals(
    firms: int, owners: int, first: date, today: date, chance: random.Random, wanted: int
) -> list[Deal]:
    counts = [_count(chance) for _ in range(firms)]
    while sum(counts) != wanted:
        place = chance.randrange(firms)
        counts[place] += 1 if sum(counts) < wanted else -1 if counts[place] else 0
    # distinct seconds: the number of an entry is the moment it was posted
    end = moment(today - timedelta(days=2), time(18, 0))
    span = int((end - moment(first, time(9, 0))).total_seconds())
    seconds = iter(sorted(chance.sample(range(span), wanted), reverse=True))
    made = []
    sellers = [firm for firm, count in enumerate(counts) for _ in range(count)]
    chance.shuffle(sellers)
    quality = [chance.choice((3.4, 4.0, 4.4, 4.7, 4.9)) for _ in range(firms)]
    for firm in sellers:
        at = end - timedelta(seconds=next(seconds))
        made.append(
            Deal(
                firm,
                chance.randrange(owners),
                at,
                _marks(Direction.OWNER_TO_FIRM, quality[firm], chance),
                _marks(Direction.FIRM_TO_OWNER, 4.5, chance),
            )
        )
    return made


def _count(chance: random.Random) -> int:
    low, high = chance.choices([each[1:] for each in SHARES], [each[0] for each in SHARES])[0]
    return chance.randint(low, high)


def _marks(direction: Direction, mean: float, chance: random.Random) -> dict[str, int]:
    return {part: max(1, min(5, round(chance.gauss(mean, 0.6)))) for part in direction.parts}


def number_at(instant: datetime, second: bool = False) -> int:
    """The number of an entry while the history is made: its moment, so that order is time."""
    return int(instant.timestamp()) * 2 + int(second)


def _post(history: History, policies: Sequence[DatedPolicy]) -> None:
    """One mark of each side for each deal, with the rater's breadth counted as at posting."""
    rated: dict[tuple[RaterSide, int], list[tuple[date, int]]] = defaultdict(list)
    for number, deal in enumerate(history.deals):
        day = local_day(deal.at)
        dated = policy_on(policies, day)
        assert dated is not None
        policy: Any = dated.policy
        for side, rater, about, marks, party in (
            (RaterSide.OWNER, deal.owner, deal.firm, deal.firm_marks, history.firms[deal.firm]),
            (RaterSide.FIRM, deal.firm, deal.owner, deal.owner_marks, history.owners[deal.owner]),
        ):
            since = add_months(day, -policy.breadth_months)
            effect = day + timedelta(days=policy.effect_after_days)
            before = rated[side, rater]
            others = {whom for when, whom in before if when > since and whom != about}
            before.append((effect, about))
            value = policy.mark_scale * sum(marks.values()) / len(marks)
            party.entries.append(
                MarkEntry(
                    id=number_at(deal.at, side is RaterSide.FIRM),
                    takes_effect_on=effect,
                    recorded_at=deal.at,
                    side=side,
                    rater=rater,
                    breadth=1 + len(others),
                    value=Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP),
                    contract=number,
                )
            )


def _grade(
    party: Party,
    policies: Sequence[DatedPolicy],
    now: datetime,
    today: date,
    taken: set[int] | None,
) -> None:
    """Fold, and have the officers decide what the rules ask for, until nothing is owed.

    `taken` are the numbers in use; None where nobody decides (owners have no proposals).
    """
    if not party.entries:
        return
    for _ in range(_ROUNDS):
        result = grade_in_force(party.entries, policies, today, now)
        due = [each for each in result.due if each.evaluated_on <= today - timedelta(days=20)]
        if taken is None or not due:
            break
        for each in due:
            _decide(party, each, taken)
    party.states = result.states()
    days = [next_day(party.entries, policies, today)]
    if result.upcoming is not None:
        days.append(result.upcoming.since)
    party.next_day = min((day for day in days if day is not None), default=None)


def _decide(party: Party, due: DueDecision, taken: set[int]) -> None:
    """Record the step that is due; a proposal is confirmed two days later."""
    day, after = due.evaluated_on, timedelta(days=1)
    proposal = free(moment(day, time(0, 5)), taken)
    party.entries.append(
        DecisionEntry(
            id=number_at(proposal),
            takes_effect_on=day + after,
            recorded_at=proposal,
            step=due.step,
            grade=due.grade,
            proposal=due.proposal,
        )
    )
    if due.step is not DecisionStep.PROPOSED:
        return
    confirmed = free(proposal + 2 * after, taken)
    party.entries.append(
        DecisionEntry(
            id=number_at(confirmed),
            takes_effect_on=day + 3 * after,
            recorded_at=confirmed,
            step=DecisionStep.CONFIRMED,
            grade=due.grade,
            proposal=number_at(proposal),
            in_force_on=day + 10 * after,
        )
    )


def free(at: datetime, taken: set[int]) -> datetime:
    """The first second from `at` on that no entry has; it is taken then."""
    while number_at(at) in taken:
        at += timedelta(seconds=1)
    taken.add(number_at(at))
    return at
