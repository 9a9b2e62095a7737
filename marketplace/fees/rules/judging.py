"""Is this price allowed? One verdict, the limit that decided it, and what follows at the gate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from marketplace.fees.rules.bands import EXACT, ONE, ZERO, Band, divide, settle
from marketplace.fees.rules.calculating import NO_STANDARD, Calculation, Outcome, notional
from marketplace.fees.rules.limits import (
    Commitment,
    Limit,
    Source,
    budget_ceiling,
    commitment_ceiling,
    layer_ceiling,
    layer_share,
    price_at_discount,
    rounded_ceiling,
    rounded_floor,
    standard_ceiling,
    standard_floor,
)
from marketplace.fees.rules.policy import FeesPolicy
from marketplace.fees.rules.references import Reference, distance
from marketplace.fees.rules.standards import FeeStandard
from marketplace.fees.rules.steps import N_, Step, Wording, wording


class Gate(StrEnum):
    """Where a price is checked."""

    OFFERING = "offering"
    BUDGET = "budget"
    QUOTE = "quote"
    AWARD = "award"
    CONTRACT = "contract"
    AMENDMENT = "amendment"


class Verdict(StrEnum):
    """The answer of a price check (RULES section 4)."""

    WITHIN = "within"
    ABOVE_CEILING = "above_ceiling"
    ROUNDING_ONLY = "rounding_only"
    BELOW_FLOOR = "below_floor"
    NO_STANDARD = "no_standard"
    OUTSIDE_TABLE = "outside_table"
    NEEDS_INPUT = "needs_input"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Question:
    """One price to be judged. Money in 元.

    ``by_discount`` marks an offering priced as a discount, which a missing input does not stop.
    ``budget`` is left out where the budget itself is judged. ``reference``: what like contracts
    were agreed at, where it is asked.
    """

    price: Decimal
    gate: Gate
    item: str
    calculation: Calculation
    payer_class: str | None = None
    commitment: Commitment | None = None
    budget: Decimal | None = None
    by_discount: bool = False
    reference: Reference | None = None


class Judgement(NamedTuple):
    """The verdict on one price. Money in 元.

    ``ceiling`` and ``floor`` are what the price was held against, rounded; ``decided_by`` the
    limit that made the verdict; ``by`` how far the price is beyond it. ``readings`` are the
    ceilings the open readings of a layer give. ``deviation`` is the distance from the basic
    price (or from the lower one a layer makes of it) as a share of it (negative: below),
    ``reference_deviation`` that from the median of like contracts. ``limits`` are all ceilings,
    in the order of RULES section 4, open readings at their higher value. ``stops``: the action may not go on; ``flagged``:
    it goes on and is shown to the bureau; ``asks_reason``: the parties must say why.
    """

    verdict: Verdict
    price: Decimal
    ceiling: Decimal | None
    floor: Decimal | None
    decided_by: Limit | None
    by: Decimal
    binding: bool
    stops: bool
    flagged: bool
    asks_reason: bool
    deviation: Decimal | None
    readings: tuple[tuple[str, Decimal], ...]
    missing: tuple[tuple[str, str], ...]
    reason: Wording | None
    steps: tuple[Step, ...]
    limits: tuple[Limit, ...] = ()
    reference_deviation: Decimal | None = None


def judge(question: Question, policy: FeesPolicy) -> Judgement:
    """Judge one price under one policy edition.

    Ceiling = the lowest of the standard's high end, the layers, the firm's commitment and the
    owner's budget; floor = the standard's low end, only where it binds as government-guided and
    no ceiling lies below it. A breach of what binds stops, everything else informs. Raises
    ValueError for a negative price.
    """
    if question.price < ZERO or not question.price.is_finite():
        raise ValueError("价格应为不小于 0 的数")
    fee = policy.items.get(question.item)
    binds = fee is not None and fee.binds == "binding"
    limits = _limits(question, policy, binds)
    breach = _breach(question.price, limits, policy)
    floor = None
    if fee is not None and binds and fee.price_form == "government_guided":
        floor = _floor(question, limits)
    deviation = _deviation(question, limits)
    from_median = None
    if question.reference is not None:
        from_median = distance(question.reference, question.price, question.calculation.basic)
    verdict, decided_by, by = _verdict(question, policy, limits, breach, floor)
    binding = decided_by is not None and decided_by.binding
    wide = deviation is not None and abs(deviation) > policy.deviation_band_of(question.item)
    if from_median is not None:
        wide = wide or abs(from_median) > policy.reference_band
    calculation = question.calculation
    return Judgement(
        verdict=verdict,
        price=question.price,
        ceiling=min(limits.rounded, default=None),
        floor=None if floor is None else rounded_floor(floor.amount),
        decided_by=decided_by,
        by=by,
        binding=binding,
        stops=_stops(verdict, binding, question),
        flagged=verdict not in _QUIET or (not binds and wide),
        asks_reason=not binds and wide,
        deviation=deviation,
        readings=limits.readings if verdict is Verdict.AMBIGUOUS else (),
        missing=limits.missing or calculation.missing,
        reason=_reason(verdict, question, limits),
        steps=calculation.steps + limits.steps,
        limits=limits.highest,
        reference_deviation=from_median,
    )


_QUIET = frozenset({Verdict.WITHIN, Verdict.ROUNDING_ONLY})


def judge_discount(
    discount: Decimal, gate: Gate, item: str, standard: FeeStandard | None, policy: FeesPolicy
) -> Judgement:
    """Judge a price given as a discount rate (0.15 = 15 %) before its base is known, on a notional
    basic price of 1,000,000 元: the verdict and the limit hold for every base that the standard
    prices by its table alone. Raises ValueError when the rate is not between 0 and 1."""
    if standard is None:
        calculation = NO_STANDARD
        price = ZERO
        if not ZERO <= discount < ONE:
            raise ValueError("下浮率应在 0 与 1 之间")
    else:
        calculation = notional(standard)
        price = price_at_discount(calculation, discount)
    return judge(Question(price, gate, item, calculation, by_discount=True), policy)


@dataclass(slots=True)
class _Limits:
    """Every ceiling of a question; where readings are open, the lowest and the highest each
    combination gives. ``highest`` are the ceilings with every open reading at its higher value,
    ``rounded`` their amounts as they are compared, ``classes`` the payer classes of the layers
    that name no share for this payer."""

    fixed: tuple[Limit, ...]
    open: tuple[tuple[tuple[str, Limit], ...], ...]
    steps: tuple[Step, ...]
    missing: tuple[tuple[str, str], ...]
    highest: tuple[Limit, ...]
    rounded: list[Decimal]
    classes: tuple[str, ...] = ()

    @property
    def lowest(self) -> tuple[Limit, ...]:
        """The ceilings with every open reading at its lower value."""
        if not self.open:
            return self.fixed
        chosen = tuple(min((c for _, c in way), key=_amount) for way in self.open)
        return self.fixed + chosen

    @property
    def readings(self) -> tuple[tuple[str, Decimal], ...]:
        """What each combination of open readings makes the ceiling."""
        found = []
        for ways in product(*self.open):
            ceiling = min([*self.fixed, *(limit for _, limit in ways)], key=_amount)
            found.append((";".join(title for title, _ in ways), settle(ceiling.amount)))
        return tuple(found)

    @property
    def ambiguous(self) -> bool:
        """Whether the open readings give different ceilings."""
        return bool(self.open) and len({amount for _, amount in self.readings}) > 1


def _amount(limit: Limit) -> Decimal:
    return limit.amount


def _limits(question: Question, policy: FeesPolicy, binds: bool) -> _Limits:
    calculation = question.calculation
    fixed: list[Limit] = []
    ways: list[tuple[tuple[str, Limit], ...]] = []
    steps: list[Step] = []
    missing: list[tuple[str, str]] = []
    classes: list[str] = []
    ceiling = standard_ceiling(calculation, binds)
    if ceiling is not None:
        fixed.append(ceiling)
        for layer in policy.layers_of(question.item) if policy.layers else ():
            share = layer_share(layer, question.payer_class)
            if share is None:
                missing.append(("payer_class", "缴费主体类别"))
                classes.extend(layer.shares)
                continue
            found = [(r, *layer_ceiling(layer, r, share, calculation, binds)) for r in layer.in_use]
            steps.extend(step for _, _, step in found)
            if len(found) == 1:
                fixed.append(found[0][1])
            else:
                ways.append(tuple((reading.title, limit) for reading, limit, _ in found))
    if question.commitment is not None:
        promised = commitment_ceiling(question.commitment, calculation)
        if promised is not None:
            fixed.append(promised[0])
            steps.append(promised[1])
    if question.budget is not None:
        fixed.append(budget_ceiling(question.budget))
    higher = [max((c for _, c in way), key=_amount) for way in ways]
    highest = (*fixed, *higher)
    return _Limits(
        tuple(fixed),
        tuple(ways),
        tuple(steps),
        tuple(dict.fromkeys(missing)),
        highest,
        [rounded_ceiling(limit.amount, policy) for limit in highest],
        tuple(dict.fromkeys(classes)),
    )


def _breach(price: Decimal, limits: _Limits, policy: FeesPolicy) -> tuple[Limit, Decimal] | None:
    """The ceiling broken and by how much: the lowest that binds, else the lowest of all."""
    broken = [
        (limit, EXACT.subtract(price, rounded))
        for limit, rounded in zip(limits.highest, limits.rounded, strict=True)
        if price > rounded
    ]
    if not broken:
        return None
    stopping = [
        (limit, over) for limit, over in broken if limit.binding and over > policy.rounding_unit
    ]
    return max(stopping or broken, key=lambda pair: pair[1])


def _floor(question: Question, limits: _Limits) -> Limit | None:
    """The standard's low end, where no ceiling lies below it."""
    floor = standard_floor(question.calculation, True)
    if floor is None or any(limit.amount < floor.amount for limit in limits.lowest):
        return None
    return floor


