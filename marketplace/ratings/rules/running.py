"""Weights of marks summed by rater, kept up while days pass.

A mark loses weight once a month, on the day of the month it took effect. From one day to the next
only the marks of the days between are weighed again: the same sums as weighing every mark on every
day, at a fraction of the work in a replay of years.
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
        "_aged",
        "_by_day",
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
        if month == self._month:
            if day < self._day:
                self._restart()
            else:
                self._age(month, day)
        elif month == self._month + 1:
            # the rest of the last month, then this one from its beginning
            self._age(self._month, 32)
            self._aged = 0
            self._age(month, day)
        else:
            self._restart()
        self._month, self._day = position
        if self._taken < len(marks):
            self._take(marks, position)

    def _restart(self) -> None:
        self.sums: dict[int, int] = {}
        self.values: dict[int, int] = {}
        self.weight = self.value = self._taken = 0
        # the marks by their day of the month, and how many of them have aged in this one
        self._by_day: list[StandingMark] = []
        self._aged = 0

    def _take(self, marks: Sequence[StandingMark], position: Position) -> None:
        """Weigh the marks that are new."""
        month, day = position
        sums, values, tables = self.sums, self.values, self.numbers.tables
        weight = value = 0
        aged = self._aged
        new = marks[self._taken :] if self._taken else marks
        for mark in new:
            table = tables.get(mark.breadth) or self.numbers.table(mark.breadth)
            born = mark.day_of_month
            # as `months_between`, written out: replays come through here millions of times
            age = month - mark.month
            if day < born:
                age -= 1
            else:
                aged += 1
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
        self.weight += weight
        self.value += value
        self._taken = len(marks)
        self._by_day.extend(new)
        self._by_day.sort(key=_DAY_OF_MONTH)
        self._aged = aged

    def _age(self, month: int, day: int) -> None:
        """The marks whose day of the month has come by `day` are one month older."""
        by_day, place = self._by_day, self._aged
        count = len(by_day)
        if place >= count or by_day[place].day_of_month > day:
            return
        sums, values, tables = self.sums, self.values, self.numbers.tables
        weight = value = 0
        while place < count:
            mark = by_day[place]
            if mark.day_of_month > day:
                break
            place += 1
            age = month - mark.month
            table = tables[mark.breadth]
            if 0 < age < len(table):
                lost = table[age] - table[age - 1]
            elif age == len(table):
                lost = -table[age - 1]
            else:
                continue
            worth = lost * mark.hundredths
            sums[mark.rater] += lost
            values[mark.rater] += worth
            weight += lost
            value += worth
        self.weight += weight
        self.value += value
        self._aged = place
