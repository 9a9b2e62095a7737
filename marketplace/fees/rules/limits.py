"""The ceilings and floors a price is held against: standard, layers, commitment, budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from marketplace.fees.rules.bands import EXACT, FEN, ONE, ZERO, Band, percent, plain, round_to
from marketplace.fees.rules.calculating import Calculation
from marketplace.fees.rules.policy import FeesPolicy, Reading, ShareLayer
from marketplace.fees.rules.steps import N_, Step, wording


class Source(StrEnum):
    """Where a limit comes from."""

    STANDARD = "standard"
    LAYER = "layer"
    COMMITMENT = "commitment"
    BUDGET = "budget"


# what a limit without a document rests on; kept as written here, shown in the reader's language
PROMISED = N_("机构承诺")
BUDGETED = N_("项目业主的预算")


class Limit(NamedTuple):
    """One ceiling or floor in 元: where it comes from, what it rests on, whether it binds."""

    source: Source
    code: str
    title: str
    amount: Decimal
    binding: bool
    document: str
    clause: str


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a firm has promised for a service item: a discount off the basic price (0.15 = 15 %),
    or an amount in 元, valid while the base lies in ``base_from``–``base_to`` (元, or the physical
    unit of the base; ends included; ``None``: open). It holds from the day ``since`` on, where one
    is known."""

    discount: Decimal | None = None
    amount: Decimal | None = None
    base_from: Decimal | None = None
    base_to: Decimal | None = None
    since: date | None = None

    def __post_init__(self) -> None:
        if (self.discount is None) == (self.amount is None):
            raise ValueError("承诺应为下浮率或金额之一")
        if self.discount is not None and not ZERO <= self.discount < ONE:
            raise ValueError("下浮率应在 0 与 1 之间")
        if self.amount is not None and self.amount < ZERO:
            raise ValueError("承诺金额不得为负")


def standard_ceiling(calculation: Calculation, binding: bool) -> Limit | None:
    """The high end of what the standard allows."""
    if calculation.band is None:
        return None
    return _standard_limit(calculation, calculation.band.high, binding)


def standard_floor(calculation: Calculation, binding: bool) -> Limit | None:
    """The low end of what the standard allows; none where the document only sets a highest."""
    if calculation.band is None or (calculation.standard and calculation.standard.ceiling_only):
        return None
    return _standard_limit(calculation, calculation.band.low, binding)


def _standard_limit(calculation: Calculation, amount: Decimal, binding: bool) -> Limit:
    standard, variant = calculation.standard, calculation.variant
    return Limit(
        Source.STANDARD,
        standard.id if standard else "",
        standard.title if standard else "",
        amount,
        binding,
        standard.document if standard else "",
        variant.clause if variant else "",
    )


def layer_share(layer: ShareLayer, payer_class: str | None) -> Decimal | None:
    """The layer's share for a payer class; ``None`` when it names no share for it."""
    if layer.share is not None:
        return layer.share
    return layer.shares.get(payer_class) if payer_class is not None else None


def layer_ceiling(
    layer: ShareLayer, reading: Reading, share: Decimal, calculation: Calculation, binding: bool
) -> tuple[Limit, Step]:
    """A layer's ceiling under one reading, and the step that shows it.

    ``calculation`` must have been computed.
    """
    basic, band = _computed(calculation)
    if reading.range_takes_low and not band.is_point:
        taken, amount = band.low, band.low
        what = wording(N_("%(title)s：有幅度的按下限"), title=layer.title)
    else:
        taken = {"low": band.low, "basic": basic.high, "high": band.high}[reading.of]
        amount = EXACT.multiply(taken, share)
        what = wording(N_("%(title)s：不超过 %(share)s"), title=layer.title, share=percent(share))
    limit = Limit(
        Source.LAYER, layer.code, layer.title, amount, binding, layer.document, layer.clause
    )
    step = Step(
        what, Band.point(taken), "元", Band.point(amount), "元", layer.document, layer.clause
    )
    return limit, step


def commitment_ceiling(
    commitment: Commitment, calculation: Calculation
) -> tuple[Limit, Step] | None:
    """The firm's own ceiling; ``None`` where the promise does not reach this case (a discount
    without a computed price, an amount outside its base range)."""
    if commitment.discount is not None:
        if calculation.basic is None:
            return None
        taken = calculation.basic.high
        amount = EXACT.multiply(taken, EXACT.subtract(ONE, commitment.discount))
        what = wording(N_("机构承诺下浮 %(discount)s"), discount=percent(commitment.discount))
    else:
        if not _in_reach(commitment, calculation.base):
            return None
        amount = commitment.amount or ZERO
        taken = amount
        what = wording(N_("机构承诺收费不超过 %(amount)s元"), amount=plain(amount))
    since = commitment.since.isoformat() if commitment.since else ""
    limit = Limit(Source.COMMITMENT, "", PROMISED, amount, True, PROMISED, since)
    step = Step(what, Band.point(taken), "元", Band.point(amount), "元", PROMISED, since)
    return limit, step


def price_at_discount(calculation: Calculation, discount: Decimal) -> Decimal:
    """The price in 元 that a discount rate (下浮率, 0.15 = 15 %) makes of the basic price,
    half-up to the fen. Raises ValueError when no price was computed or the rate is not one."""
    if not ZERO <= discount < ONE:
        raise ValueError("下浮率应在 0 与 1 之间")
    basic, _ = _computed(calculation)
    return round_to(EXACT.multiply(basic.high, EXACT.subtract(ONE, discount)), FEN, "half_up")


def budget_ceiling(budget: Decimal) -> Limit:
    """The owner's budget as a ceiling."""
    return Limit(Source.BUDGET, "", BUDGETED, budget, True, BUDGETED, "")


def rounded_ceiling(amount: Decimal, policy: FeesPolicy) -> Decimal:
    """A ceiling as it is compared: the edition's rounding, then half-up to the fen."""
    rounded = round_to(amount, policy.rounding_unit, policy.rounding_mode)
    return rounded if policy.rounding_unit == FEN else round_to(rounded, FEN, "half_up")


def rounded_floor(amount: Decimal) -> Decimal:
    """A floor as it is compared: down to the fen, so that rounding never forbids a price that
    the document allows."""
    return round_to(amount, FEN, "down")


def _computed(calculation: Calculation) -> tuple[Band, Band]:
    if calculation.basic is None or calculation.band is None:
        raise ValueError("没有算出的收费标准")
    return calculation.basic, calculation.band


def _in_reach(commitment: Commitment, base: Decimal | None) -> bool:
    if commitment.base_from is None and commitment.base_to is None:
        return True
    if base is None:
        return False
    over = commitment.base_from is None or base >= commitment.base_from
    return over and (commitment.base_to is None or base <= commitment.base_to)
