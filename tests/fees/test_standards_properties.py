"""What must hold for every shipped table over random bases."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.fees.rules.bands import MONEY_UNITS, Band, convert, settle
from marketplace.fees.rules.calculating import (
    BASE,
    NO_STANDARD,
    Calculation,
    Case,
    Outcome,
    Quantity,
    calculate,
)
from marketplace.fees.rules.judging import Gate, Question, Verdict, judge
from marketplace.fees.rules.policy import FeesPolicy, ItemFee, Reading, ShareLayer
from marketplace.fees.rules.reading.files import read_standards
from marketplace.fees.rules.standards import FeeStandard, Tabled, Variant, leaves
from marketplace.fees.rules.tables import (
    Interpolated,
    Linear,
    Negotiated,
    Progressive,
    RateOnWhole,
    Stepped,
)

PACKAGE = Path(__file__).parents[2] / "marketplace" / "fees"
STANDARDS = read_standards(PACKAGE.parent / "editions" / "standards")
LEAVES = [
    (standard, variant, leaf)
    for standard in STANDARDS.values()
    for variant in standard.variants
    for leaf in leaves(variant.formula)
]
TABLES = [(s, v) for s in STANDARDS.values() for v in s.variants if isinstance(v.formula, Tabled)]

leaf_of = st.sampled_from(LEAVES)
table_of = st.sampled_from(TABLES)


def edges(leaf: Tabled) -> list[Decimal]:
    """The bases at which something changes."""
    match leaf.table:
        case Interpolated():
            return list(leaf.table.bases)
        case Progressive(brackets) | Stepped(brackets):
            return [b.upto for b in brackets if b.upto is not None]
    return [Decimal(10)]


@st.composite
def bases(draw: Any, leaf: Tabled) -> Decimal:
    """Near an edge, at one, or anywhere up to three times the last."""
    known = edges(leaf)
    anywhere = st.decimals(0, known[-1] * 3, places=4)
    near = st.builds(
        lambda edge, off: max(Decimal(0), edge + off),
        st.sampled_from(known),
        st.decimals(-1, 1, places=4),
    )
    return draw(st.one_of(st.sampled_from(known), near, anywhere))


def fee(leaf: Tabled, base: Decimal) -> Band | None:
    """The fee, None where the document leaves it open."""
    found = leaf.priced.amount(base)
    return None if isinstance(found, Negotiated) else found


def falls(standard: FeeStandard, low: Decimal, high: Decimal) -> bool:
    """Whether a jump declared in the file lies between two bases."""
    return any(low <= at < high for at, _reason in standard.jumps)


def steepest(leaf: Tabled) -> Decimal:
    """No document asks more per unit of base than this, in the fee's unit."""
    ratio = leaf.units.ratio
    match leaf.table:
        case Linear(rate):
            return rate.high * ratio
        case Progressive(brackets):
            return max(b.rate.high for b in brackets if b.rate) * ratio
        case Interpolated(points, _, above, of):
            if of == "rate":
                return max(y.high for _, y in points) * ratio
            slopes = [
                (y1.high - y0.high) / (x1 - x0) for (x0, y0), (x1, y1) in itertools.pairwise(points)
            ]
            outside = [
                how.rate.high * ratio
                for how in (leaf.table.below, above)
                if isinstance(how, RateOnWhole)
            ]
            return max(slopes + outside) + Decimal("1E-20")
    raise AssertionError(leaf.table)


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_a_larger_base_never_costs_less(data: st.DataObject) -> None:
    standard, _variant, leaf = data.draw(leaf_of)
    low, high = sorted((data.draw(bases(leaf)), data.draw(bases(leaf))))
    before, after = fee(leaf, low), fee(leaf, high)
    if before is None or after is None or falls(standard, low, high):
        return
    assert before.low <= after.low
    assert before.high <= after.high


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_a_small_step_of_the_base_is_a_small_step_of_the_fee(data: st.DataObject) -> None:
    standard, _variant, leaf = data.draw(leaf_of)
    if isinstance(leaf.table, Stepped):
        return
    low = data.draw(bases(leaf))
    high = low + data.draw(st.decimals("0.0001", "1", places=4))
    before, after = fee(leaf, low), fee(leaf, high)
    if before is None or after is None or falls(standard, low, high):
        return
    assert after.high - before.high <= steepest(leaf) * (high - low)


