"""A promise held against a fee list."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.fees.answering import answer
from marketplace.fees.models import PriceCheck
from marketplace.fees.queries import Pricing
from marketplace.fees.rules.judging import Gate, Judgement, Verdict, judge_discount
from marketplace.foundation.db import as_written, db
from marketplace.foundation.errors import Invalid

from ..models import Offering


def judged(offered: Offering, pricing: Pricing) -> Judgement | None:
    """The promise held against a list; None where the list asks what nobody has said."""
    try:
        if offered.amount is None:
            return judge_discount(
                offered.discount, Gate.OFFERING, offered.item_code, pricing.standard, pricing.policy
            )
        told = answer(pricing, _inputs(offered), offered.amount, gate=Gate.OFFERING).judged
    except (Invalid, ValueError, ArithmeticError):
        return None
    return None if told.verdict in (Verdict.NEEDS_INPUT, Verdict.OUTSIDE_TABLE) else told


def _inputs(offered: Offering) -> dict[str, str]:
    """What the firm answered when its price was checked."""
    found = db.session.scalar(
        select(PriceCheck.inputs)
        .where(
            PriceCheck.subject_type == Offering.__tablename__, PriceCheck.subject_id == offered.id
        )
        .order_by(PriceCheck.id.desc())
        .limit(as_written(1))
    )
    return dict(found or {})
