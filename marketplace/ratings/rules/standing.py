"""Which entries count on a day: taken effect, known, and not reversed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from marketplace.ratings.rules.conduct import NO_CONDUCT, ConductTotal, conduct_total
from marketplace.ratings.rules.entries import (
    ConductEntry,
    DecisionEntry,
    Entry,
    InspectionEntry,
    MarkEntry,
    RaterSide,
    ReversingEntry,
    VetoEntry,
)
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.rules.running import Position, RunningWeights

if TYPE_CHECKING:
    from marketplace.ratings.rules.reckoning import Numbers


@dataclass(slots=True)
class StandingMark:
    """A mark with what weighing it asks for again and again."""

    entry: MarkEntry
    rater: int
    breadth: int
    month: int
    day_of_month: int
    hundredths: int


class Standing:
    """The entries that count, kept up while days pass; ended ones stay until they are asked."""

    __slots__ = (
        "_conduct_total",
        "_weighed_assessors",
        "_weighed_departments",
        "_weighed_raters",
        "assessors",
        "conduct",
        "contracts",
        "departments",
        "inspections",
        "raters",
        "vetoes",
    )

    def __init__(self) -> None:
        """Nothing counts yet."""
        self.raters: list[StandingMark] = []
        self.departments: list[StandingMark] = []
        self.assessors: list[StandingMark] = []
        self.inspections: list[InspectionEntry] = []
        self.conduct: list[ConductEntry] = []
        self.vetoes: list[VetoEntry] = []
        self.contracts: set[int] = set()
        self._conduct_total: tuple[list[ConductEntry], RatingPolicy, ConductTotal] | None = None
        self._weighed_raters: RunningWeights | None = None
        self._weighed_departments: RunningWeights | None = None
        self._weighed_assessors: RunningWeights | None = None

    def add(self, entry: Entry) -> None:
        """Let one entry count. Entries are added in the order of `effect_order`."""
        if isinstance(entry, MarkEntry):
            start = entry.takes_effect_on
            mark = StandingMark(
                entry=entry,
                rater=entry.rater,
                breadth=entry.breadth,
                month=start.year * 12 + start.month,
                day_of_month=start.day,
                hundredths=int(entry.value * 100),
            )
            if entry.side is RaterSide.DEPARTMENT:
                self.departments.append(mark)
            elif entry.side is RaterSide.ASSESSOR:
                self.assessors.append(mark)
            else:
                self.raters.append(mark)
                self.contracts.add(entry.contract)
        elif isinstance(entry, ConductEntry):
            self.conduct.append(entry)
        elif isinstance(entry, InspectionEntry):
            self.inspections.append(entry)
        elif isinstance(entry, VetoEntry):
            self.vetoes.append(entry)

    def copied(self) -> Standing:
        """The same entries, to go on from apart; what is weighed is weighed anew."""
        other = Standing()
        other.raters, other.departments = list(self.raters), list(self.departments)
        other.assessors = list(self.assessors)
        other.inspections, other.conduct = list(self.inspections), list(self.conduct)
        other.vetoes, other.contracts = list(self.vetoes), set(self.contracts)
        return other

    def weighed_raters(self, numbers: Numbers, position: Position) -> RunningWeights:
        """The weights of the marks of owners (or firms) at a calendar position."""
        weighed = self._weighed_raters
        if weighed is None or weighed.numbers is not numbers:
            weighed = self._weighed_raters = RunningWeights(numbers)
        weighed.bring_to(self.raters, position)
        return weighed

    def weighed_departments(self, numbers: Numbers, position: Position) -> RunningWeights:
        """The weights of the marks of departments at a calendar position."""
        weighed = self._weighed_departments
        if weighed is None or weighed.numbers is not numbers:
            weighed = self._weighed_departments = RunningWeights(numbers)
        weighed.bring_to(self.departments, position)
        return weighed

    def weighed_assessors(self, numbers: Numbers, position: Position) -> RunningWeights:
        """The weights of the marks of assessors at a calendar position."""
        weighed = self._weighed_assessors
        if weighed is None or weighed.numbers is not numbers:
            weighed = self._weighed_assessors = RunningWeights(numbers)
        weighed.bring_to(self.assessors, position)
        return weighed

    def conduct_on(self, day: date, policy: RatingPolicy) -> ConductTotal:
        """Conduct entries that stand on a day, with their points, reckoned when they change."""
        if not self.conduct:
            return NO_CONDUCT
        current = [entry for entry in self.conduct if entry.ends_on > day]
        last = self._conduct_total
        if last is None or last[1] is not policy or last[0] != current:
            last = self._conduct_total = (current, policy, conduct_total(current, policy))
        return last[2]

    def drop_marks(self, day: date, months: int) -> None:
        """Forget marks more than `months` old, which nothing asks for any more.

        The contracts they evaluated stay counted.
        """
        oldest = day.year * 12 + day.month - months - 1
        if self.raters and self.raters[0].month < oldest:
            self.raters = [mark for mark in self.raters if mark.month >= oldest]
            self._weighed_raters = None
        if self.departments and self.departments[0].month < oldest:
            self.departments = [mark for mark in self.departments if mark.month >= oldest]
            self._weighed_departments = None
        if self.assessors and self.assessors[0].month < oldest:
            self.assessors = [mark for mark in self.assessors if mark.month >= oldest]
            self._weighed_assessors = None


def effect_order(entry: Entry) -> tuple[date, datetime, int]:
    """The order in which entries begin to count."""
    return entry.takes_effect_on, entry.recorded_at, entry.id


def known(entries: Iterable[Entry], known_at: datetime) -> list[Entry]:
    """The entries recorded by `known_at`, in the order in which they begin to count."""
    return sorted(
        (entry for entry in entries if entry.recorded_at <= known_at),
        key=effect_order,
    )


def standing_of(effective: Iterable[Entry]) -> Standing:
    """What counts among entries that have all taken effect: all but the reversed ones."""
    entries = list(effective)
    reversals = [entry for entry in entries if isinstance(entry, ReversingEntry)]
    reversals.sort(key=lambda entry: entry.id, reverse=True)
    reversed_ids: set[int] = set()
    for reversal in reversals:
        # the later number decides first, so a reversed reversal has no effect
        if reversal.id not in reversed_ids:
            reversed_ids.add(reversal.reverses)
    standing = Standing()
    for entry in entries:
        if entry.id not in reversed_ids and not isinstance(entry, DecisionEntry):
            standing.add(entry)
    return standing
