"""Properties of the engine over random cases, against a second computation in fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.fees.rules.bands import Band, convert, plain, round_to, settle
from marketplace.fees.rules.bases import CappedShare, Chosen, Direct, Weighted
from marketplace.fees.rules.calculating import (
    Calculation,
    Case,
    Outcome,
    Quantity,
    QuantityError,
    calculate,
)
from marketplace.fees.rules.modifiers import UnknownInput
from marketplace.fees.rules.reading.files import read_standards
from marketplace.fees.rules.tables import (
    Bracket,
    Clamp,
    FixedValue,
    Interpolated,
    Linear,
    Negotiated,
    Progressive,
    RateOnExcess,
    RateOnWhole,
    StepBracket,
    Stepped,
    Units,
)

STANDARDS = read_standards(Path(__file__).parents[2] / "marketplace" / "editions" / "standards")
WAN = Units("万元", "万元")
FEN_STEP = Decimal("0.000001")  # one fen in 万元

bases = st.decimals(min_value=0, max_value=3_000_000, places=6, allow_nan=False)
tables_1980 = st.sampled_from(["goods", "service", "works"])


def agency(variant: str, base: Decimal, unit: str = "万元") -> Calculation:
    lot = {"award_amount": Quantity(base, unit)}
    return calculate(STANDARDS["zbdl_1980"], Case((lot,), variant))


def supervision(base: Decimal, unit: str = "万元") -> Calculation:
    lot = {"construction": Quantity(base, unit)}
    return calculate(STANDARDS["jl_670"], Case((lot,), "practice_below_500", factors=()))


def basic(calculation: Calculation) -> Decimal:
    assert calculation.basic is not None
    assert calculation.basic.is_point
    return calculation.basic.low


@given(tables_1980, bases, bases)
def test_progressive_is_monotone_and_continuous(variant: str, a: Decimal, b: Decimal) -> None:
    low, high = sorted((a, b))
    step = basic(agency(variant, high)) - basic(agency(variant, low))
    assert Decimal(0) <= step <= (high - low) * 10000 * Decimal("0.015")


@given(tables_1980, bases)
def test_progressive_agrees_with_fractions(variant: str, base: Decimal) -> None:
    formula = STANDARDS["zbdl_1980"].by_code[variant].formula
    table = formula.table
    fee, over = Fraction(0), Fraction(0)
    for bracket in table.brackets:
        upto = (
            Fraction(base) if bracket.upto is None else min(Fraction(base), Fraction(bracket.upto))
        )
        fee += max(Fraction(0), upto - over) * Fraction(bracket.rate.low)
        over = Fraction(bracket.upto or 0)
    assert Fraction(basic(agency(variant, base))) == fee * 10000


@given(bases)
def test_interpolated_agrees_with_fractions(base: Decimal) -> None:
    table = STANDARDS["jl_670"].by_code["practice_below_500"].formula.table
    points = [(Fraction(x), Fraction(y.low)) for x, y in table.points]
    x = Fraction(base)
    if x < points[0][0]:
        fee = x * Fraction("0.033")
    elif x > points[-1][0]:
        fee = x * Fraction("0.01039")
    else:
        (x0, y0), (x1, y1) = next(
            (left, right) for left, right in pairwise(points) if left[0] <= x <= right[0]
        )
        fee = y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    # an endless decimal is carried to 80 places; whatever is finite is exact
    assert abs(Fraction(basic(supervision(base))) - fee * 10000) <= Fraction(1, 10**79)


@given(
    st.decimals(min_value=0, max_value=1_000_000, places=6),
    st.decimals(min_value=0, max_value=1_000_000, places=6),
)
def test_interpolated_is_monotone_inside_the_table(a: Decimal, b: Decimal) -> None:
    low, high = sorted((a, b))
    assert basic(supervision(low)) <= basic(supervision(high))


@given(bases, st.sampled_from(["元", "亿元"]))
def test_the_unit_of_the_input_changes_nothing(base: Decimal, unit: str) -> None:
    other = convert(base, "万元", unit)
    assert agency("works", base).band == agency("works", other, unit).band
    assert supervision(base).band == supervision(other, unit).band
    assert agency("works", base).base == agency("works", other, unit).base


@given(bases)
def test_rounding_to_the_fen_never_goes_the_wrong_way(base: Decimal) -> None:
    exact = basic(supervision(base))
    rounded = round_to(exact, Decimal("0.01"), "half_up")
    assert abs(rounded - exact) <= Decimal("0.005")
    assert round_to(rounded, Decimal("0.01"), "half_up") == rounded


def test_an_exact_tie_hidden_behind_an_endless_division_rounds_up() -> None:
    # 1/3 × 0.5 × 0.15 = 0.025: computed as 0.02499…9 it would fall to 0.02
    table = Interpolated(
        ((Decimal(0), Band.point(Decimal(0))), (Decimal(3), Band.point(Decimal(1)))),
        Clamp(),
        Clamp(),
    )
    fee = table.charge(Decimal(1), Units("元", "元"))
    assert isinstance(fee, Band)
    product = fee.scaled(Decimal("0.5")).scaled(Decimal("0.15"))
    assert product.low < Decimal("0.025")
    assert product.rounded(Decimal("0.01"), "half_up") == Band.point(Decimal("0.03"))
    assert settle(product.low) == Decimal("0.025")


amounts = st.decimals(min_value=0, max_value=10_000_000, places=2)


@given(amounts, amounts, amounts)
def test_equipment_base_lies_between_its_bounds(full: Decimal, one: Decimal, two: Decimal) -> None:
    rule = CappedShare("a", ("b", "c"), Decimal("0.4"))
    base, how = rule.value({"a": full, "b": one, "c": two})
    total = full + one + two
    assert full <= base <= total
    assert how is not None
    more, _ = rule.value({"a": full, "b": one + 1, "c": two})
    assert base <= more


def test_derived_bases() -> None:
    numbers = {"assets": Decimal(100), "income": Decimal(50)}
    assert Direct("assets").value(numbers)[0] == 100
    weighted = Weighted((("assets", Decimal("0.6")), ("income", Decimal("0.4"))))
    assert weighted.value(numbers)[0] == 80
    assert Chosen("largest", ("assets", "income")).value(numbers)[0] == 100
    assert Chosen("mean", ("assets", "income")).value(numbers)[0] == 75


def point(value: str) -> Band:
    return Band.point(Decimal(value))


def span(low: str, high: str) -> Band:
    return Band(Decimal(low), Decimal(high))


def test_linear_rate_and_unit_price() -> None:
    assert Linear(point("0.015")).charge(Decimal(798000), Units("元", "元")) == point("11970.000")
    assert Linear(point("45")).charge(Decimal(12), Units("点", "元")) == point("540")
    assert Linear(constant=point("300")).charge(Decimal(5), Units("宗", "元")) == point("300")


def test_a_rate_crosses_units_of_money() -> None:
    # 云价收费〔2012〕4号: base in 万元, fee in 元, a flat first bracket
    table = Progressive(
        (
            Bracket(Decimal(100), flat=point("2000")),
            Bracket(Decimal(500), point("0.001")),
            Bracket(None, point("0.0007")),
        )
    )
    assert table.charge(Decimal(1000), Units("万元", "元")) == point("9500")


def test_step_takes_the_upper_edge_in() -> None:
    table = Stepped((StepBracket(Decimal(200), point("4000")), StepBracket(None, point("6000"))))
    units = Units("万元", "元")
    assert table.charge(Decimal(200), units) == point("4000")
    assert table.charge(Decimal("200.01"), units) == point("6000")


def test_any_number_may_be_a_range() -> None:
    table = Progressive(
        (Bracket(Decimal(100), span("0.009", "0.015")), Bracket(None, span("0.004", "0.006")))
    )
    assert table.charge(Decimal(200), WAN) == span("1.3", "2.1")


@pytest.mark.parametrize(
    ("above", "fee"),
    [
        (Clamp(), point("30")),
        (RateOnWhole(point("0.01")), point("40.00")),
        (RateOnExcess(point("0.01")), point("40.00")),
        (FixedValue(span("30", "45")), span("30", "45")),
        (Negotiated("协商"), Negotiated("协商")),
    ],
)
def test_outside_the_table_is_an_answer_of_its_own(above: object, fee: object) -> None:
    table = Interpolated(
        ((Decimal(1000), point("10")), (Decimal(3000), point("30"))), Negotiated("小"), above
    )
    assert table.charge(Decimal(4000), WAN) == fee
    assert table.charge(Decimal(2000), WAN) == point("20")
    assert table.charge(Decimal(999), WAN) == Negotiated("小")


def test_interpolated_rate_applies_to_the_base() -> None:
    table = Interpolated(
        ((Decimal(500), point("0.03")), (Decimal(1000), point("0.02"))),
        Negotiated(),
        Clamp(),
        of="rate",
    )
    assert table.charge(Decimal(750), WAN) == point("18.75")
    assert table.charge(Decimal(5000), WAN) == point("20.00")


def test_an_open_negotiated_bracket_is_outside() -> None:
    table = Progressive((Bracket(Decimal(100), point("0.01")), Bracket(None)))
    assert table.charge(Decimal(100), WAN) == point("1.00")
    assert table.charge(Decimal("100.01"), WAN) == Negotiated()


def test_lots_are_computed_one_by_one_and_added() -> None:
    lots = tuple({"award_amount": Quantity(Decimal(x), "万元")} for x in (100, 500))
    calculation = calculate(STANDARDS["zbdl_1980"], Case(lots, "works"))
    assert basic(calculation) == Decimal(48000)
    assert calculation.base == Decimal(6_000_000)
    assert basic(agency("works", Decimal(600))) != basic(calculation)


@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity", "1E+20", "1.00000000001"])
def test_impossible_quantities_are_refused(value: str) -> None:
    with pytest.raises(QuantityError) as refused:
        agency("works", Decimal(value))
    assert refused.value.key == "award_amount"


def test_binary_numbers_and_wrong_units_are_refused() -> None:
    with pytest.raises(TypeError):
        agency("works", 0.1 + 0.2)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Band.point(1.5)  # type: ignore[arg-type]
    with pytest.raises(QuantityError, match="万元"):
        agency("works", Decimal(1), "平方米")
    with pytest.raises(UnknownInput):
        agency("nothing", Decimal(1))
    lot = {"award_amount": Quantity(Decimal(1), "万元")}
    with pytest.raises(UnknownInput):
        calculate(STANDARDS["zbdl_1980"], Case((lot,), "works", {"scope": ("half",)}))


@settings(max_examples=30)
@given(bases)
def test_steps_lead_to_the_answer(base: Decimal) -> None:
    told = supervision(base)
    silent = calculate(
        STANDARDS["jl_670"],
        Case(({"construction": Quantity(base, "万元")},), "practice_below_500", factors=()),
        explain=False,
    )
    assert silent.band == told.band
    assert silent.steps == ()
    assert told.band is not None
    last = told.steps[-1].given
    assert settle(last.high * 10000) == told.band.high
    assert all(str(step.what) and step.as_record()["document"] for step in told.steps)


def test_numbers_for_a_reader() -> None:
    assert plain(Decimal("100")) == "100"
    assert plain(Decimal("1E+2")) == "100"
    assert plain(Decimal("22.5500")) == "22.55"
    assert round_to(Decimal("149"), Decimal(100), "up") == Decimal(200)
    assert round_to(Decimal("149"), Decimal(100), "down") == Decimal(100)
    with pytest.raises(ValueError, match="取整单位"):
        round_to(Decimal(1), Decimal(0), "up")
    with pytest.raises(ValueError, match="单位"):
        convert(Decimal(1), "点", "元")
    assert agency("works", Decimal(0)).outcome is Outcome.COMPUTED
