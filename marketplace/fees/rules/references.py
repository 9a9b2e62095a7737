"""What like contracts were agreed at: median and quartiles, and how far a price lies from them.

Like is compared with like: contracts of one service item in one register. Where the item's
standard gave every one of them a basic price, shares of it are compared, since an amount says
little without the size of the work; without a standard, amounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from marketplace.fees.rules.bands import EXACT, ONE, ZERO, Band, divide

Measure = Literal["share", "amount"]
_QUARTER = Decimal("0.25")


class Agreed(NamedTuple):
    """One contract: its price and its standard's basic price (high end), both in 元."""

    price: Decimal
    basic: Decimal | None


@dataclass(frozen=True, slots=True)
class Reference:
    """The median and the quartiles of ``count`` contracts signed from ``since`` on, before
    ``until``: shares of the basic price, or amounts in 元."""

    measure: Measure
    count: int
    lower: Decimal
    median: Decimal
    upper: Decimal
    since: date
    until: date

    def amounts(self, basic: Band | None) -> tuple[Decimal, Decimal, Decimal] | None:
        """Lower quartile, median and upper quartile in 元 for a case with this basic price."""
        values = (self.lower, self.median, self.upper)
        if self.measure == "amount":
            return values
        if basic is None:
            return None
        lower, median, upper = (EXACT.multiply(value, basic.high) for value in values)
        return lower, median, upper


def reference(
    agreed: Sequence[Agreed], by_share: bool, least: int, since: date, until: date
) -> Reference | None:
    """The reference of contracts, ``None`` for fewer than ``least`` that can be compared.

    ``by_share``: the item has a standard, so shares of the basic price are compared.
    """
    if by_share:
        values = [divide(each.price, each.basic) for each in agreed if each.basic]
    else:
        values = [each.price for each in agreed]
    if len(values) < least:
        return None
    values.sort()
    lower, median, upper = (_quantile(values, quarters) for quarters in (1, 2, 3))
    measure: Measure = "share" if by_share else "amount"
    return Reference(measure, len(values), lower, median, upper, since, until)


def distance(found: Reference, price: Decimal, basic: Band | None) -> Decimal | None:
    """How far a price lies from the median, as a share of it (negative: below); ``None`` where
    the case has no basic price to compare by."""
    taken = price
    if found.measure == "share":
        if basic is None or basic.high <= ZERO:
            return None
        taken = divide(price, basic.high)
    if found.median <= ZERO:
        return None
    return EXACT.subtract(divide(taken, found.median), ONE)


def _quantile(values: Sequence[Decimal], quarters: int) -> Decimal:
    """The value a number of quarters up the sorted values, on the straight line between its
    neighbours (as spreadsheets have it)."""
    place = (len(values) - 1) * quarters
    index, rest = divmod(place, 4)
    if rest == 0:
        return values[index]
    step = EXACT.subtract(values[index + 1], values[index])
    return EXACT.add(values[index], EXACT.multiply(step, EXACT.multiply(_QUARTER, Decimal(rest))))
