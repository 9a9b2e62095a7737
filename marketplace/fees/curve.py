"""How a fee moves with its base: the standard computed at bases around the one asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .queries import Library, Pricing
from .rules.calculating import BASE, Case, Outcome, Quantity, QuantityError, calculate
from .rules.inputs import UNIT, VARIANT, allowed_variants, case_of, read_number
from .rules.modifiers import UnknownInput
from .rules.standards import Tabled
from .rules.tables import Linear, Table

STEPS = 20
EXAMPLES = 3
DIGITS = 3


@dataclass(frozen=True)
class Point:
    """The fee at one base, in 元; ``base`` in the curve's unit."""

    base: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Curve:
    """The points by rising base. ``title`` and ``unit`` are those of the number that moves,
    ``asked`` is the one that was asked about."""

    title: str
    unit: str
    asked: Decimal
    points: Sequence[Point]


def curve(pricing: Pricing, answers: Mapping[str, str]) -> Curve | None:
    """From a tenth to twice the first number answered, everything else as answered.

    None where no number was given, or where fewer than three bases have a fee.
    """
    if pricing.fee is None or pricing.standard is None:
        return None
    texts = {key: str(value) for key, value in answers.items() if value}
    plan = pricing.standard.plans.get(texts.get(VARIANT, ""))
    kinds = plan.wanted if plan is not None else pricing.standard.quantities
    kind = next((each for each in kinds if each.key in texts), None)
    if kind is None:
        return None
    try:
        asked = read_number(kind.key, kind.title, texts[kind.key])
    except QuantityError:
        return None
    others = Library(pricing.day)
    points = []
    for base in bases(asked):
        try:
            case = case_of(pricing.standard, pricing.fee, {**texts, kind.key: format(base, "f")})
            found = calculate(pricing.standard, case, others, explain=False)
        except (QuantityError, UnknownInput):
            continue
        if found.outcome is Outcome.COMPUTED and found.band is not None:
            points.append(Point(base, found.band.low, found.band.high))
    if len(points) < DIGITS:
        return None
    money = texts.get(UNIT, kind.unit)
    unit = money if kind.unit in ("元", "万元", "亿元") else kind.unit
    return Curve(kind.title, unit, asked, points)


def bases(asked: Decimal) -> list[Decimal]:
    """Twenty rising bases up to twice the one asked about, that one among them, the others of
    three digits, so that the table reads well."""
    found = {asked}
    for step in range(1, STEPS + 1):
        base = asked * step / (STEPS // 2)
        if base > 0:
            unit = Decimal(1).scaleb(base.adjusted() - DIGITS + 1)
            found.add((base / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit)
    return sorted(base for base in found if base > 0)


@dataclass(frozen=True)
class Example:
    """What one variant of a standard asks at bases of its own table: ``title`` is the variant's,
    ``base`` and ``unit`` say what the fee depends on."""

    title: str
    base: str
    unit: str
    points: Sequence[Point]


def examples(pricing: Pricing) -> list[Example]:
    """A few figures of a published table, for a reader who has no project at hand yet.

    The bases are the document's own steps, so that nothing is invented; every coefficient counts
    as 1, floats are in the band. Empty for a standard without a table.
    """
    if pricing.fee is None or pricing.standard is None or not pricing.standard.quantities:
        return []
    others = Library(pricing.day)
    found = []
    for variant in allowed_variants(pricing.standard, pricing.fee):
        if not isinstance(variant.formula, Tabled):
            continue
        unit = variant.formula.units.base
        kind = pricing.standard.plans[variant.code].wanted[0]
        points = []
        for base in _steps_of(variant.formula.table)[:EXAMPLES]:
            case = Case(({BASE: Quantity(base, unit)},), variant.code, factors=())
            answer = calculate(pricing.standard, case, others, explain=False)
            if answer.outcome is Outcome.COMPUTED and answer.band is not None:
                points.append(Point(base, answer.band.low, answer.band.high))
        if points:
            found.append(Example(variant.title, kind.title, unit, points))
    return found


def _steps_of(table: Table) -> list[Decimal]:
    if isinstance(table, Linear):
        return []
    if hasattr(table, "points"):
        return [base for base, _fee in table.points]
    return [each.upto for each in table.brackets if each.upto is not None]
