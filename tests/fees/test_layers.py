"""The shipped profiles of 单县, 新泰 and 寿光: who pays what share, which reading, which layer."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from marketplace.fees.rules.calculating import NO_STANDARD, Calculation, Case, Quantity, calculate
from marketplace.fees.rules.inputs import OTHER_PAYER, input_fields
from marketplace.fees.rules.judging import Gate, Judgement, Question, Verdict, judge
from marketplace.fees.rules.limits import Commitment, Source
from marketplace.fees.rules.policy import FeesPolicy
from marketplace.fees.rules.reading.files import read_standards

EDITIONS = Path(__file__).parents[2] / "marketplace" / "editions"
STANDARDS = read_standards(EDITIONS / "standards")
D = Decimal


def profile(code: str) -> FeesPolicy:
    text = (EDITIONS / "policies" / code / "fees-2024-01-01.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text, parse_float=Decimal)["values"]
    return TypeAdapter(FeesPolicy).validate_python(values)


SHAN, XINTAI, SHOUGUANG = (profile(code) for code in ("371722", "370982", "370783"))


def with_reading(policy: FeesPolicy, reading: str) -> FeesPolicy:
    return replace(policy, layers=(replace(policy.layers[0], reading=reading),))


def agency() -> Calculation:
    """6000 万元 works: basic 225 500, band 180 400–270 600 元."""
    lot = {"award_amount": Quantity(D("6000"), "万元")}
    return calculate(STANDARDS["zbdl_1980"], Case((lot,), "works"))


def parcel() -> Calculation:
    """A land appraisal of 100 万元: a point, no range."""
    lot = {STANDARDS["td_2017"].quantities[0].key: Quantity(D("100"), "万元")}
    return calculate(STANDARDS["td_2017"], Case((lot,), "parcel"))


def ask(policy: FeesPolicy, price: str, **changes: object) -> Judgement:
    question = Question(D(price), Gate.QUOTE, "zbdl", agency())
    return judge(replace(question, **changes), policy)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payer", "share_of_low"),
    [("工业和现代服务业", "72160"), ("传统服务业", "90200"), ("房地产业", "108240")],
)
def test_shanxian_by_payer_class_and_reading(payer: str, share_of_low: str) -> None:
    open_answer = ask(SHAN, "50000", payer_class=payer)
    assert open_answer.verdict is Verdict.AMBIGUOUS
    assert [amount for _, amount in open_answer.readings] == [D(share_of_low), D(180400)]
    assert (open_answer.flagged, open_answer.stops) == (True, False)
    for reading, ceiling in (("share_of_low", share_of_low), ("low_itself", "180400")):
        chosen = with_reading(SHAN, reading)
        assert ask(chosen, ceiling, payer_class=payer).verdict is Verdict.WITHIN
        over = ask(chosen, str(D(ceiling) + 1), payer_class=payer)
        assert (over.verdict, over.by, over.stops) == (Verdict.ABOVE_CEILING, D(1), True)
        assert over.decided_by is not None
        assert (over.decided_by.source, over.decided_by.title) == (
            Source.LAYER,
            "单县按缴费主体减收",
        )


@pytest.mark.parametrize(
    ("payer", "share"),
    [("工业和现代服务业", "0.4"), ("传统服务业", "0.5"), ("房地产业", "0.6")],
)
def test_without_a_range_both_readings_of_shanxian_agree(payer: str, share: str) -> None:
    worked = parcel()
    assert worked.band is not None
    assert worked.band.is_point
    ceiling = worked.band.high * D(share)
    same = {"item": "tdgj", "calculation": worked, "payer_class": payer}
    assert ask(SHAN, str(ceiling), **same).verdict is Verdict.WITHIN
    assert ask(SHAN, str(ceiling + 1), **same).stops


def test_a_payer_outside_the_three_classes_is_not_guessed() -> None:
    unsaid = ask(SHAN, "50000")
    assert (unsaid.verdict, unsaid.stops) == (Verdict.NEEDS_INPUT, True)
    other = ask(SHAN, "50000", payer_class=OTHER_PAYER)
    assert (other.verdict, other.stops) == (Verdict.NEEDS_INPUT, True)
    assert "工业和现代服务业、传统服务业、房地产业" in str(other.reason)
    assert OTHER_PAYER in str(other.reason)
    fields = input_fields(STANDARDS["zbdl_1980"], SHAN.items["zbdl"], SHAN, "zbdl")
    payer = next(field for field in fields if field.key == "payer_class")
    assert payer.required
    assert [code for code, _ in payer.choices] == [*SHAN.layers[0].shares, OTHER_PAYER]


def test_every_charge_of_shanxian_binds_and_nobody_invented_a_document_number() -> None:
    assert {fee.binds for fee in SHAN.items.values()} == {"binding"}
    for policy in (SHAN, XINTAI):
        words = [layer.document for layer in policy.layers]
        words += [fee.legal_basis for fee in policy.items.values() if fee.binds == "binding"]
        assert not any("〔" in word or "号）" in word.replace("文号", "") for word in words)


def test_xintai_takes_half_and_only_informs() -> None:
    assert ask(XINTAI, "135300").verdict is Verdict.WITHIN
    over = ask(XINTAI, "135301")
    assert (over.verdict, over.stops, over.by) == (Verdict.ABOVE_CEILING, False, D(1))
    assert over.decided_by is not None
    assert over.decided_by.code == "xintai-half"
    # the half is what a price is measured from: whoever keeps to it explains nothing
    assert ask(XINTAI, "135300").deviation == 0
    assert not ask(XINTAI, "135300").asks_reason
    assert ask(XINTAI, "180000").asks_reason


def test_a_commitment_of_shouguang_is_dated_and_binds_by_item() -> None:
    promise = Commitment(discount=D("0.15"), since=date(2026, 3, 2))
    assert ask(SHOUGUANG, "191675", commitment=promise).verdict is Verdict.WITHIN
    over = ask(SHOUGUANG, "191676", commitment=promise)
    assert over.stops
    assert over.decided_by is not None
    assert (over.decided_by.source, over.decided_by.clause) == (Source.COMMITMENT, "2026-03-02")
    fixed = Commitment(amount=D(150000), base_from=D(0), base_to=D(60_000_000))
    assert ask(SHOUGUANG, "150000.02", commitment=fixed).stops
    elsewhere = replace(fixed, base_to=D(59_999_999))
    assert not ask(SHOUGUANG, "150000.02", commitment=elsewhere).stops


def test_the_lowest_of_standard_layers_commitment_and_budget_decides() -> None:
    trade = replace(
        XINTAI.layers[0], code="sector", title="重点行业再减", share=D("0.3"), items=("zbdl",)
    )
    both = replace(SHAN, layers=(XINTAI.layers[0], trade))
    answer = ask(both, "90000")
    assert answer.decided_by is not None
    assert (answer.decided_by.code, answer.decided_by.amount) == ("sector", D(81180))
    assert [limit.amount for limit in answer.limits] == [D(270600), D(135300), D(81180)]
    assert answer.floor is None
    promise = Commitment(discount=D("0.7"))
    deeper = ask(both, "90000", commitment=promise, budget=D(80000))
    assert deeper.decided_by is not None
    assert deeper.decided_by.source is Source.COMMITMENT
    tight = ask(both, "90000", commitment=promise, budget=D(60000))
    assert tight.decided_by is not None
    assert tight.decided_by.source is Source.BUDGET
    other = ask(both, "90000", item="hpwj", calculation=NO_STANDARD)
    assert other.verdict is Verdict.NO_STANDARD


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference_months": 0},
        {"reference_months": "12.5"},
        {"reference_contracts": 2},
        {"reference_band": "1.01"},
        {"reference_median": 5},
    ],
)
def test_impossible_numbers_of_the_reference_band_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(FeesPolicy).validate_python(wrong)
    assert caught.value.errors()[0]["loc"][0] == next(iter(wrong))