def _verdict(
    question: Question,
    policy: FeesPolicy,
    limits: _Limits,
    breach: tuple[Limit, Decimal] | None,
    floor: Limit | None,
) -> tuple[Verdict, Limit | None, Decimal]:
    if breach is not None and breach[1] > policy.rounding_unit:
        return Verdict.ABOVE_CEILING, *breach
    outcome = question.calculation.outcome
    if outcome is Outcome.NEEDS_INPUT or limits.missing:
        return Verdict.NEEDS_INPUT, None, ZERO
    # which reading caps the price says nothing of how low it may be
    if floor is not None and question.price < rounded_floor(floor.amount):
        short = EXACT.subtract(rounded_floor(floor.amount), question.price)
        return Verdict.BELOW_FLOOR, floor, short
    if limits.ambiguous:
        return Verdict.AMBIGUOUS, None, ZERO
    if breach is not None:
        return Verdict.ROUNDING_ONLY, *breach
    if outcome is Outcome.NO_STANDARD:
        return Verdict.NO_STANDARD, None, ZERO
    if outcome is Outcome.OUTSIDE_TABLE:
        return Verdict.OUTSIDE_TABLE, None, ZERO
    return Verdict.WITHIN, None, ZERO


def _stops(verdict: Verdict, binding: bool, question: Question) -> bool:
    if verdict in (Verdict.ABOVE_CEILING, Verdict.BELOW_FLOOR):
        return binding
    if verdict is Verdict.NEEDS_INPUT:
        return not (question.gate is Gate.OFFERING and question.by_discount)
    return False


