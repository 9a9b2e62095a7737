"""The screens as pure functions over the marks of one register.

Each finding names its evidence (numbers of ledger entries) and the facts that its words show. What
an edition calls enough stands in `EvaluationPolicy`; nothing here reads a clock or a database.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from marketplace.evaluations.rules import EvaluationPolicy

FULL = 10_000  # hundredths of a mark of 100: every part at 5


class Screen(StrEnum):
    """The kinds of pattern looked for."""

    RING = "ring"
    PAIR = "pair"
    BURST = "burst"
    ASSESSOR_BURST = "assessor_burst"
    DOMINANCE = "dominance"
    INFLUENCE = "influence"
    SAME_DEVICE = "same_device"


@dataclass(frozen=True, slots=True)
class Mark:
    """One standing mark: its entry, who gave it to whom, on which contract, on which day.

    `on_firm` is false where a firm marked an owner, `by_assessor` true where whoever marked is no
    party of the contract; `day` is a day's ordinal.
    """

    entry: int
    rater: int
    about: int
    contract: int
    on_firm: bool
    hundredths: int
    day: int
    by_assessor: bool = False

    @property
    def is_full(self) -> bool:
        """Whether every part has the highest mark."""
        return self.hundredths == FULL


@dataclass(frozen=True)
class Finding:
    """One pattern. `about` is the firm it is raised at, `others` who else takes part in it."""

    screen: Screen
    about: int
    others: tuple[int, ...]
    evidence: tuple[int, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The same pattern among the same organisations, whatever its evidence."""
        named = "-".join(map(str, sorted({self.about, *self.others})))
        return named if len(named) <= 200 else hashlib.sha256(named.encode()).hexdigest()


def share_reached(part: int, whole: int, percent: int) -> bool:
    """Whether a part is at least so many per cent of a whole."""
    return part * 100 >= whole * percent


def by_firm(marks: Iterable[Mark]) -> dict[int, list[Mark]]:
    """The marks on firms, by firm, the earliest first."""
    found: dict[int, list[Mark]] = defaultdict(list)
    for mark in marks:
        if mark.on_firm:
            found[mark.about].append(mark)
    for own in found.values():
        own.sort(key=lambda mark: (mark.day, mark.entry))
    return found


def by_owners(firms: Mapping[int, Sequence[Mark]]) -> dict[int, list[Mark]]:
    """Of the marks on firms those of owners: assessors see many contracts of few firms within days,
    and often one of them alone does."""
    return _given_by(firms, assessors=False)


def by_assessors(firms: Mapping[int, Sequence[Mark]]) -> dict[int, list[Mark]]:
    """Of the marks on firms those of assessors."""
    return _given_by(firms, assessors=True)


def _given_by(firms: Mapping[int, Sequence[Mark]], assessors: bool) -> dict[int, list[Mark]]:
    found = {
        firm: [mark for mark in marks if mark.by_assessor is assessors]
        for firm, marks in firms.items()
    }
    return {firm: own for firm, own in found.items() if own}


def rings(marks: Sequence[Mark], policy: EvaluationPolicy) -> Iterator[Finding]:
    """Organisations that buy of each other in a circle and give nothing but full marks.

    An edge leads from a buyer to a firm that got full marks of it throughout; a ring is a strongly
    connected part of two or more.
    """
    edges: dict[tuple[int, int], list[Mark]] = defaultdict(list)
    marked = {mark.about for mark in marks if mark.on_firm}
    for mark in marks:
        # who was never marked himself closes no circle
        if mark.on_firm and mark.rater in marked:
            edges[mark.rater, mark.about].append(mark)
    graph: dict[int, list[int]] = defaultdict(list)
    for (rater, about), given in edges.items():
        if len(given) >= policy.ring_marks and all(mark.is_full for mark in given):
            graph[rater].append(about)
    for members in circles(graph):
        inside = set(members)
        evidence = sorted(
            mark.entry
            for rater in inside
            for about in graph[rater]
            if about in inside
            for mark in edges[rater, about]
        )
        first, *others = sorted(inside)
        yield Finding(
            Screen.RING,
            first,
            tuple(others),
            tuple(evidence),
            {"members": len(inside), "marks": len(evidence)},
        )


