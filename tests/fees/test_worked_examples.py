"""The engine against published worked examples, and against published figures that are wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from marketplace.fees.rules.bands import convert, plain, round_to
from marketplace.fees.rules.calculating import (
    BASE,
    Calculation,
    Case,
    Outcome,
    Quantity,
    calculate,
)
from marketplace.fees.rules.reading.files import read_standards
from marketplace.fees.rules.standards import Tabled
from marketplace.fees.rules.worked_examples import answer

ROOT = Path(__file__).parents[2]
STANDARDS = read_standards(ROOT / "marketplace" / "editions" / "standards")
EXAMPLES = json.loads((Path(__file__).parent / "data" / "worked_examples.json").read_text("utf-8"))
RIGHT = [example for example in EXAMPLES if "expected" in example]
WRONG = [example for example in EXAMPLES if "published_wrong" in example]


def _name(example: dict) -> str:
    inputs = example["inputs"]
    where = inputs.get("x") or inputs["derive"]["base"]
    return f"{example['standard']}-{inputs.get('variant', '')}-{where}"


def _calculate(example: dict, unit: str = "万元") -> Calculation:
    standard, inputs = STANDARDS[example["standard"]], example["inputs"]
    variant = standard.by_code[inputs["variant"]]
    base = convert(Decimal(inputs["x"]), "万元", unit)
    key = standard.quantities_of(variant)[0].key
    return calculate(standard, Case(({key: Quantity(base, unit)},), variant.code, factors=()))


def test_there_are_enough_examples() -> None:
    assert len(RIGHT) == 265
    assert len(WRONG) == 11


@pytest.mark.parametrize("example", EXAMPLES, ids=_name)
def test_agrees_with_published_examples_and_not_with_wrong_ones(example: dict) -> None:
    found = answer(example, STANDARDS)
    right = Decimal(example.get("expected") or example["correct"])
    assert Decimal(found["low"]) == Decimal(found["high"]) == right
    assert (found["unit"], found["verdict"]) == (example["unit"], "within")
    assert found["steps"]
    assert all(step["what"] and step["document"] for step in found["steps"])
    last = found["steps"][-1]
    assert (last["out"][0], last["out_unit"]) == (plain(right, 10), example["unit"])
    if "published_wrong" in example:
        assert right != Decimal(example["published_wrong"])


@pytest.mark.parametrize("example", [e for e in RIGHT if "x" in e["inputs"]], ids=_name)
@pytest.mark.parametrize("unit", ["元", "亿元"])
def test_examples_agree_in_any_unit(example: dict, unit: str) -> None:
    standard, inputs = STANDARDS[example["standard"]], example["inputs"]
    named = inputs.get("variant")
    variant = next(
        v
        for v in standard.variants
        if named in (v.code, *v.names)
        or (named is None and (v.main or len(standard.variants) == 1))
    )
    assert isinstance(variant.formula, Tabled)
    base = Decimal(inputs["x"])
    case = Case(
        ({BASE: Quantity(convert(base, variant.formula.units.base, unit), unit)},),
        variant.code,
        factors=tuple(Decimal(factor) for factor in inputs.get("coefficients", ())),
    )
    found = calculate(standard, case)
    assert found.basic is not None
    fee = convert(
        found.basic.low if inputs.get("pick") != "hi" else found.basic.high, "元", example["unit"]
    )
    if (rounding := inputs.get("round")) is not None:
        fee = round_to(fee, Decimal(1).scaleb(-rounding["digits"]), rounding["mode"])
    assert fee == Decimal(example["expected"])


def test_steps_show_the_official_example_line_by_line() -> None:
    example = {"standard": "zbdl_1980", "inputs": {"variant": "works", "x": "6000"}}
    steps = _calculate(example).steps
    assert [(step.taken.low, step.given.low) for step in steps[:6]] == [
        (Decimal(base), Decimal(fee))
        for base, fee in (
            ("100", "1"),
            ("400", "2.8"),
            ("500", "2.75"),
            ("4000", "14"),
            ("1000", "2"),
            ("6000", "22.55"),
        )
    ]
    assert str(steps[3].what) == "1000–5000万元的部分按 0.35% 计"
    assert {step.document for step in steps} == {"计价格[2002]1980号"}
    assert all(step.clause for step in steps)
    assert steps[-1].clause == "第九条"
    assert (steps[-1].given.low, steps[-1].given.high) == (Decimal("18.04"), Decimal("27.06"))


# Cumulative fees at every edge, in 万元: a slip in any rate of any bracket shows here.
EDGES = {
    "goods": "100:1.5 500:5.9 1000:9.9 5000:29.9 10000:42.4 100000:87.4 200000:97.4",
    "service": "100:1.5 500:4.7 1000:6.95 5000:16.95 10000:21.95 100000:66.95 200000:76.95",
    "works": "100:1 500:3.8 1000:6.55 5000:20.55 10000:30.55 100000:75.55 200000:85.55",
}


@pytest.mark.parametrize("variant", EDGES)
def test_every_bracket_of_1980(variant: str) -> None:
    for edge in EDGES[variant].split():
        base, fee = edge.split(":")
        calculation = _calculate(
            {"standard": "zbdl_1980", "inputs": {"variant": variant, "x": base}}
        )
        assert calculation.basic is not None
        assert calculation.basic.low == Decimal(fee) * 10000, base


# The published table again, in the way it is printed: 计费额 and 收费基价 in 万元.
BASIC_PRICES_670 = (
    "500:16.5 1000:30.1 3000:78.1 5000:120.8 8000:181.0 10000:218.6 20000:393.4 40000:708.2 "
    "60000:991.4 80000:1255.8 100000:1507.0 200000:2712.5 400000:4882.6 600000:6835.6 "
    "800000:8658.4 1000000:10390.1 2000000:20780"
)


@pytest.mark.parametrize("variant", ["official", "practice_below_500"])
def test_every_point_of_670(variant: str) -> None:
    for point in BASIC_PRICES_670.split():
        base, fee = point.split(":")
        calculation = _calculate({"standard": "jl_670", "inputs": {"variant": variant, "x": base}})
        assert calculation.basic is not None
        assert calculation.basic.low == Decimal(fee) * 10000, base


def test_below_500_the_official_table_leaves_it_to_the_parties() -> None:
    example = {"standard": "jl_670", "inputs": {"variant": "official", "x": "499.99"}}
    calculation = _calculate(example)
    assert calculation.outcome is Outcome.OUTSIDE_TABLE
    assert calculation.band is None
    assert "500" in str(calculation.reason)


def _supervision(construction: str, equipment: str, trial_run: str = "0") -> Calculation:
    quantities = {
        "construction": Quantity(Decimal(construction), "万元"),
        "equipment": Quantity(Decimal(equipment), "万元"),
        "trial_run": Quantity(Decimal(trial_run), "万元"),
    }
    return calculate(STANDARDS["jl_670"], Case((quantities,), "official", factors=()))


@pytest.mark.parametrize(
    ("construction", "equipment", "trial_run", "base"),
    [
        ("6000", "3000", "0", "9000"),  # 1/3 of the total: all of it
        ("6000", "3000", "1000", "10000"),  # exactly 40 %: all of it
        ("6000", "5000", "0", "10000"),  # 45 %: 6000 + 2000 = 8000, lifted to 6000 / 0.6
        ("6000", "10000", "0", "10000"),  # 6000 + 4000: the two meet
        ("6000", "12000", "3000", "12000"),  # 6000 + 40 % of 15000
    ],
)
def test_equipment_rule(construction: str, equipment: str, trial_run: str, base: str) -> None:
    assert _supervision(construction, equipment, trial_run).base == Decimal(base) * 10000


def test_named_coefficients_and_float_of_670() -> None:
    lot = {"construction": Quantity(Decimal(8000), "万元")}
    choices = {"specialty": ("agriculture",), "complexity": ("III",), "altitude": ("2001_3000",)}
    calculation = calculate(STANDARDS["jl_670"], Case((lot,), "official", choices))
    basic = Decimal("1810000") * Decimal("0.9") * Decimal("1.15") * Decimal("1.1")
    assert calculation.basic is not None
    assert calculation.basic.low == basic
    assert calculation.band is not None
    assert calculation.band.low == basic * Decimal("0.8")
    assert calculation.band.high == basic * Decimal("1.2")


def test_coefficient_left_to_the_parties_is_outside_the_table() -> None:
    lot = {"construction": Quantity(Decimal(8000), "万元")}
    choices = {"specialty": ("agriculture",), "complexity": ("III",), "altitude": ("from_4001",)}
    calculation = calculate(STANDARDS["jl_670"], Case((lot,), "official", choices))
    assert calculation.outcome is Outcome.OUTSIDE_TABLE
    assert "4001" in str(calculation.reason)


def test_missing_answers_are_all_named() -> None:
    calculation = calculate(STANDARDS["jl_670"], Case((), "official"))
    assert calculation.outcome is Outcome.NEEDS_INPUT
    assert [key for key, _ in calculation.missing] == ["construction", "specialty", "complexity"]
    assert calculate(STANDARDS["jl_670"], Case(())).missing == (("variant", "收费类别"),)


def test_of_a_list_of_optional_lines_one_at_least_is_needed() -> None:
    standard = STANDARDS["fl_sd70"]
    nothing = calculate(standard, Case(({},), "periodic"))
    assert nothing.outcome is Outcome.NEEDS_INPUT
    assert len(nothing.missing) == 7
    points, rooms = Quantity(Decimal(12), "点"), Quantity(Decimal(2), "个")
    one = calculate(standard, Case(({"building_points": points},), "periodic"))
    assert one.basic is not None
    assert one.basic.low == Decimal(540)
    assert (one.base, one.base_unit) == (Decimal(12), "点")
    both = {"building_points": points, "rooms_small": rooms}
    two = calculate(standard, Case((both,), "periodic"))
    assert two.basic is not None
    assert two.basic.low == Decimal(2540)
    assert two.base is None
