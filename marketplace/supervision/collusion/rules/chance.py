"""How likely something is by chance alone, as exact fractions."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import comb


def at_least(wins: int, fields: Iterable[int]) -> Fraction:
    """The chance of at least so many wins in draws with so many entrants each, every entrant
    alike: the upper tail of the Poisson-binomial distribution."""
    sizes = list(fields)
    if wins <= 0:
        return Fraction(1)
    if wins > len(sizes):
        return Fraction(0)
    # ways[k]: the chance of k wins so far; what is beyond `wins` is kept in the last
    ways = [Fraction(1)] + [Fraction(0)] * wins
    for size in sizes:
        if size < 1:
            raise ValueError("a draw has at least one entrant")
        win = Fraction(1, size)
        ways[wins] += ways[wins - 1] * win
        for count in range(wins - 1, 0, -1):
            ways[count] = ways[count] * (1 - win) + ways[count - 1] * win
        ways[0] *= 1 - win
    return ways[wins]


def expected(fields: Iterable[int]) -> Fraction:
    """How many wins chance gives on average."""
    return sum((Fraction(1, size) for size in fields), Fraction(0))


def meeting(joint: int, first: int, second: int, needs: int) -> Fraction:
    """The chance that two firms standing in ``first`` and ``second`` of ``needs``, each choosing
    them freely, meet in at least ``joint``: the upper tail of the hypergeometric distribution."""
    if not 0 <= joint <= min(first, second) or max(first, second) > needs:
        raise ValueError("more meetings than needs")
    ways = sum(
        comb(first, both) * comb(needs - first, second - both)
        for both in range(joint, min(first, second) + 1)
    )
    return Fraction(ways, comb(needs, second))


def never_twice(fields: Iterable[int]) -> Fraction:
    """The chance that no firm of a group wins two times running, when each of the group that
    stands (so many each time) is as likely to win as the others; the first time is free."""
    sizes = list(fields)
    result = Fraction(1)
    for size in sizes[1:]:
        if size < 1:
            raise ValueError("somebody of the group stands each time")
        result *= 1 - Fraction(1, size)
    return result