def test_the_declared_jumps_are_the_only_falls() -> None:
    at, _reason = STANDARDS["sj_10"].jumps[0]
    leaf = STANDARDS["sj_10"].by_code["official"].formula
    assert isinstance(leaf, Tabled)
    before, after = fee(leaf, at), fee(leaf, at + 1)
    assert before is not None
    assert after is not None
    assert (before.low, after.low) == (Decimal("34948.9"), Decimal("32000.016"))
    falling = [name for name, s in STANDARDS.items() if s.jumps]
    assert sorted(falling) == ["jl_670", "qq_1283", "qq_gx37", "sj_10"]


def case_of(variant: Variant, base: Decimal, unit: str) -> Case:
    return Case(({BASE: Quantity(base, unit)},), variant.code, factors=(Decimal("0.85"),))


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_unit_of_the_input_changes_a_result(data: st.DataObject) -> None:
    standard, variant = data.draw(table_of)
    formula = variant.formula
    unit = formula.units.base
    if unit not in MONEY_UNITS:
        return
    base = data.draw(st.decimals(0, 300_000, places=2))
    told = calculate(standard, case_of(variant, base, unit))
    for other in MONEY_UNITS:
        converted = convert(base, unit, other)
        if -converted.as_tuple().exponent > 10:
            continue
        again = calculate(standard, case_of(variant, converted, other))
        assert (again.outcome, again.basic, again.band) == (told.outcome, told.basic, told.band)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_steps_lead_to_the_answer_and_name_their_document(data: st.DataObject) -> None:
    standard, variant = data.draw(table_of)
    base = data.draw(bases(variant.formula))
    told = calculate(standard, case_of(variant, base, variant.formula.units.base))
    silent = calculate(standard, case_of(variant, base, variant.formula.units.base), explain=False)
    assert (silent.outcome, silent.basic, silent.band) == (told.outcome, told.basic, told.band)
    assert silent.steps == ()
    if told.outcome is Outcome.OUTSIDE_TABLE:
        assert told.reason
        return
    assert told.band is not None
    last = told.steps[-1]
    assert settle(convert(last.given.low, variant.fee_unit, "元")) == settle(told.band.low)
    assert settle(convert(last.given.high, variant.fee_unit, "元")) == settle(told.band.high)
    for step in told.steps:
        assert step.document == standard.document
        assert step.clause
        assert str(step.what)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_interpolated_and_progressive_tables_agree_with_fractions(data: st.DataObject) -> None:
    _standard, _variant, leaf = data.draw(leaf_of)
    base = data.draw(bases(leaf))
    found = fee(leaf, base)
    wanted = by_fractions(leaf, Fraction(base))
    if found is None:
        assert wanted is None
        return
    assert wanted is not None
    for ours, theirs in zip(found, wanted, strict=True):
        # whatever has a finite form is exact; the rest is carried to 120 digits
        assert abs(Fraction(ours) - theirs) <= Fraction(1, 10**90)


def by_fractions(leaf: Tabled, base: Fraction) -> tuple[Fraction, Fraction] | None:
    """The fee again, from the figures, in fractions: no table object is asked."""
    ratio = Fraction(leaf.units.ratio)
    match leaf.table:
        case Linear(rate):
            return tuple(Fraction(end) * ratio * base for end in rate)  # type: ignore[return-value]
        case Stepped(brackets):
            found = next(b for b in brackets if b.upto is None or base <= Fraction(b.upto))
            return tuple(map(Fraction, found.amount)) if found.amount else None  # type: ignore[return-value]
        case Progressive(brackets):
            total, over = [Fraction(0), Fraction(0)], Fraction(0)
            for number, b in enumerate(brackets):
                if number and base <= over:
                    break
                if b.negotiated:
                    return None
                upto = base if b.upto is None else min(base, Fraction(b.upto))
                for end in (0, 1):
                    share = Fraction(b.rate[end]) * ratio * (upto - over) if b.rate else 0
                    total[end] += share + (Fraction(b.flat[end]) if b.flat else 0)
                over = Fraction(b.upto) if b.upto is not None else upto
            return total[0], total[1]
        case Interpolated(points, below, above, of):
            first, last = points[0], points[-1]
            if base < first[0] or base > last[0]:
                how, edge = (below, first) if base < first[0] else (above, last)
                return beyond(how, edge, base, ratio, of)
            (x0, y0), (x1, y1) = next(
                (p, q)
                for p, q in itertools.pairwise(points)
                if Fraction(p[0]) <= base <= Fraction(q[0])
            )
            part = (base - Fraction(x0)) / (Fraction(x1) - Fraction(x0))
            ends = [
                Fraction(a) + (Fraction(b) - Fraction(a)) * part
                for a, b in zip(y0, y1, strict=True)
            ]
            times = base * ratio if of == "rate" else 1
            return ends[0] * times, ends[1] * times
    raise AssertionError(leaf.table)


