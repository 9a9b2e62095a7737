"""The calculator's question and its answer, as the page, the JSON and the firms' prices use it.

A question is an item of the list in a place on a day, or a published standard alone. Nothing is
stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import queries
from .queries import Pricing
from .rules.bands import FEN, ZERO, round_to
from .rules.bases import Direct
from .rules.calculating import Calculation
from .rules.inputs import (
    FACTORS,
    LOTS,
    PAYER_CLASS,
    VARIANT,
    InputField,
    allowed_variants,
)
from .rules.inputs import input_fields as asked
from .rules.judging import Gate, Judgement, Question, judge
from .rules.policy import ItemFee
from .rules.standards import FeeStandard, Tabled
from .rules.steps import Step


def alone(standard_id: str, jurisdiction_code: str, day: date) -> Pricing:
    """A published standard asked by itself, whatever items it prices: it informs only, and no
    local layer stands on it. Raises Missing for one that may not be shown."""
    row = queries.latest_standard(standard_id, day)
    told = queries.figures(row)
    fee = ItemFee(
        standard=told.id,
        binds="reference",
        price_form=told.price_form,
        legal_basis=told.status or told.document,
    )
    usable = bool(told.variants)
    return Pricing(
        "", jurisdiction_code, day, None, fee if usable else None, row, told if usable else None
    )


@dataclass(frozen=True)
class Asked:
    """What a question asks: the fields, and whether the case may have further lots or agreed
    factors in place of the coefficient tables."""

    fields: Sequence[InputField]
    lots: bool
    factors: bool


def questions(pricing: Pricing, variant: str | None, *, agreed: bool = False) -> Asked:
    """The questions of one variant, or of all while none is chosen. ``agreed``: factors are given,
    so that no coefficient has to be chosen."""
    if pricing.fee is None or pricing.standard is None:
        return Asked((), False, False)
    standard = pricing.standard
    fields = asked(standard, pricing.fee, pricing.policy, pricing.item_code, variant)
    tables = {table.key for table in standard.coefficients}
    if agreed:
        fields = tuple(field for field in fields if field.key not in tables)
    allowed = allowed_variants(standard, pricing.fee)
    one = [each for each in allowed if each.code == variant] or list(allowed)
    lots = len(one) == 1 and _by_one_number(standard, one[0].code)
    return Asked(fields, lots, bool(tables) or agreed)


def _by_one_number(standard: FeeStandard, variant: str) -> bool:
    formula = standard.by_code[variant].formula
    return isinstance(formula, Tabled) and isinstance(formula.base, Direct)


@dataclass(frozen=True)
class Ceiling:
    """One ceiling over a case, in 元: the standard's own high end or a local layer's share of it.
    ``decides``: no other is lower."""

    step: Step | None
    amount: Decimal
    document: str
    clause: str
    decides: bool


@dataclass(frozen=True)
class Answer:
    """What a standard, the layers on it and the verdict on a price (where one was given) say."""

    pricing: Pricing
    inputs: Mapping[str, str]
    price: Decimal | None
    calculation: Calculation
    judged: Judgement

    @property
    def judgement(self) -> Judgement | None:
        """The verdict, where a price was asked about."""
        return self.judged if self.price is not None else None

    @property
    def lowered(self) -> bool:
        """Whether a local layer allows less than the standard's high end."""
        band, ceiling = self.calculation.band, self.judged.ceiling
        return (
            bool(self.layer_steps)
            and band is not None
            and ceiling is not None
            and (ceiling < round_to(band.high, FEN, "half_up"))
        )

    @property
    def allowed(self) -> tuple[Decimal | None, Decimal] | None:
        """What is allowed here, lowest and highest in 元: the standard's band under the local
        layers, an open reading at its higher value. No lowest where a layer lies below it."""
        band, ceiling = self.calculation.band, self.judged.ceiling
        if band is None:
            return None
        if not self.lowered or ceiling is None:
            return band.low, band.high
        return (band.low if band.low < ceiling else None), ceiling

    @property
    def layer_steps(self) -> tuple[Step, ...]:
        """The steps of the local layers, after those of the standard."""
        return self.judged.steps[len(self.calculation.steps) :]

    @property
    def ceilings(self) -> list[Ceiling]:
        """The standard's ceiling and every layer's, where a layer stands on it; the deciding one
        is marked unless an open reading leaves it undecided."""
        band = self.calculation.band
        if band is None or not self.layer_steps:
            return []
        standard, variant = self.calculation.standard, self.calculation.variant
        rows = [
            (
                None,
                band.high,
                standard.document if standard else "",
                variant.clause if variant else "",
            )
        ]
        rows += [(s, s.given.high, s.document, s.clause) for s in self.layer_steps]  # type: ignore[misc]
        least = min(amount for _, amount, _, _ in rows)
        first = next(place for place, row in enumerate(rows) if row[1] == least)
        decided = not self.judged.readings
        return [Ceiling(*row, decides=decided and place == first) for place, row in enumerate(rows)]


def answer(
    pricing: Pricing,
    inputs: Mapping[str, str],
    price: Decimal | None = None,
    *,
    gate: Gate = Gate.QUOTE,
) -> Answer:
    """What is allowed for a case, and the verdict on ``price`` (元) at a gate. Raises Invalid
    naming the input that cannot be used."""
    calculation = queries.calculation(pricing, inputs)
    question = Question(
        price if price is not None else ZERO,
        gate,
        pricing.item_code,
        calculation,
        payer_class=inputs.get(PAYER_CLASS) or None,
    )
    return Answer(pricing, inputs, price, calculation, judge(question, pricing.policy))


__all__ = [
    "FACTORS",
    "LOTS",
    "VARIANT",
    "Answer",
    "Asked",
    "Ceiling",
    "alone",
    "answer",
    "questions",
]
