"""A fixed world in which firms have a true quality, to see what a rating rule makes of it.

The world knows nothing of the rule and is never tuned to it; docs/simulation.md describes it and
says why each number is what it is. Two scores are compared by Kendall's tau-b against the true
quality of the firms: `ours`, the score of the rules under an edition, and `plain_mean`, the mean
of all marks a firm ever got. Some firms may be attackers with friendly owners of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from .rules.entries import ConductEntry, ConductKind, Entry, MarkEntry, RaterSide
from .rules.policy import RatingPolicy
from .rules.reckoning import numbers_of, reckon
from .rules.standing import known, standing_of
from .rules.weights import add_months

FIRMS, OWNERS = 200, 60
FEWEST_CONTRACTS, MOST_CONTRACTS = 3, 15
MONTHS = 24
DAY = date(2026, 3, 2)
PARTS = 5
ONE_MARK_OWNERS, MARKS_OF_ONE_OWNER = 10, 20


@dataclass(frozen=True)
class Contract:
    """One delivery: whose, to whom, when accepted, what was seen of it, the mean of the marks."""

    firm: int
    owner: int
    day: date
    late_working_days: int
    value: Decimal


@dataclass(frozen=True)
class World:
    """True quality of each firm in thousandths, attackers among them, contracts in order of day."""

    quality: tuple[int, ...]
    attackers: frozenset[int]
    contracts: tuple[Contract, ...]


@dataclass(frozen=True)
class Outcome:
    """Kendall's tau-b between true quality and each score, to four decimals."""

    ours: Decimal
    plain_mean: Decimal

    def as_json(self) -> dict[str, Any]:
        """The figures as the command writes them."""
        return {"ours": str(self.ours), "plain_mean": str(self.plain_mean)}


def make_world(attackers: Decimal, seed: int) -> World:
    """The world of a seed with a share of attackers (0–1); the honest part is always the same."""
    chance = Random(seed)  # noqa: S311
    quality = tuple(chance.randint(0, 1000) for _firm in range(FIRMS))
    # how much above or below the rest an owner marks, in hundredths of a mark
    leaning = [chance.randint(-50, 50) for _owner in range(OWNERS)]
    contracts = [
        _honest(firm, quality[firm], leaning, chance)
        for firm in range(FIRMS)
        for _contract in range(chance.randint(FEWEST_CONTRACTS, MOST_CONTRACTS))
    ]
    # drawn apart, so that another share of attackers leaves everything else as it is
    chance = Random(f"attackers {seed}")  # noqa: S311
    count = int((attackers * FIRMS).to_integral_value(ROUND_HALF_UP))
    chosen = chance.sample(range(FIRMS), count)
    owner = OWNERS
    for place, firm in enumerate(chosen):
        friends = ONE_MARK_OWNERS if place % 2 == 0 else 1
        for number in range(ONE_MARK_OWNERS if friends > 1 else MARKS_OF_ONE_OWNER):
            day = _day(chance)
            contracts.append(Contract(firm, owner + number % friends, day, 0, Decimal(100)))
        owner += friends
    contracts.sort(key=lambda each: each.day)
    return World(quality, frozenset(chosen), tuple(contracts))


def _day(chance: Random) -> date:
    first = add_months(DAY, -MONTHS)
    return first + timedelta(days=chance.randrange((DAY - first).days - 1))


def _honest(firm: int, quality: int, leaning: Sequence[int], chance: Random) -> Contract:
    """A delivery of a firm of some quality: late or not, returned or not, marked accordingly."""
    owner = chance.randrange(OWNERS)
    late = chance.randrange(2000) >= 1000 + quality
    returned = chance.randrange(2000) >= 1000 + quality
    marks = []
    for part in range(PARTS):
        # from 2 for the worst to 5 for the best, give or take one, and the owner's leaning
        seen = 200 + quality * 3 // 10 + chance.randint(-100, 100) + leaning[owner]
        seen -= 100 * (late and part == 1) + 100 * (returned and part == 0)
        marks.append(min(5, max(1, (seen + 50) // 100)))
    value = Decimal(20 * sum(marks)) / PARTS
    return Contract(firm, owner, _day(chance), chance.randint(1, 30) if late else 0, value)


def run(policy: RatingPolicy, attackers: Decimal, seed: int) -> Outcome:
    """What both scores make of the world of a seed."""
    world = make_world(attackers, seed)
    ours, plain = [], []
    known_at = datetime.combine(DAY, time(12), UTC)
    numbers = numbers_of(policy)
    for firm, entries in enumerate(_entries(world, policy)):
        # what every page's score is rounded from; an explanation of every line is not asked for
        total = reckon(standing_of(known(entries, known_at)), numbers, DAY).total
        ours.append(numbers.prior_value if total is None else total)
        marks = [each.value for each in world.contracts if each.firm == firm]
        plain.append(sum(marks, Decimal(0)) / len(marks))
    return Outcome(tau_b(world.quality, ours), tau_b(world.quality, plain))


def _entries(world: World, policy: RatingPolicy) -> list[list[Entry]]:
    """The ledger of every firm, as posting would have written it."""
    ledgers: list[list[Entry]] = [[] for _firm in world.quality]
    rated: dict[int, list[tuple[date, int]]] = {}
    delivered: dict[int, list[date]] = {}
    number = 0
    for contract in world.contracts:
        effect = contract.day + timedelta(days=policy.effect_after_days)
        recorded = datetime.combine(contract.day, time(4), UTC)
        before = rated.setdefault(contract.owner, [])
        since = add_months(contract.day, -policy.breadth_months)
        others = {firm for day, firm in before if day > since and firm != contract.firm}
        before.append((effect, contract.firm))
        number += 1
        ledger = ledgers[contract.firm]
        ledger.append(
            MarkEntry(
                id=number,
                takes_effect_on=effect,
                recorded_at=recorded,
                side=RaterSide.OWNER,
                rater=contract.owner,
                breadth=1 + len(others),
                value=contract.value,
                contract=number,
            )
        )
        year = delivered.setdefault(contract.firm, [])
        year.append(contract.day)
        if contract.late_working_days:
            since = add_months(contract.day, -policy.delivery_volume_months)
            number += 1
            ledger.append(
                ConductEntry(
                    id=number,
                    takes_effect_on=effect,
                    recorded_at=recorded,
                    kind=ConductKind.OVERDUE_DELIVERY,
                    ends_on=add_months(effect, policy.conduct_months),
                    contract=number - 1,
                    working_days=contract.late_working_days,
                    yearly_deliveries=sum(day > since for day in year),
                )
            )
    return ledgers


def tau_b(first: Sequence[Any], second: Sequence[Any]) -> Decimal:
    """Kendall's tau-b of two rows of values of the same things, to four decimals.

    (concordant − discordant) ÷ √((pairs − ties in the first)(pairs − ties in the second)).
    """
    concordant = discordant = tied_first = tied_second = pairs = 0
    for i in range(len(first)):
        for j in range(i):
            pairs += 1
            one = (first[i] > first[j]) - (first[i] < first[j])
            other = (second[i] > second[j]) - (second[i] < second[j])
            tied_first += one == 0
            tied_second += other == 0
            concordant += one * other > 0
            discordant += one * other < 0
    below = Decimal((pairs - tied_first) * (pairs - tied_second)).sqrt()
    if not below:
        return Decimal(0)
    return (Decimal(concordant - discordant) / below).quantize(Decimal("0.0001"), ROUND_HALF_UP)