def beyond(
    how: Any, edge: tuple[Decimal, Band], base: Fraction, ratio: Fraction, of: str
) -> tuple[Fraction, Fraction] | None:
    if isinstance(how, Negotiated):
        return None
    if isinstance(how, RateOnWhole):
        return Fraction(how.rate.low) * ratio * base, Fraction(how.rate.high) * ratio * base
    value = how.value if hasattr(how, "value") else edge[1]
    times = Fraction(edge[0]) * ratio if of == "rate" else Fraction(1)
    return Fraction(value.low) * times, Fraction(value.high) * times


# ---- verdicts -----------------------------------------------------------------

TWO = (Reading(code="a", title="按上限", of="high"), Reading(code="b", title="按下限", of="low"))


def policy(binding: bool, *layers: ShareLayer) -> FeesPolicy:
    item = ItemFee(
        standard="any",
        binds="binding" if binding else "reference",
        price_form="government_guided" if binding else "market",
        legal_basis="目录",
    )
    return FeesPolicy(items={"x": item}, layers=layers)


def layer(**changes: Any) -> ShareLayer:
    told = {"code": "l", "title": "县规定", "document": "县发[2020]1号", "readings": TWO}
    return ShareLayer(**{**told, **changes})


def verdicts(calculation: Calculation) -> Iterator[Verdict]:
    """What prices around a calculation are told, under policies of every shape."""
    band = calculation.band or Band.point(Decimal(1000))
    cent = Decimal("0.01")
    high = band.high.quantize(cent)
    for price in (band.low / 2, band.low, high, high + cent, high * 2 + 1):
        for rules in (
            policy(True),
            policy(False),
            policy(True, layer(share=Decimal("0.5"))),
            policy(True, layer(shares={"企业": Decimal("0.5")}, readings=TWO[:1])),
        ):
            question = Question(price.quantize(cent), Gate.QUOTE, "x", calculation)
            answer = judge(question, rules)
            assert answer.stops <= (answer.verdict is not Verdict.WITHIN)
            yield answer.verdict


def test_every_verdict_is_reached_and_no_other() -> None:
    reached: set[Verdict] = set()
    for standard, variant in TABLES:
        unit = variant.formula.units.base
        for base in (edges(variant.formula)[0], edges(variant.formula)[-1] * 2):
            reached |= set(verdicts(calculate(standard, case_of(variant, base, unit))))
    reached |= set(verdicts(NO_STANDARD))
    reached |= set(verdicts(calculate(STANDARDS["jl_670"], Case((), "official"))))
    assert reached == set(Verdict)


def test_a_document_that_only_sets_a_ceiling_has_no_floor() -> None:
    for name, verdict in (("fdc_971", Verdict.WITHIN), ("td_2017", Verdict.BELOW_FLOOR)):
        standard = STANDARDS[name]
        main = next(variant for variant in standard.variants if variant.main)
        told = calculate(standard, case_of(main, Decimal(500), "万元"))
        answer = judge(Question(Decimal(1), Gate.QUOTE, "x", told), policy(True))
        assert answer.verdict is verdict


# ---- no binary numbers -----------------------------------------------------------


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_no_binary_number_in_the_package(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
        assert not (isinstance(node, ast.Name) and node.id == "float"), path
