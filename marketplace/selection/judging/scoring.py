"""From what is stored to the points of every firm: the opened quotes, the ratings, the marks."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from marketplace.foundation import clock
from marketplace.projects.models import Need

from .. import queries as selection
from ..closing import credit_code
from ..methods import best_value
from ..methods.best_value import Candidate, Marks, Points, PriceFormula, Weights
from ..methods.quotes import Quote, QuoteKind
from ..models import SelectionRound
from . import plans, queries


def weights_of(need: Need) -> Weights:
    """What the need weighs, as the method takes it."""
    kept = need.weights
    assert kept is not None
    return Weights(
        kept.price,
        kept.rating,
        kept.plan,
        kept.practitioners,
        PriceFormula(kept.scoring.value),
    )


def points(need: Need, running: SelectionRound) -> dict[str, Points]:
    """The exact points of every firm of the list, by credit code; the quotes have been opened."""
    panel = queries.panel_of(running)
    assert panel is not None
    values = queries.values_of(panel)
    listed = selection.listed(running)
    counted = [queries.sheets_by(each) for each in queries.counted(panel, listed)]
    scores = {each.entry_id: each.score for each in plans.of_round(running)}
    candidates = [
        Candidate(
            Quote(credit_code(entry), entry.quoted if entry.discount is None else entry.discount),
            scores[entry.id],
            tuple(Marks(own[entry.id].plan, own[entry.id].practitioners) for own in counted),
        )
        for entry in listed
    ]
    _edition, selecting = selection.edition_of(need, clock.local_day(running.opened_at))
    return best_value.points(
        candidates,
        QuoteKind.DISCOUNT if need.by_discount else QuoteKind.AMOUNT,
        weights_of(need),
        values.ungraded_score,
        selecting.sealed.trim_from,
        values.trim_marks_from,
    )


def groups(need: Need, running: SelectionRound) -> tuple[tuple[str, ...], ...]:
    """Credit codes, most points first, equals in one group."""
    return best_value.order(points(need, running))


def middle(totals: Iterable[int]) -> Decimal:
    """The median of judges' totals (tenths) in points, to two decimals."""
    return best_value.shown(best_value.median(totals) / best_value.TENTHS)
