"""How near the quotes of one need lie to each other: variation, spread, relative distance.

Money is exact; a square root is taken once, at the end, to twelve places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

_PLACES = Context(prec=12)


@dataclass(frozen=True)
class Figures:
    """Of one need's opened quotes; None where too few or equal quotes leave nothing to divide by.

    ``variation``: sample standard deviation over the mean. ``spread``: (highest − lowest) over the
    lowest. ``distance``: (second lowest − lowest) over the sample standard deviation of all but the
    lowest; ``endless`` where those are equal and the lowest stands apart.
    """

    quotes: int
    variation: Decimal | None
    spread: Decimal | None
    distance: Decimal | None
    endless: bool = False


def figures(quotes: Iterable[Decimal]) -> Figures:
    """The figures of some quotes in yuan, in whatever order they come."""
    values = sorted(Fraction(each) for each in quotes)
    if not values:
        return Figures(0, None, None, None)
    lowest, highest = values[0], values[-1]
    mean = sum(values, Fraction(0)) / len(values)
    variation = _over(deviation(values), mean)
    spread = _decimal((highest - lowest) / lowest) if lowest > 0 else None
    if len(values) < 3:
        return Figures(len(values), variation, spread, None)
    gap = values[1] - lowest
    among_losers = deviation(values[1:])
    if among_losers == 0:
        return Figures(len(values), variation, spread, None, endless=gap > 0)
    return Figures(len(values), variation, spread, _decimal(gap / Fraction(among_losers)))


def deviation(values: Sequence[Fraction]) -> Decimal:
    """The sample standard deviation (n − 1); 0 of fewer than two."""
    if len(values) < 2:
        return Decimal(0)
    mean = sum(values, Fraction(0)) / len(values)
    squares = sum(((each - mean) ** 2 for each in values), Fraction(0)) / (len(values) - 1)
    return _decimal(squares).sqrt(_PLACES) if squares else Decimal(0)


def stands_apart(found: Figures, least: Decimal) -> bool:
    """Whether the lowest quote is so far below all others as they are not from each other."""
    return found.endless or (found.distance is not None and found.distance >= least)


def _over(part: Decimal, whole: Fraction) -> Decimal | None:
    return _PLACES.divide(part, _decimal(whole)) if whole > 0 else None


def _decimal(exact: Fraction) -> Decimal:
    return Context(prec=40).divide(Decimal(exact.numerator), Decimal(exact.denominator))
