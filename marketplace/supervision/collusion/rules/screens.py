"""The screens over the selections of one register: what is found, and among how many."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from . import chance
from .figures import Figures, figures, stands_apart
from .policy import CollusionPolicy


class Screen(StrEnum):
    """The kinds of pattern looked for."""

    VARIATION = "variation"
    COVER = "cover"
    ROTATION = "rotation"
    TOGETHER = "together"
    SHARED = "shared"
    DOCUMENTS = "documents"
    CHANCE = "chance"
    LATE = "late"
    ONE_FITS = "one_fits"


class Kind(StrEnum):
    """What decided a selection."""

    PRICE = "price"
    DRAW = "draw"
    OTHER = "other"


@dataclass(frozen=True)
class Selection:
    """One closed selection: the firms of its list and, once opened, their quotes in yuan.

    ``quotes`` is empty of everything that is or was not opened; ``late`` are firms that changed
    their entry at what moment before the closing.
    """

    need: int
    item: str
    kind: Kind
    closed_at: datetime
    firms: frozenset[int]
    winner: int | None = None
    quotes: Mapping[int, Decimal] = field(default_factory=dict)
    late: Mapping[int, datetime] = field(default_factory=dict)


# an author by its digest, or a program and the minute it made something
Mark = tuple[str, str, datetime | None]


@dataclass(frozen=True)
class Paper:
    """What a document a firm handed in says of its making: a digest of the author, the program as
    it is compared, the minute; None where it says nothing or what everybody's says. ``file`` is which it is."""

    author: str | None = None
    program: str | None = None
    made_at: datetime | None = None
    file: int = 0

    @property
    def marks(self) -> frozenset[Mark]:
        """What two documents can have in common."""
        found: list[Mark] = []
        if self.author is not None:
            found.append(("author", self.author, None))
        if self.program is not None and self.made_at is not None:
            found.append(("made", self.program, self.made_at))
        return frozenset(found)


