"""Worked examples from the command line: JSON in, JSON out, never a crash."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.fees.rules.reading.files import read_standards
from marketplace.fees.rules.worked_examples import answer

STANDARDS = read_standards(Path(__file__).parents[2] / "marketplace" / "editions" / "standards")
EXAMPLES = Path(__file__).parent / "data" / "worked_examples.json"
VERDICTS = {"within", "outside_table", "needs_input", "no_standard"}


def told(standard: str, **inputs: Any) -> tuple[str | None, str | None, str | None, str]:
    found = answer({"standard": standard, "inputs": inputs}, STANDARDS)
    return found["low"], found["high"], found["unit"], found["verdict"]


def test_the_command_answers_every_example_in_order(app: Flask) -> None:
    run = app.test_cli_runner().invoke(args=["fees", "calculate", str(EXAMPLES)])
    assert run.exit_code == 0, run.output
    answers = json.loads(run.stdout)
    examples = json.loads(EXAMPLES.read_text("utf-8"))
    assert len(answers) == len(examples)
    for example, found in zip(examples, answers, strict=True):
        assert list(found) == ["low", "high", "unit", "verdict", "steps"]
        assert Decimal(found["low"]) == Decimal(example.get("expected") or example["correct"])


@pytest.mark.parametrize("text", ["{", '{"standard": "zbdl_1980"}', "[" * 100_000])
def test_what_is_no_list_of_cases_is_refused(app: Flask, tmp_path: Path, text: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, "utf-8")
    run = app.test_cli_runner().invoke(args=["fees", "calculate", str(path)])
    assert run.exit_code == 1
    assert "cases.json" in run.stderr


def test_numbers_of_json_never_pass_through_binary(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text('[{"standard": "notice_flat_rate", "inputs": {"variant": "1%", "x": 0.1}}]')
    run = app.test_cli_runner().invoke(args=["fees", "calculate", str(path)])
    assert Decimal(json.loads(run.stdout)[0]["low"]) == Decimal("0.001")


def test_one_case_that_cannot_be_read_does_not_hold_up_the_others(
    app: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "cases.json"
    works = '{"standard": "zbdl_1980", "inputs": {"variant": "works", "x": %s}}'
    odd = [works % value for value in ("9" * 5000, "NaN", "1e400", "[" * 300 + "]" * 300)]
    odd += ['{"standard": "\\ud800"}', works % '"6000"']
    path.write_text("\ufeff[" + ",".join(odd) + "]", "utf-8")
    run = app.test_cli_runner().invoke(args=["fees", "calculate", str(path)])
    assert run.exit_code == 0, run.output
    verdicts = [each["verdict"] for each in json.loads(run.stdout)]
    assert verdicts == ["needs_input"] * 4 + ["no_standard", "within"]


WORKS = {"variant": "works", "x": "6000"}


@pytest.mark.parametrize(
    ("standard", "inputs", "low", "high", "unit"),
    [
        ("zbdl_1980", {"variant": "works", "lots": ["100", "500"]}, "4.8", "4.8", "万元"),
        ("zbdl_1980", {**WORKS, "scale": "10000"}, "225500", "225500", "元"),
        ("zbdl_1980", {**WORKS, "scale": "10000", "min": "300000"}, "300000", "300000", "元"),
        ("zbdl_1980", {**WORKS, "max": "20"}, "20", "20", "万元"),
        ("zbdl_1980", {**WORKS, "round": {"digits": 0, "mode": "up"}}, "23", "23", "万元"),
        ("zbdl_1980", {**WORKS, "round": {"digits": -1, "mode": "down"}}, "20", "20", "万元"),
        ("zbdl_1980", {**WORKS, "coefficients": ["0.5"], "round_base": {"digits": 1, "mode": "up"}},
         "11.3", "11.3", "万元"),
        ("zbdl_1980", {**WORKS, "coefficients": [{"lo": "0.8", "hi": "1.2"}]},
         "18.04", "27.06", "万元"),
        ("zcpg_2914", {"x": "1000"}, "4.275", "7.125", "万元"),
        ("zcpg_2914", {"x": "1000", "pick": "hi"}, "7.125", "7.125", "万元"),
        ("qq_1283", {"variant": "编制项目建议书", "x": "600000"}, "100", "125", "万元"),
        # the cap holds for the whole tender, not for each lot
        ("zbdl_534", {"variant": "goods", "lots": ["5000000", "5000000"]}, "350", "350", "万元"),
        ("zbdl_534", {"variant": "goods", "x": "5000000"}, "301.9", "301.9", "万元"),
        ("zbdl_gx37", {"derive": {"base": "0.00035", "factor": "0.63"}},
         "0.000221", "0.000221", "万元"),
        ("td_2017", {"x": "10", "coefficients": ["0.5"]}, "0.03", "0.03", "万元"),
        ("tax_cq466", {"variant": "财产损失", "x": "1"}, "2000", "2000", "元"),
        ("sj_10", {"variant": "official", "x": "2000001"}, "32000.016", "32000.016", "万元"),
        ("ch_17", {"variant": "1:1000/Ⅱ", "x": "2"}, "57812.14", "57812.14", "元"),
        ("dzap_bj507", {"variant": ["近场及场区(km²)", "三级工作"], "x": "2"},
         "44000", "44000", "元"),
        ("sgtsc_tj46", {"variant": "幕墙深基坑单项(投资额)", "x": "10"}, "0.1", "0.1", "万元"),
        ("jyfw_js177", {"variant": "施工及材料设备", "x": "200"}, "4000", "4000", "元"),
        # 40 % rule: 6000 + 5000 of equipment counts as 6000 / 0.6
        ("jl_670", {"variant": "official",
                    "quantities": {"construction": "6000", "equipment": "5000"}},
         "218.6", "218.6", "万元"),
        ("jl_670", {"variant": "official", "quantities": {"construction": "80000000"},
                    "unit": "元",
                    "choices": {"specialty": "agriculture", "complexity": "III"}},
         "187.335", "187.335", "万元"),
        # 5 % of the cut beyond 5 % of what was submitted
        ("zjzx_zj84", {"variant": "结算审核", "quantities": {"cost": "100", "cut": "9"}},
         "0.48", "0.48", "万元"),
        ("zjzx_zj84", {"variant": "结算审核", "quantities": {"cost": "100", "cut": "5"}},
         "0.28", "0.28", "万元"),
        ("sj_yn4", {"variant": "报表审计", "quantities": {"assets": "1000", "income": "1000"}},
         "9500", "9500", "元"),
        ("sj_gd", {"variant": "报表审计", "quantities": {"assets": "100", "sales": "150"}},
         "3450", "3450", "元"),
    ],
)  # fmt: skip
def test_the_vocabulary(
    standard: str, inputs: dict[str, Any], low: str, high: str, unit: str
) -> None:
    found = told(standard, **inputs)
    assert (Decimal(found[0] or 0), Decimal(found[1] or 0)) == (Decimal(low), Decimal(high))
    assert found[2:] == (unit, "within")


def test_a_share_that_is_free_is_said_with_what_it_is_taken_from() -> None:
    inputs = {"variant": "结算审核", "quantities": {"cost": "100", "cut": "9"}}
    steps = answer({"standard": "zjzx_zj84", "inputs": inputs}, STANDARDS)["steps"]
    (free,) = [step for step in steps if step["what"] == "只计超过 5% 的部分"]
    assert (free["in"], free["out"], free["in_unit"]) == (["9", "9"], ["4", "4"], "万元")


@pytest.mark.parametrize(
    ("standard", "inputs", "verdict"),
    [
        ("jl_670", {"variant": "official", "x": "499.99"}, "outside_table"),
        ("tax_cq466", {"variant": "财产损失", "x": "1000.01"}, "outside_table"),
        ("xxh_sd2024", {"x": "801"}, "outside_table"),
        ("zbdl_857", {"x": "100"}, "no_standard"),
        ("ch_3", {}, "no_standard"),
        ("nothing", {"x": "1"}, "no_standard"),
        ("zbdl_1980", {"x": "100"}, "needs_input"),
        ("zbdl_1980", {"variant": "works"}, "needs_input"),
        ("zbdl_1980", {"variant": "magic", "x": "1"}, "needs_input"),
        ("zbdl_1980", {**WORKS, "lots": ["1"]}, "needs_input"),
        ("zbdl_1980", {"variant": "works", "lots": []}, "needs_input"),
        ("zbdl_1980", {"variant": "works", "x": "-1"}, "needs_input"),
        ("zbdl_1980", {"variant": "works", "x": "abc"}, "needs_input"),
        ("zbdl_1980", {"variant": "works", "x": "NaN"}, "needs_input"),
        ("zbdl_1980", {"variant": "works", "x": "1e30"}, "needs_input"),
        ("zbdl_1980", {"variant": "works", "x": True}, "needs_input"),
        ("zbdl_1980", {**WORKS, "coefficients": ["1e999999", "1e999999"]}, "needs_input"),
        ("zbdl_1980", {**WORKS, "scale": "1e150", "round": {"digits": 2}}, "needs_input"),
        ("zbdl_1980", {**WORKS, "discount": "0.1"}, "needs_input"),
        ("zbdl_1980", {**WORKS, "round": {"digits": 2, "mode": "bankers"}}, "needs_input"),
        ("zbdl_1980", {**WORKS, "round": {"digits": 999}}, "needs_input"),
        ("zbdl_1980", {**WORKS, "pick": "middle"}, "needs_input"),
        ("zbdl_1980", {**WORKS, "coefficients": "0.8"}, "needs_input"),
        ("zbdl_1980", {**WORKS, "coefficients": [{"lo": "2", "hi": "1"}]}, "needs_input"),
        ("zbdl_1980", {"derive": {"base": "1"}}, "needs_input"),
        ("zbdl_1980", {**WORKS, "derive": {"base": "1", "factor": "1"}}, "needs_input"),
        ("zbdl_1980", {**WORKS, "min": "5", "max": "3"}, "needs_input"),
        ("jl_670", {"variant": "official", "quantities": {"gold": "1"}}, "needs_input"),
        ("jl_670", {"variant": "official", "quantities": {"construction": "600"},
                    "choices": {"specialty": "magic", "complexity": "I"}}, "needs_input"),
        ("jl_670", {"variant": "official", "quantities": {"construction": "600"},
                    "choices": {"complexity": "I"}}, "needs_input"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_gets_its_verdict(
    standard: str, inputs: dict[str, Any], verdict: str
) -> None:
    found = answer({"standard": standard, "inputs": inputs}, STANDARDS)
    assert (found["low"], found["high"], found["unit"]) == (None, None, None)
    assert found["verdict"] == verdict
    assert found["reason"]


leaf = st.sampled_from(
    [None, True, 3, -1, "works", "official", "1.5", "lo", "up", "0", "", "NaN", "1e999999", "元", Decimal("NaN"),
     Decimal(7), "9" * 200]
)  # fmt: skip
parts = st.sampled_from(["digits", "mode", "base", "factor", "lo", "hi", "award_amount"])
anything = leaf | st.lists(leaf, max_size=3) | st.dictionaries(parts, leaf, max_size=3)
keys = st.sampled_from(
    ["variant", "x", "lots", "coefficients", "scale", "derive", "min", "max", "round",
     "round_base", "pick", "quantities", "unit", "choices"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STANDARDS)), st.dictionaries(keys, anything, max_size=5))
def test_no_case_is_a_crash(standard: str, inputs: dict[str, Any]) -> None:
    found = answer({"standard": standard, "inputs": inputs}, STANDARDS)
    assert found["verdict"] in VERDICTS
    assert (found["low"] is None) == (found["verdict"] != "within")
    json.dumps(found)
    for case in (inputs, [inputs], {"standard": inputs}, {"standard": standard, "inputs": [1]}):
        assert answer(case, STANDARDS)["verdict"] in VERDICTS
