"""What a stored price check says: the question, the answer, and everything both rest on."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .models import SHORTEST_REASON
from .queries import Pricing
from .rules.bands import FEN, ONE, ZERO, round_to, settle
from .rules.calculating import Calculation
from .rules.judging import Judgement, Verdict
from .rules.limits import Limit, rounded_ceiling, rounded_floor
from .rules.references import Reference
from .rules.steps import Wording

if TYPE_CHECKING:
    from .checking import PriceQuestion


def facts_of(
    question: PriceQuestion,
    found: Pricing,
    calculation: Calculation | None,
    answer: Judgement,
    reference: Reference | None,
) -> dict[str, Any]:
    """The columns of a check that say what was asked and what the answer was."""
    band = calculation.band if calculation is not None else None
    basic = calculation.basic if calculation is not None else None
    price, discount = question.price, question.commitment_discount
    if discount is None and question.commitment is not None:
        discount = question.commitment.discount
    said = question.reason.strip()
    return {
        "stage": question.stage,
        "item_code": found.item_code,
        "jurisdiction_code": found.jurisdiction_code,
        "day": found.day,
        "price": price,
        "discount": discount,
        "inputs": {k: str(v) for k, v in question.inputs.items() if v not in (None, "")},
        "verdict": answer.verdict,
        "low": _stored(band.low if band else None),
        "high": _stored(band.high if band else None),
        "basic_low": _stored(basic.low if basic else None),
        "basic_high": _stored(basic.high if basic else None),
        "ceiling": answer.ceiling if price is not None else None,
        "floor": answer.floor if price is not None else None,
        "beyond": answer.by if answer.decided_by is not None else None,
        "deviation": _stored(answer.deviation),
        "decided_by": _decided(answer, found),
        "binding": answer.binding,
        "stops": answer.stops,
        "flagged": answer.flagged,
        "asks_reason": answer.asks_reason,
        "deviation_reason": said if answer.asks_reason and len(said) >= SHORTEST_REASON else None,
        "standard_binds": found.binds,
        "freed_by": found.fee.freed_by if found.fee is not None else "",
        "readings": [
            [title, str(round_to(amount, FEN, "half_up"))] for title, amount in answer.readings
        ],
        "missing": [list(pair) for pair in answer.missing],
        "reason": _wording(answer.reason),
        "steps": [step.as_record() for step in answer.steps],
        "limits": [_limit(limit, found, above=True) for limit in answer.limits],
        "reference": _reference(reference, answer, calculation),
        "policy_edition_id": found.edition.id if found.edition is not None else None,
        "standard_edition_id": found.standard_edition.id if found.standard_edition else None,
        "standard_id": found.fee.standard if found.fee is not None else None,
    }


def _stored(value: Decimal | None) -> Decimal | None:
    """At most ten decimals, which the column holds; every finite result has fewer."""
    if value is None:
        return None
    sign = -ONE if value < ZERO else ONE
    return settle(round_to(abs(value), Decimal("0.0000000001"), "half_up")) * sign


def _decided(answer: Judgement, found: Pricing) -> dict[str, Any] | None:
    if answer.decided_by is None:
        return None
    return _limit(answer.decided_by, found, above=answer.verdict is not Verdict.BELOW_FLOOR)


def _limit(limit: Limit, found: Pricing, *, above: bool) -> dict[str, Any]:
    """A limit as it is kept: the amount as it was compared."""
    edge = rounded_ceiling(limit.amount, found.policy) if above else rounded_floor(limit.amount)
    return {
        "source": limit.source.value,
        "title": limit.title,
        "document": limit.document,
        "clause": limit.clause,
        "binding": limit.binding,
        "limit": str(edge),
    }


def _reference(
    found: Reference | None, answer: Judgement, calculation: Calculation | None
) -> dict[str, Any] | None:
    """What like contracts were agreed at, as it stood when it was compared with."""
    if found is None:
        return None
    amounts = found.amounts(calculation.basic if calculation is not None else None)
    kept = [str(_stored(value)) for value in (found.lower, found.median, found.upper)]
    deviation = _stored(answer.reference_deviation)
    return {
        "measure": found.measure,
        "count": found.count,
        "quartiles": kept,
        "amounts": [str(round_to(each, FEN, "half_up")) for each in amounts] if amounts else None,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "deviation": None if deviation is None else str(deviation),
    }


def _wording(reason: Wording | None) -> dict[str, object] | None:
    return None if reason is None else {"text": reason.text, "values": dict(reason.values)}