def _deviation(question: Question, limits: _Limits) -> Decimal | None:
    """How far the price lies from the basic price, as a share of it; 0 inside a basic range.

    Where a layer lowers the ceiling below the basic price, its ceiling is what is measured from:
    nobody has to say why a price keeps to the layer.
    """
    basic: Band | None = question.calculation.basic
    if basic is None or basic.low <= ZERO:
        return None
    low, high = basic.low, basic.high
    for limit in limits.highest:
        if limit.source is Source.LAYER:
            high = min(high, limit.amount)
    for limit in limits.lowest:
        if limit.source is Source.LAYER:
            low = min(low, limit.amount)
    if low <= ZERO:
        return None
    if question.price > high:
        return divide(EXACT.subtract(question.price, high), high)
    if question.price < low:
        return divide(EXACT.subtract(question.price, low), low)
    return ZERO


def _reason(verdict: Verdict, question: Question, limits: _Limits) -> Wording | None:
    if verdict is Verdict.NEEDS_INPUT and limits.missing:
        if question.payer_class is not None:
            return wording(
                N_("政策按%(classes)s分别规定，没有写明“%(payer)s”适用哪一类，请先由管理机构明确"),
                classes="、".join(limits.classes),
                payer=question.payer_class,
            )
        titles = "、".join(title for _, title in limits.missing)
        return wording(N_("还需要填写：%(titles)s"), titles=titles)
    if verdict is Verdict.AMBIGUOUS:
        return wording(N_("政策原文有两种理解，尚未选定，暂按较高值比较"))
    return question.calculation.reason
