"""Weights of marks summed by rater, kept up while days pass.

A mark loses weight once a month, on the day of the month it took effect. From one day to the next
only the marks of the days between are weighed again, and all of them when a month begins: the same
sums as weighing every mark on every day, at a fraction of the work in a replay of years.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marketplace.ratings.rules.reckoning import Numbers
    from marketplace.ratings.rules.standing import StandingMark

Position = tuple[int, int]
_DAY_OF_MONTH = attrgetter("day_of_month")


class RunningWeights:
    """The sums of one list of marks, under one policy, at one calendar position.

    `sums` and `values` are by rater (weight, weight × hundredths), `weight` and `value` over all,
    in units of 10^−12.
    """

    __slots__ = (
        "_coming",
        "_day",
        "_month",
        "_taken",
        "numbers",
        "sums",
        "value",
        "values",
        "weight",
    )

    def __init__(self, numbers: Numbers) -> None:
        """Nothing is weighed yet."""
        self.numbers = numbers
        self._month = self._day = -1
        self._restart()

    def bring_to(self, marks: Sequence[StandingMark], position: Position) -> None:
        """Weigh at a position a list that has only grown since it was last weighed here."""
        month, day = position
        if month != self._month or day < self._day:
            self._restart()
        else:
            coming = self._coming
            while coming and coming[-1].day_of_month <= day:
                self._age(coming.pop(), month)
        self._month, self._day = position
        if self._taken < len(marks):
            self._take(marks, position)

    def _restart(self) -> None:
        self.sums: dict[int, int] = {}
        self.values: dict[int, int] = {}
        self.weight = self.value = self._taken = 0
        # the marks whose day of the month has not come yet, the next one last
        self._coming: list[StandingMark] = []

    def _take(self, marks: Sequence[StandingMark], position: Position) -> None:
        """Weigh the marks that are new."""
        month, day = position
        sums, values, tables = self.sums, self.values, self.numbers.tables
        coming = len(self._coming)
        weight = value = 0
        for mark in marks[self._taken :] if self._taken else marks:
            table = tables.get(mark.breadth) or self.numbers.table(mark.breadth)
            born = mark.day_of_month
            # as `months_between`, written out: replays come through here millions of times
            age = month - mark.month - (day < born)
            own = table[age] if age < len(table) else 0
            worth = own * mark.hundredths
            rater = mark.rater
            if rater in sums:
                sums[rater] += own
                values[rater] += worth
            else:
                sums[rater] = own
                values[rater] = worth
            weight += own
            value += worth
            if day < born:
                self._coming.append(mark)
        self.weight += weight
        self.value += value
        self._taken = len(marks)
        if len(self._coming) > coming:
            self._coming.sort(key=_DAY_OF_MONTH, reverse=True)

    def _age(self, mark: StandingMark, month: int) -> None:
        """A mark is one month older."""
        table = self.numbers.tables[mark.breadth]
        age = month - mark.month
        last = table[age - 1] if age <= len(table) else 0
        lost = (table[age] if age < len(table) else 0) - last
        worth = lost * mark.hundredths
        self.sums[mark.rater] += lost
        self.values[mark.rater] += worth
        self.weight += lost
        self.value += worth