def circles(graph: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """The strongly connected parts of two or more (Tarjan, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    waiting: set[int] = set()
    found = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        waiting.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    waiting.add(target)
                    work.append((target, iter(graph.get(target, ()))))
                    break
                if target in waiting:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == index[node]:
                    part: list[int] = []
                    while not part or part[-1] != node:
                        part.append(stack.pop())
                        waiting.discard(part[-1])
                    if len(part) > 1:
                        found.append(part)
    return found


def pairs(marks: Sequence[Mark], policy: EvaluationPolicy) -> Iterator[Finding]:
    """An owner and a firm that gave each other nothing but full marks on several contracts, where
    these are much of what the firm was ever marked on."""
    totals: dict[int, int] = defaultdict(int)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    spoilt: set[tuple[int, int]] = set()
    # nobody marks an assessor back
    marks = [mark for mark in marks if not mark.by_assessor]
    for mark in marks:
        owner_and_firm = (mark.rater, mark.about) if mark.on_firm else (mark.about, mark.rater)
        if mark.on_firm:
            totals[mark.about] += 1
            counts[owner_and_firm] += 1
        # where one side was silent or is excluded, the other's mark still has to be full
        if not mark.is_full:
            spoilt.add(owner_and_firm)
    likely = {pair for pair, count in counts.items() if count >= policy.pair_contracts} - spoilt
    given: dict[tuple[int, int], dict[int, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for mark in marks:
        owner_and_firm = (mark.rater, mark.about) if mark.on_firm else (mark.about, mark.rater)
        if owner_and_firm in likely:
            given[owner_and_firm][mark.contract].append(mark)
    for (owner, firm), contracts in given.items():
        both = [each for each in contracts.values() if len(each) == 2]
        if len(both) < policy.pair_contracts:
            continue
        if share_reached(len(both), totals[firm], policy.pair_percent):
            evidence = tuple(sorted(mark.entry for each in both for mark in each))
            facts = {"contracts": len(both), "all": totals[firm]}
            yield Finding(Screen.PAIR, firm, (owner,), evidence, facts)


def bursts(firms: Mapping[int, Sequence[Mark]], policy: EvaluationPolicy) -> Iterator[Finding]:
    """Full marks of owners that came within a few days and are much of what a firm was marked."""
    return _dense(Screen.BURST, firms, policy.burst_marks, policy.burst_days, policy.burst_percent)


def assessor_bursts(
    firms: Mapping[int, Sequence[Mark]], policy: EvaluationPolicy
) -> Iterator[Finding]:
    """The same among assessors' marks alone, by numbers of their own: on one round they see many
    contracts."""
    return _dense(
        Screen.ASSESSOR_BURST,
        firms,
        policy.assessor_burst_marks,
        policy.assessor_burst_days,
        policy.assessor_burst_percent,
    )


def _dense(
    screen: Screen, firms: Mapping[int, Sequence[Mark]], least: int, days: int, percent: int
) -> Iterator[Finding]:
    for firm, own in firms.items():
        full = [mark for mark in own if mark.is_full]
        best: tuple[int, int] = (0, 0)
        start = 0
        for end, mark in enumerate(full):
            while mark.day - full[start].day >= days:
                start += 1
            if end + 1 - start > best[1] - best[0]:
                best = (start, end + 1)
        dense = full[best[0] : best[1]]
        if len(dense) >= least and share_reached(len(dense), len(own), percent):
            yield Finding(
                screen,
                firm,
                (),
                tuple(sorted(mark.entry for mark in dense)),
                {"marks": len(dense), "days": days, "all": len(own)},
            )


def dominances(firms: Mapping[int, Sequence[Mark]], policy: EvaluationPolicy) -> Iterator[Finding]:
    """One owner that gave most of a firm's marks."""
    for firm, own in firms.items():
        if len(own) < policy.dominance_marks:
            continue
        given: dict[int, list[int]] = defaultdict(list)
        for mark in own:
            given[mark.rater].append(mark.entry)
        rater, entries = max(given.items(), key=lambda each: (len(each[1]), -each[0]))
        if share_reached(len(entries), len(own), policy.dominance_percent):
            yield Finding(
                Screen.DOMINANCE,
                firm,
                (rater,),
                tuple(sorted(entries)),
                {"marks": len(entries), "all": len(own)},
            )


def same_devices(
    firms: Mapping[int, Sequence[Mark]],
    traits: Mapping[int, Iterable[tuple[str, Hashable]]],
    policy: EvaluationPolicy,
) -> Iterator[Finding]:
    """Full marks by an owner or assessor that shares a device's address, a telephone, an address or a legal
    representative with the firm; what too many share tells nothing."""
    holders = Counter(trait for own in traits.values() for trait in set(own))
    telling = {
        organisation: shared
        for organisation, own in traits.items()
        if (shared := {t for t in own if 1 < holders[t] <= policy.same_device_organisations})
    }
    for firm, marks in firms.items():
        mine = telling.get(firm)
        if not mine:
            continue
        found: dict[int, list[Mark]] = defaultdict(list)
        for mark in marks:
            if mark.is_full and mine & telling.get(mark.rater, set()):
                found[mark.rater].append(mark)
        for rater, full in found.items():
            kinds = sorted({kind for kind, _value in mine & telling[rater]})
            yield Finding(
                Screen.SAME_DEVICE,
                firm,
                (rater,),
                tuple(sorted(mark.entry for mark in full)),
                {"shared": kinds, "marks": len(full)},
            )


def weighty(
    own: Sequence[Mark], strength: int, prior: int, least: int
) -> Iterator[tuple[int, list[Mark]]]:
    """Raters whose marks may move a firm's score by about `least` hundredths or more.

    A reckoning without ageing, breadth and caps, all in whole hundredths of a point, generous by
    half: who is named here is reckoned exactly, who is not cannot matter.
    """
    if len({mark.rater for mark in own}) < 2:
        return
    total = sum(mark.hundredths for mark in own)
    everything = _blended(total, len(own), strength, prior)
    given: dict[int, list[Mark]] = defaultdict(list)
    for mark in own:
        given[mark.rater].append(mark)
    for rater, marks in given.items():
        rest = total - sum(mark.hundredths for mark in marks)
        without = _blended(rest, len(own) - len(marks), strength, prior)
        if abs(everything - without) * 2 >= least:
            yield rater, marks


def _blended(total: int, count: int, strength: int, prior: int) -> int:
    return (total + strength * prior) // (count + strength)
