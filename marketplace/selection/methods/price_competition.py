"""Sealed price competition: the lowest amount, or the highest discount, comes first.

A quote far below the mean of all others must be explained, and the owner decides with a published
reason whether it stands. (RULES section 7)
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from .quotes import Quote, QuoteKind, checked, cost, grouped, mean


def order(quotes: Iterable[Quote], kind: QuoteKind) -> tuple[tuple[str, ...], ...]:
    """Credit codes, best quote first, equals in one group. The order they are handed over in makes
    no difference. Raises QuoteError for quotes that cannot be compared."""
    chosen = checked(quotes, kind)
    return grouped(chosen, [cost(quote, kind) for quote in chosen])


def mean_of_others(quotes: Iterable[Quote], kind: QuoteKind, credit_code: str) -> Fraction | None:
    """The mean of what the others would cost; None where nobody else quoted."""
    others = [
        cost(quote, kind) for quote in checked(quotes, kind) if quote.credit_code != credit_code
    ]
    return mean(others) if others else None


def abnormally_low(quotes: Iterable[Quote], kind: QuoteKind, share: Decimal) -> frozenset[str]:
    """The firms whose quote costs less than ``share`` (0.7 = 70 %) of the mean of all others.

    A firm that is alone has nobody to be compared with. Exactly the share is not below it.
    """
    chosen = checked(quotes, kind)
    costs = [cost(quote, kind) for quote in chosen]
    whole, edge = sum(costs, Fraction(0)), Fraction(share)
    if len(chosen) < 2:
        return frozenset()
    return frozenset(
        quote.credit_code
        for quote, own in zip(chosen, costs, strict=True)
        if own < edge * (whole - own) / (len(chosen) - 1)
    )
