"""Reading a formula: its base, its table, its parts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marketplace.fees.rules.bands import NOTHING, Band
from marketplace.fees.rules.bases import Base, Beyond, CappedShare, Chosen, Direct, Weighted
from marketplace.fees.rules.reading.sections import Section, band_of, decimal_of
from marketplace.fees.rules.standards import Formula, Part, QuantityKind, Ref, Sum, Tabled
from marketplace.fees.rules.tables import (
    Bracket,
    Clamp,
    FixedValue,
    Interpolated,
    Linear,
    Negotiated,
    Outside,
    Progressive,
    RateOnExcess,
    RateOnWhole,
    StepBracket,
    Stepped,
    Table,
    Units,
)


def read_formula(section: Section, kinds: Mapping[str, QuantityKind], fee_unit: str) -> Formula:
    """One formula of any of the six kinds; raises EditionError."""
    kind = section.word("kind", ("linear", "step", "progressive", "interpolate", "sum", "ref"))
    formula: Formula
    if kind == "sum":
        formula = Sum(tuple(_part(row, kinds, fee_unit) for row in section.children("parts")))
        if not formula.parts:
            raise section.error("parts", "至少一项")
    elif kind == "ref":
        standard, variant = section.take("standard", str), section.take("variant", str)
        factor = section.number("factor")
        formula = section.build(lambda: Ref(standard, variant, factor), "factor")
    else:
        base = _base(section, kinds)
        units = Units(_unit_of(section, base, kinds), fee_unit)
        formula = Tabled(base, _table(section, kind), units)
    section.done()
    return formula


def _part(row: Section, kinds: Mapping[str, QuantityKind], fee_unit: str) -> Part:
    part = Part(
        row.take("title", str),
        read_formula(row.child("formula"), kinds, fee_unit),
        row.texts("names", required=False),
    )
    row.done()
    return part


def _unit_of(section: Section, base: Base, kinds: Mapping[str, QuantityKind]) -> str:
    for key in base.keys:
        if key not in kinds:
            raise section.error("base", f"没有数量“{key}”")
    units = {kinds[key].unit for key in base.keys}
    if len(units) != 1:
        raise section.error("base", "各数量的单位应相同")
    return units.pop()


def _base(section: Section, kinds: Mapping[str, QuantityKind]) -> Base:
    if isinstance(section.data.get("base"), str):
        return Direct(section.take("base", str))
    row = section.child("base")
    how = row.word("how", ("weighted", "largest", "mean", "capped_share", "beyond"))
    base: Base
    if how == "weighted":
        weights = row.child("weights")
        pairs = tuple((key, weights.number(key)) for key in weights.data)
        base = row.build(lambda: Weighted(pairs), "weights")
    elif how == "capped_share":
        full, part, share = row.take("full", str), row.texts("part"), row.number("share")
        base = row.build(lambda: CappedShare(full, part, share), "share")
    elif how == "beyond":
        of, over, share = row.texts("of"), row.take("over", str), row.number("share")
        base = row.build(lambda: Beyond(of, over, share), "share")
    else:
        of = row.texts("of")
        base = row.build(lambda: Chosen(how, of), "of")
    row.done()
    return base


def _table(section: Section, kind: str) -> Table:
    if kind == "linear":
        if not section.has("rate") and not section.has("constant"):
            raise section.error("rate", "缺少此项")
        return Linear(section.band("rate", NOTHING), section.band("constant", NOTHING))
    if kind == "step":
        steps = tuple(_step_bracket(row) for row in section.children("brackets"))
        return section.build(lambda: Stepped(steps))
    if kind == "progressive":
        slices = tuple(_bracket(row) for row in section.children("brackets"))
        rising = section.take("rising", bool, False)
        text = section.take("text", str) if section.has("text") else ""
        return section.build(lambda: Progressive(slices, rising, text))
    of = section.word("of", ("amount", "rate"), "amount")
    points = tuple(_point(section, n, row) for n, row in enumerate(section.take("points", list)))
    below, above = _outside(section.child("below")), _outside(section.child("above"))
    return section.build(lambda: Interpolated(points, below, above, of))


def _step_bracket(row: Section) -> StepBracket:
    upto = row.number("upto") if row.has("upto") else None
    negotiated = row.take("negotiated", bool, False)
    bracket = StepBracket(upto, None if negotiated else row.band("amount"))
    row.done()
    return bracket


def _bracket(row: Section) -> Bracket:
    upto = row.number("upto") if row.has("upto") else None
    rate = row.band("rate") if row.has("rate") else None
    flat = row.band("flat") if row.has("flat") else None
    if row.take("negotiated", bool, False) == (rate is not None or flat is not None):
        raise row.error("rate", "一档应写费率、定额或 negotiated = true 之一")
    row.done()
    return Bracket(upto, rate, flat)


def _point(section: Section, number: int, row: Any) -> tuple[Decimal, Band]:
    key = f"points[{number}]"
    if not isinstance(row, list) or len(row) != 2:
        raise section.error(key, "应为 [计费基数， 收费额]")
    return decimal_of(section, key, row[0]), band_of(section, key, row[1])


def _outside(row: Section) -> Outside:
    mode = row.word("mode", ("negotiated", "clamp", "rate_whole", "rate_excess", "fixed"))
    answer: Outside
    if mode == "negotiated":
        answer = Negotiated(row.take("text", str) if row.has("text") else "")
    elif mode == "clamp":
        answer = Clamp()
    elif mode == "fixed":
        answer = FixedValue(row.band("value"))
    else:
        rate = row.band("rate")
        answer = RateOnWhole(rate) if mode == "rate_whole" else RateOnExcess(rate)
    row.done()
    return answer
