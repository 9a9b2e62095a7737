"""Every verdict, the limit that decided it, and what follows at each gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from marketplace.fees.rules.calculating import NO_STANDARD, Calculation, Case, Quantity, calculate
from marketplace.fees.rules.judging import (
    Gate,
    Judgement,
    Question,
    Verdict,
    judge,
    judge_discount,
)
from marketplace.fees.rules.limits import Commitment, Source, price_at_discount
from marketplace.fees.rules.policy import FeesPolicy, ItemFee, Reading, ShareLayer
from marketplace.fees.rules.reading.files import read_standards

STANDARDS = read_standards(Path(__file__).parents[2] / "marketplace" / "editions" / "standards")
D = Decimal

BINDING = ItemFee(
    standard="jl_670",
    binds="binding",
    price_form="government_guided",
    legal_basis="青河市定价目录（演示）",
)
FREED = ItemFee(
    standard="zbdl_1980",
    binds="reference",
    price_form="market",
    freed_by="发改价格[2015]299号",
    freed_on=date(2015, 3, 1),
)
POLICY = FeesPolicy(items={"jsjl": BINDING, "zbdl": FREED})


def supervision(base: str = "1000") -> Calculation:
    """1000 万元: basic 301 000, band 240 800–361 200 元."""
    lot = {"construction": Quantity(D(base), "万元")}
    choices = {"specialty": ("building_municipal",), "complexity": ("II",)}
    return calculate(STANDARDS["jl_670"], Case((lot,), "official", choices))


def agency(base: str = "6000") -> Calculation:
    """6000 万元 works: basic 225 500, band 180 400–270 600 元."""
    lot = {"award_amount": Quantity(D(base), "万元")}
    return calculate(STANDARDS["zbdl_1980"], Case((lot,), "works"))


def ask(price: str, policy: FeesPolicy = POLICY, **changes: object) -> Judgement:
    question = Question(D(price), Gate.QUOTE, "jsjl", supervision())
    return judge(replace(question, **changes), policy)  # type: ignore[arg-type]


def ask_agency(price: str, policy: FeesPolicy = POLICY, **changes: object) -> Judgement:
    return ask(price, policy, item="zbdl", calculation=agency(), **changes)


@pytest.mark.parametrize("price", ["240800", "301000", "361200"])
def test_within(price: str) -> None:
    answer = ask(price)
    assert answer.verdict is Verdict.WITHIN
    assert (answer.floor, answer.ceiling) == (D(240800), D(361200))
    assert not answer.stops
    assert not answer.flagged


def test_above_what_binds_stops() -> None:
    answer = ask("361200.02")
    assert answer.verdict is Verdict.ABOVE_CEILING
    assert answer.by == D("0.02")
    assert answer.stops
    assert answer.binding
    assert answer.decided_by is not None
    assert answer.decided_by.document == "发改价格[2007]670号"


def test_rounding_only_passes() -> None:
    answer = ask("361200.01")
    assert answer.verdict is Verdict.ROUNDING_ONLY
    assert not answer.stops


def test_rounding_unit_of_the_edition() -> None:
    policy = replace(POLICY, rounding_unit=D(1000))
    assert ask("361000", policy).ceiling == D(361000)
    assert ask("362000", policy).verdict is Verdict.ROUNDING_ONLY
    assert ask("362000.01", policy).verdict is Verdict.ABOVE_CEILING


def test_below_what_binds_stops() -> None:
    answer = ask("240799.99")
    assert answer.verdict is Verdict.BELOW_FLOOR
    assert answer.by == D("0.01")
    assert answer.stops


def test_government_set_has_no_floor_of_its_own() -> None:
    policy = replace(POLICY, items={"jsjl": replace(BINDING, price_form="government_set")})
    assert ask("1", policy).verdict is Verdict.WITHIN


def test_reference_informs_and_asks_for_a_reason() -> None:
    over = ask_agency("300000")
    assert over.verdict is Verdict.ABOVE_CEILING
    assert not over.stops
    assert over.flagged
    assert over.asks_reason
    near = ask_agency("280000")
    assert near.verdict is Verdict.ABOVE_CEILING
    assert not near.asks_reason
    cheap = ask_agency("100000")
    assert cheap.verdict is Verdict.WITHIN
    assert cheap.asks_reason
    assert cheap.floor is None
    wide = replace(POLICY, deviation_band=D("0.80"))
    assert not ask_agency("100000", wide).asks_reason


def test_no_standard_and_outside_table_pass_flagged() -> None:
    for calculation, verdict in (
        (NO_STANDARD, Verdict.NO_STANDARD),
        (supervision("400"), Verdict.OUTSIDE_TABLE),
    ):
        answer = ask("99", calculation=calculation)
        assert answer.verdict is verdict
        assert answer.flagged
        assert not answer.stops
        assert answer.reason is not None


def test_needs_input_stops_all_but_an_offering_by_discount() -> None:
    open_case = calculate(STANDARDS["jl_670"], Case((), "official"))
    for gate in Gate:
        answer = ask("99", calculation=open_case, gate=gate)
        assert answer.verdict is Verdict.NEEDS_INPUT
        assert answer.stops
        assert "建筑安装工程费" in str(answer.reason)
    assert not ask("99", calculation=open_case, gate=Gate.OFFERING, by_discount=True).stops
    assert ask("99", calculation=open_case, gate=Gate.QUOTE, by_discount=True).stops


def test_commitment_binds_even_where_the_standard_informs() -> None:
    promise = Commitment(discount=D("0.10"))
    assert ask_agency("202950", commitment=promise).verdict is Verdict.WITHIN
    answer = ask_agency("202950.02", commitment=promise)
    assert answer.verdict is Verdict.ABOVE_CEILING
    assert answer.stops
    assert answer.decided_by is not None
    assert answer.decided_by.source is Source.COMMITMENT


def test_an_amount_promised_holds_in_its_base_range() -> None:
    promise = Commitment(amount=D(150000), base_to=D(60_000_000))
    assert ask_agency("160000", commitment=promise).stops
    larger = agency("6001")
    assert not ask("160000", item="zbdl", calculation=larger, commitment=promise).stops
    below = Commitment(amount=D(150000), base_from=D(60_000_001))
    assert not ask_agency("160000", commitment=below).stops


def test_a_ceiling_below_the_band_takes_its_floor_away() -> None:
    promise = Commitment(discount=D("0.30"))
    answer = ask("200000", commitment=promise)
    assert answer.verdict is Verdict.WITHIN
    assert answer.floor is None


def test_budget_binds() -> None:
    answer = ask_agency("200001", budget=D(200000))
    assert answer.verdict is Verdict.ABOVE_CEILING
    assert answer.stops
    assert answer.decided_by is not None
    assert answer.decided_by.source is Source.BUDGET
    assert ask("5", calculation=NO_STANDARD, budget=D(4)).stops


HALF = ShareLayer(
    code="half",
    title="不超过法定标准的一半",
    document="新泰市中介服务管理办法",
    share=D("0.5"),
    readings=(Reading(code="high", title="按上限计算"),),
    items=("jsjl",),
)
SHAN = ShareLayer(
    code="shan",
    title="单县按缴费主体减收",
    document="单县中介收费规定",
    shares={"industry": D("0.4"), "traditional": D("0.5"), "real_estate": D("0.6")},
    readings=(
        Reading(code="share_of_low", title="按下限的比例", of="low"),
        Reading(code="low_of_range", title="有幅度的取下限", range_takes_low=True),
    ),
)


def test_a_layer_lowers_the_ceiling() -> None:
    policy = replace(POLICY, layers=(HALF,))
    assert ask("180600", policy).verdict is Verdict.WITHIN
    answer = ask("180601", policy)
    assert answer.verdict is Verdict.ABOVE_CEILING
    assert answer.stops
    assert answer.decided_by is not None
    assert answer.decided_by.source is Source.LAYER
    assert str(answer.steps[-1].what).endswith("不超过 50%")
    assert ask_agency("250000", policy).verdict is Verdict.WITHIN


def test_payer_class_outside_the_layer_needs_input() -> None:
    policy = replace(POLICY, layers=(SHAN,))
    for payer in (None, "school"):
        answer = ask("100000", policy, payer_class=payer)
        assert answer.verdict is Verdict.NEEDS_INPUT
        assert answer.missing == (("payer_class", "缴费主体类别"),)


def test_open_readings_are_ambiguous_with_both_values() -> None:
    policy = replace(POLICY, layers=(SHAN,))
    answer = ask("100000", policy, payer_class="industry")
    assert answer.verdict is Verdict.AMBIGUOUS
    assert [amount for _, amount in answer.readings] == [D(96320), D(240800)]
    assert answer.flagged
    assert not answer.stops
    assert ask("240800", policy, payer_class="industry").verdict is Verdict.AMBIGUOUS
    assert ask("240801", policy, payer_class="industry").verdict is Verdict.ABOVE_CEILING


def test_open_readings_leave_the_floor_where_it_is() -> None:
    readings = (
        Reading(code="high", title="按上限计算"),
        Reading(code="low_of_range", title="有幅度的取下限", range_takes_low=True),
    )
    policy = replace(POLICY, layers=(replace(HALF, share=D("0.9"), readings=readings),))
    assert ask("240800", policy).verdict is Verdict.AMBIGUOUS
    answer = ask("240799.99", policy)
    assert answer.verdict is Verdict.BELOW_FLOOR
    assert answer.stops


@pytest.mark.parametrize(
    ("reading", "ceiling"), [("share_of_low", D(96320)), ("low_of_range", D(240800))]
)
def test_a_chosen_reading_decides(reading: str, ceiling: Decimal) -> None:
    policy = replace(POLICY, layers=(replace(SHAN, reading=reading),))
    assert ask(str(ceiling), policy, payer_class="industry").verdict is Verdict.WITHIN
    assert ask(str(ceiling + 1), policy, payer_class="industry").stops


def test_readings_that_agree_are_not_ambiguous() -> None:
    policy = replace(POLICY, layers=(SHAN,))
    answer = ask("1000", policy, payer_class="industry", budget=D(1000))
    assert answer.verdict is Verdict.WITHIN


def test_offering_by_discount() -> None:
    policy = replace(POLICY, layers=(HALF,))
    standard = STANDARDS["jl_670"]
    assert judge_discount(D("0.4"), Gate.OFFERING, "jsjl", standard, policy).verdict is (
        Verdict.WITHIN
    )
    assert judge_discount(D("0.39"), Gate.OFFERING, "jsjl", standard, policy).stops
    assert judge_discount(D("0.5"), Gate.OFFERING, "jsjl", standard, POLICY).verdict is (
        Verdict.BELOW_FLOOR
    )
    assert not judge_discount(D("0.1"), Gate.OFFERING, "x", None, POLICY).stops
    with pytest.raises(ValueError, match="下浮率"):
        judge_discount(D("1"), Gate.OFFERING, "x", None, POLICY)


def test_price_at_discount() -> None:
    assert price_at_discount(agency(), D("0.15")) == D("191675.00")


@given(
    st.decimals(min_value=0, max_value=1_000_000, places=2),
    st.decimals(min_value=0, max_value=1_000_000, places=2),
    st.sampled_from([None, D("0.1"), D("0.3")]),
    st.sampled_from([None, D(150_000), D(300_000)]),
)
def test_a_lower_price_is_never_further_above(
    a: Decimal, b: Decimal, discount: Decimal | None, budget: Decimal | None
) -> None:
    low, high = sorted((a, b))
    promise = None if discount is None else Commitment(discount=discount)
    cheap, dear = (ask(str(p), commitment=promise, budget=budget) for p in (low, high))
    if cheap.verdict is Verdict.ABOVE_CEILING:
        assert dear.verdict is Verdict.ABOVE_CEILING
        assert dear.by >= cheap.by
    if dear.verdict is Verdict.BELOW_FLOOR:
        assert cheap.verdict is Verdict.BELOW_FLOOR
    limits = [p for p in (dear.ceiling, cheap.ceiling) if p is not None]
    assert len(set(limits)) == 1
    assert (high > limits[0]) == (dear.verdict in (Verdict.ABOVE_CEILING, Verdict.ROUNDING_ONLY))


def test_impossible_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="价格"):
        ask("-1")
    with pytest.raises(ValueError, match="下浮率或金额"):
        Commitment()
    with pytest.raises(ValueError, match="下浮率"):
        Commitment(discount=D(1))


ADAPTER = TypeAdapter(FeesPolicy)


def test_policy_values_are_read_from_an_edition() -> None:
    policy = ADAPTER.validate_python(
        {
            "deviation_band": "0.25",
            "items": {
                "jsjl": {
                    "standard": "jl_670",
                    "variants": ["official"],
                    "binds": "binding",
                    "price_form": "government_guided",
                    "legal_basis": "x",
                    "deviation_band": "0.1",
                }
            },
        }
    )
    assert policy.deviation_band_of("jsjl") == D("0.1")
    assert policy.deviation_band_of("other") == D("0.25")


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"colour": 1}, "colour"),
        ({"deviation_band": "1.5"}, "deviation_band"),
        ({"rounding_unit": "0"}, "rounding_unit"),
        ({"items": {"a": {"standard": "x", "binds": "binding", "price_form": "market"}}}, "a"),
        ({"items": {"a": {"standard": "x", "binds": "reference", "price_form": "market"}}}, "a"),
        (
            {"items": {"a": {"standard": "x", "binds": "reference", "price_form": "market",
                             "freed_by": "299号"}}},
            "a",
        ),
        ({"layers": [{"code": "a", "title": "a", "document": "a",
                      "readings": [{"code": "x", "title": "x"}]}]}, 0),
        ({"layers": [{"code": "a", "title": "a", "document": "a", "share": "0.5",
                      "readings": [{"code": "x", "title": "x"}], "reading": "y"}]}, 0),
        ({"layers": [{"code": "a", "title": "a", "document": "a", "share": "0.5", "readings": []}]},
         "readings"),
    ],
)  # fmt: skip
def test_impossible_policies_are_refused(values: dict, key: object) -> None:
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(values)
    assert key in caught.value.errors()[0]["loc"]
