"""The calculator's answer as plain values for machines; its shape is ``docs/fee-answers.md``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .answering import Answer
from .asking import Asking
from .rules.bands import Band, plain
from .rules.calculating import NO_STANDARD
from .rules.judging import Verdict
from .rules.limits import Limit
from .rules.steps import Wording
from .rules.worked_examples import VERDICT_OF, step_record

FORMAT = "fee-answer/1"


def told(asking: Asking) -> dict[str, Any]:
    """An answer as the JSON tells it; an item nothing can be asked about has ``no_standard``."""
    pricing, found = asking.pricing, asking.answer
    edition, fee = pricing.standard_edition, pricing.fee
    item, policy = asking.item, pricing.edition
    return {
        "format": FORMAT,
        **_answered(found),
        "item": {"code": item.code, "name": item.name} if item is not None else None,
        "area": {"code": asking.area.code, "name": asking.area.name},
        "day": asking.day.isoformat(),
        "inputs": {k: str(v) for k, v in (found.inputs if found else {}).items() if v},
        "standard": None
        if edition is None
        else {
            "id": edition.standard_id,
            "title": edition.title,
            "document": edition.document,
            "issuer": edition.issuer,
            "sha256": edition.sha256,
        },
        "binding": pricing.binds,
        "legal_basis": fee.legal_basis if fee is not None else "",
        "freed_by": fee.freed_by if fee is not None else "",
        "freed_on": fee.freed_on.isoformat() if fee is not None and fee.freed_on else None,
        "policy": None if policy is None else {"id": policy.id, "title": policy.title},
        "link": asking.link(),
    }


def _answered(found: Answer | None) -> dict[str, Any]:
    calculation = found.calculation if found is not None else NO_STANDARD
    judged = found.judged if found is not None else None
    price = found.price if found is not None else None
    band, basic = calculation.band, calculation.basic
    verdict = VERDICT_OF[calculation.outcome]
    if judged is not None and (price is not None or judged.verdict in _OPEN):
        verdict = judged.verdict
    reason = judged.reason if judged is not None else calculation.reason
    return {
        "low": None if band is None else plain(band.low, 10),
        "high": None if band is None else plain(band.high, 10),
        "unit": "元",
        "verdict": verdict.value,
        "steps": [step_record(step) for step in (judged.steps if judged else ())],
        "reason": _words(reason),
        "basic": _band(basic),
        "ceiling": _amount(judged.ceiling if judged else None),
        "floor": _amount(judged.floor if judged else None),
        "readings": [
            {"reading": title, "ceiling": plain(amount, 10)}
            for title, amount in (judged.readings if judged else ())
        ],
        "price": _amount(price),
        "beyond": _amount(judged.by)
        if judged and price is not None and judged.decided_by
        else None,
        "decided_by": _limit(judged.decided_by) if judged and price is not None else None,
        "deviation": _amount(judged.deviation) if judged and price is not None else None,
    }


# what a local layer leaves open whatever the price
_OPEN = (Verdict.NEEDS_INPUT, Verdict.AMBIGUOUS)


def _band(band: Band | None) -> dict[str, str] | None:
    return None if band is None else {"low": plain(band.low, 10), "high": plain(band.high, 10)}


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount, 10)


def _words(reason: Wording | None) -> str | None:
    return None if reason is None else str(reason)


def _limit(limit: Limit | None) -> dict[str, str] | None:
    if limit is None:
        return None
    return {
        "source": limit.source.value,
        "title": limit.title,
        "document": limit.document,
        "clause": limit.clause,
    }
