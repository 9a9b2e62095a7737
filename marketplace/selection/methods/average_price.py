"""Average price: the quote nearest to the mean of all comes first.

From so many quotes on the highest and the lowest are left out of the mean, one of each; they stay
entrants. Everything is exact, so that ten thirds are ten thirds. (RULES section 7)
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from .quotes import Quote, QuoteKind, checked, cost, grouped, mean


def reference(quotes: Iterable[Quote], kind: QuoteKind, trim_from: int) -> Fraction:
    """The mean the quotes are measured by: of all, or of all but the highest and the lowest from
    ``trim_from`` quotes on. Raises QuoteError without quotes."""
    costs = sorted(cost(quote, kind) for quote in checked(quotes, kind))
    return mean(costs[1:-1] if len(costs) >= max(trim_from, 3) else costs)


def order(quotes: Iterable[Quote], kind: QuoteKind, trim_from: int) -> tuple[tuple[str, ...], ...]:
    """Credit codes, the quote nearest to the mean first, equals in one group: one as far above as
    another is below it too. Raises QuoteError for quotes that cannot be compared."""
    chosen = checked(quotes, kind)
    middle = reference(chosen, kind, trim_from)
    return grouped(chosen, [abs(cost(quote, kind) - middle) for quote in chosen])