@dataclass(frozen=True)
class Finding:
    """One pattern among some firms, and the needs it rests on."""

    screen: Screen
    firms: tuple[int, ...]
    needs: tuple[int, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The same pattern among the same firms, whatever its evidence; of one need alone, that."""
        if self.screen in (Screen.VARIATION, Screen.ONE_FITS):
            return f"need {self.needs[0]}"
        named = "-".join(map(str, sorted(self.firms)))
        return named if len(named) <= 200 else hashlib.sha256(named.encode()).hexdigest()


@dataclass
class Looked:
    """What one run found and among how many of the same kind: the base rate of each screen."""

    findings: list[Finding] = field(default_factory=list)
    among: dict[Screen, int] = field(default_factory=dict)

    def add(self, screen: Screen, among: int, found: Iterable[Finding]) -> None:
        """Note a screen's findings and among how many it looked."""
        self.among[screen] = among
        self.findings += found

    def flagged(self, screen: Screen) -> int:
        """How many a screen named."""
        return sum(1 for each in self.findings if each.screen is screen)


def look(
    selections: Sequence[Selection],
    traits: Mapping[int, Iterable[tuple[str, Hashable]]],
    policy: CollusionPolicy,
    papers: Mapping[int, Sequence[Paper]] | None = None,
) -> Looked:
    """All screens over the selections of a register, in whatever order they come."""
    ordered = sorted(selections, key=lambda each: (each.closed_at, each.need))
    priced = [
        each
        for each in ordered
        if each.kind is Kind.PRICE and len(each.quotes) >= policy.least_quotes
    ]
    drawn = [each for each in ordered if each.kind is Kind.DRAW and each.winner is not None]
    looked = Looked()
    looked.add(Screen.VARIATION, len(priced), variations(priced, policy))
    covered = groups_of(priced)
    looked.add(Screen.COVER, len(covered), covers(covered, policy))
    looked.add(Screen.ROTATION, len(covered), rotations(covered, policy))
    pairs, found = meetings(ordered, policy)
    looked.add(Screen.TOGETHER, pairs, found)
    pairs, found = shared(ordered, traits, policy)
    looked.add(Screen.SHARED, pairs, found)
    pairs, found = documents(ordered, papers or {}, policy)
    looked.add(Screen.DOCUMENTS, pairs, found)
    stood = standing_in(drawn)
    looked.add(Screen.CHANCE, len(stood), lucky(stood, policy))
    late = [each for each in ordered if each.kind is Kind.DRAW]
    looked.add(Screen.LATE, len(standing_in(late)), late_changes(late, policy))
    return looked


def variations(priced: Iterable[Selection], policy: CollusionPolicy) -> Iterator[Finding]:
    """Needs whose quotes lie nearer to each other than firms that reckon alone come."""
    for each in priced:
        found = figures(each.quotes.values())
        if found.variation is not None and found.variation <= policy.variation_below:
            yield Finding(Screen.VARIATION, tuple(sorted(each.quotes)), (each.need,), told(found))


def groups_of(priced: Iterable[Selection]) -> dict[frozenset[int], list[Selection]]:
    """The opened price needs by the firms that quoted, each with the earliest first."""
    found: dict[frozenset[int], list[Selection]] = defaultdict(list)
    for each in priced:
        found[frozenset(each.quotes)].append(each)
    return found


def covers(
    groups: Mapping[frozenset[int], Sequence[Selection]], policy: CollusionPolicy
) -> Iterator[Finding]:
    """Groups in whose needs, several times, one quote stood far below all others that lay close
    together: as when the others only quoted for show."""
    for firms, needs in groups.items():
        apart = [
            (each, found)
            for each in needs
            if stands_apart(found := figures(each.quotes.values()), policy.cover_distance)
        ]
        if len(apart) >= policy.cover_needs:
            yield Finding(
                Screen.COVER,
                tuple(sorted(firms)),
                tuple(each.need for each, _found in apart),
                {
                    "needs": len(apart),
                    "all": len(needs),
                    "distance": str(policy.cover_distance.normalize()),
                    "lowest": len({min(each.quotes, key=_price(each)) for each, _f in apart}),
                },
            )


def rotations(
    groups: Mapping[frozenset[int], Sequence[Selection]], policy: CollusionPolicy
) -> Iterator[Finding]:
    """Groups that quoted against each other several times, each of which won, never twice running,
    where chance would seldom bring that about."""
    for firms, needs in groups.items():
        won = [each for each in needs if each.winner in firms]
        winners = [each.winner for each in won]
        if len(won) < policy.rotation_needs or set(winners) != firms:
            continue
        if any(one == other for one, other in pairwise(winners)):
            continue
        likely = chance.never_twice(len(firms) for _each in won)
        if likely <= Fraction(policy.rotation_chance):
            yield Finding(
                Screen.ROTATION,
                tuple(sorted(firms)),
                tuple(each.need for each in won),
                {"needs": len(won), "firms": len(firms), "chance": shown(likely)},
            )


def meetings(selections: Sequence[Selection], policy: CollusionPolicy) -> tuple[int, list[Finding]]:
    """(pairs that met, those that met far more often than two firms of the same trade that each
    choose their needs freely)."""
    together: dict[tuple[int, int], list[Selection]] = defaultdict(list)
    for each in selections:
        for pair in combinations(sorted(each.firms), 2):
            together[pair].append(each)
    stood: dict[int, set[int]] = defaultdict(set)
    by_item: dict[str, set[int]] = defaultdict(set)
    items: dict[int, set[str]] = defaultdict(set)
    for each in selections:
        by_item[each.item].add(each.need)
        for firm in each.firms:
            stood[firm].add(each.need)
            items[firm].add(each.item)
    found = []
    for (one, other), met in together.items():
        if len(met) < policy.together_needs:
            continue
        # of the items in which both compete
        open_to_both = set().union(*(by_item[item] for item in items[one] & items[other]))
        first, second = stood[one] & open_to_both, stood[other] & open_to_both
        likely = chance.meeting(len(met), len(first), len(second), len(open_to_both))
        if likely <= Fraction(policy.together_chance):
            found.append(
                Finding(
                    Screen.TOGETHER,
                    (one, other),
                    tuple(sorted(each.need for each in met)),
                    {
                        "met": len(met),
                        "first": len(first),
                        "second": len(second),
                        "needs": len(open_to_both),
                        "chance": shown(likely),
                    },
                )
            )
    return len(together), found


def shared(
    selections: Sequence[Selection],
    traits: Mapping[int, Iterable[tuple[str, Hashable]]],
    policy: CollusionPolicy,
) -> tuple[int, list[Finding]]:
    """(pairs that stood against each other, those of them that share a device, telephone, seat,
    representative or file); what too many share tells nothing."""
    holders = Counter(trait for own in traits.values() for trait in set(own))
    telling = {
        firm: {trait for trait in own if 1 < holders[trait] <= policy.shared_organisations}
        for firm, own in traits.items()
    }
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for each in selections:
        for pair in combinations(sorted(each.firms), 2):
            together[pair].append(each.need)
    found = []
    for (one, other), needs in together.items():
        same = telling.get(one, set()) & telling.get(other, set())
        if same and len(needs) >= policy.shared_needs:
            kinds = sorted({kind for kind, _value in same})
            facts = {"shared": kinds, "met": len(needs)}
            found.append(Finding(Screen.SHARED, (one, other), tuple(sorted(needs)), facts))
    return len(together), found


def documents(
    selections: Sequence[Selection],
    papers: Mapping[int, Sequence[Paper]],
    policy: CollusionPolicy,
) -> tuple[int, list[Finding]]:
    """(pairs that stood against each other and of both of which documents say something of their
    making, those whose documents have one author, or came from one program in one minute); what
    too many firms' documents say tells nothing."""
    own = {firm: {mark for each in kept for mark in each.marks} for firm, kept in papers.items()}
    holders = Counter(mark for marks in own.values() for mark in marks)
    together: dict[tuple[int, int], list[int]] = defaultdict(list)
    for each in selections:
        for pair in combinations(sorted(each.firms), 2):
            if all(own.get(firm) for firm in pair):
                together[pair].append(each.need)
    found = []
    for (one, other), needs in together.items():
        same = {
            mark
            for mark in own[one] & own[other]
            if holders[mark] <= policy.documents_organisations
        }
        if same and len(needs) >= policy.documents_needs:
            made = sorted((at.isoformat(), program) for _kind, program, at in same if at)
            facts = {
                "met": len(needs),
                "authors": len(same) - len(made),
                "made": [[program, at] for at, program in made],
                "first": _bearing(papers[one], same),
                "second": _bearing(papers[other], same),
            }
            found.append(Finding(Screen.DOCUMENTS, (one, other), tuple(sorted(needs)), facts))
    return len(together), found


def _bearing(papers: Iterable[Paper], same: set[Mark]) -> list[int]:
    """The documents that bear one of these marks."""
    return sorted(each.file for each in papers if same & each.marks)


def standing_in(drawn: Iterable[Selection]) -> dict[int, list[Selection]]:
    """The draws each firm stood in."""
    found: dict[int, list[Selection]] = defaultdict(list)
    for each in drawn:
        for firm in each.firms:
            found[firm].append(each)
    return found


def lucky(stood: Mapping[int, Sequence[Selection]], policy: CollusionPolicy) -> Iterator[Finding]:
    """Firms that won more draws than chance gives, at one in so many of the draw's entrants."""
    for firm, draws in stood.items():
        won = [each for each in draws if each.winner == firm]
        if len(won) < policy.wins_least:
            continue
        fields = [len(each.firms) for each in draws]
        likely = chance.at_least(len(won), fields)
        if likely <= Fraction(policy.wins_chance):
            yield Finding(
                Screen.CHANCE,
                (firm,),
                tuple(each.need for each in won),
                {
                    "won": len(won),
                    "draws": len(draws),
                    "expected": shown(chance.expected(fields)),
                    "chance": shown(likely),
                    "firms": len(stood),
                },
            )


def late_changes(drawn: Iterable[Selection], policy: CollusionPolicy) -> Iterator[Finding]:
    """Firms that several times changed their entry in a draw within minutes of its closing."""
    within = timedelta(minutes=policy.late_minutes)
    found: dict[int, list[Selection]] = defaultdict(list)
    for each in drawn:
        for firm, at in each.late.items():
            if each.closed_at - at <= within:
                found[firm].append(each)
    for firm, needs in found.items():
        if len(needs) >= policy.late_entries:
            won = sum(1 for each in needs if each.winner == firm)
            facts = {"needs": len(needs), "minutes": policy.late_minutes, "won": won}
            yield Finding(Screen.LATE, (firm,), tuple(each.need for each in needs), facts)


def told(found: Figures) -> dict[str, Any]:
    """Figures as a page shows them."""
    return {
        "quotes": found.quotes,
        "variation": percent(found.variation),
        "spread": percent(found.spread),
        "distance": "∞" if found.endless else _plain(found.distance),
    }


def percent(share: Decimal | None) -> str:
    """A share of one in per cent, to two places; a dash where there is none."""
    return "—" if share is None else f"{share * 100:.2f}%"


def shown(exact: Fraction) -> str:
    """A fraction to four significant places, for people."""
    return f"{float(exact):.4g}"


def _plain(figure: Decimal | None) -> str:
    return "—" if figure is None else f"{figure:.2f}"


def _price(each: Selection) -> Any:
    return lambda firm: (each.quotes[firm], firm)
