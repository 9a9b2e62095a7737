"""The calculator as people and machines use it: every published figure can be entered and comes
out, an address gives the same answer again, what a place adds shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from marketplace.accounts import areas
from marketplace.fees import queries
from marketplace.fees.asking import read_asking
from marketplace.fees.rules.bands import convert
from marketplace.fees.rules.bases import Chosen, Direct, Weighted
from marketplace.fees.rules.reading.files import read_standards
from marketplace.fees.rules.standards import FeeStandard, Tabled
from marketplace.fees.rules.worked_examples import answer, table_named
from marketplace.foundation.transactions import transaction
from tests.factories import intermediaries

STANDARDS = read_standards(Path(__file__).parents[2] / "marketplace" / "editions" / "standards")
EXAMPLES = Path(__file__).parent / "data" / "worked_examples.json"
AGENCY = "item=zbdl&variant=works&award_amount=6000&unit=万元&scope=full"
DAY = date(2026, 3, 2)


def enterable() -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The worked examples that price a case by itself, as what a person enters for them."""
    for example in json.loads(EXAMPLES.read_text("utf-8")):
        standard, inputs = STANDARDS[example["standard"]], example["inputs"]
        if {"derive", "quantities", "round_base"} & inputs.keys():
            continue
        if standard.standing == "association":
            continue
        yield example, entered(standard, inputs)


def entered(standard: FeeStandard, inputs: dict[str, Any]) -> dict[str, str]:
    """The fields of the form for one worked example."""
    variant, key = table_named(standard, inputs.get("variant"))
    wanted = standard.plans[variant.code].wanted
    kind = next((each for each in wanted if each.key == key), wanted[0])
    formula = variant.formula
    unit = formula.units.base if isinstance(formula, Tabled) else kind.unit
    numbers = inputs.get("lots") or [inputs["x"]]
    fields = {"standard": standard.id, kind.key: str(numbers[0]), "day": DAY.isoformat()}
    if len(standard.variants) > 1:
        fields["variant"] = variant.code
    if unit in ("元", "万元", "亿元"):
        fields["unit"] = unit
    if len(numbers) > 1:
        fields["lots"] = " ".join(map(str, numbers[1:]))
    if isinstance(formula, Tabled) and not isinstance(formula.base, Direct):
        for other in wanted:
            same = isinstance(formula.base, Chosen) or (
                isinstance(formula.base, Weighted)
                and sum(weight for _, weight in formula.base.weights) == 1
            )
            fields.setdefault(other.key, str(numbers[0]) if same else "0")
    factors = [str(each) for each in inputs.get("coefficients", []) if not isinstance(each, dict)]
    if standard.plans[variant.code].coefficients or factors:
        fields["factors"] = " ".join(factors or ["1"])
    return fields


def test_every_published_figure_can_be_entered_and_comes_out(app: Flask) -> None:
    tried = set()
    with app.test_request_context("/fees"):
        for example, fields in enterable():
            inputs = example["inputs"]
            if any(isinstance(each, dict) for each in inputs.get("coefficients", [])):
                continue
            asking = read_asking(MultiDict(fields), areas.chosen(), DAY)
            assert not asking.form.problems, (example, asking.form.problems)
            assert asking.answer is not None
            basic = asking.answer.calculation.basic
            assert basic is not None, example
            wanted = answer(
                {
                    "standard": example["standard"],
                    "inputs": {k: v for k, v in inputs.items() if k in _OWN},
                },
                STANDARDS,
            )
            low, high = (
                convert(Decimal(wanted[end]), wanted["unit"], "元") for end in ("low", "high")
            )
            assert (basic.low, basic.high) == (low, high), example
            tried.add(example["standard"])
            published = example.get("expected") or example["correct"]
            if inputs.keys() <= {"variant", "x", "lots", "coefficients", "round"}:
                told = convert(basic.low, "元", wanted["unit"])
                digits = inputs.get("round", {}).get("digits")
                if digits is not None and inputs["round"].get("mode") == "half_up":
                    told = told.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
                if basic.is_point and digits is None:
                    assert told == Decimal(published), example
    assert len(tried) >= 18


_OWN = ("variant", "x", "lots", "coefficients")


def test_every_shown_standard_can_be_calculated_with(client: FlaskClient) -> None:
    listed = client.get("/fees/standards").text
    for code, standard in STANDARDS.items():
        response = client.get(f"/fees?standard={code}")
        if standard.standing == "association":
            assert response.status_code == 404, code
            assert f"/fees/standards/{code}" not in listed
            assert client.get(f"/fees/answer.json?standard={code}").status_code == 404
            continue
        assert response.status_code == 200, code
        assert f"/fees/standards/{code}" in listed
        assert ("测算" in response.text) == bool(standard.variants) or not standard.variants
    public = client.get("/fees?standard=stbcbc_sd58").text
    assert "不是中介服务收费" in public


def test_the_address_gives_the_same_answer_later_and_elsewhere(
    app: Flask, client: FlaskClient, advance: Any
) -> None:
    first = client.get(f"/fees/answer.json?{AGENCY}&price=300000").get_json()
    assert (first["low"], first["high"], first["basic"]["low"]) == ("180400", "270600", "225500")
    assert (first["verdict"], first["beyond"], first["day"]) == (
        "above_ceiling", "29400", "2026-03-02",
    )  # fmt: skip
    assert first["decided_by"]["document"] == "计价格[2002]1980号"
    path = first["link"].removeprefix("http://localhost")
    other = app.test_client()
    other.set_cookie("area", "379800")
    again = other.get(path.replace("/fees?", "/fees/answer.json?")).get_json()
    assert again == first
    page = other.get(path).text
    assert "180,400.00 – 270,600.00" in page
    assert "29,400.00" in page


@pytest.mark.parametrize(
    ("query", "status", "field", "words"),
    [
        ("item=nothing", 404, "item", "没有这一服务事项"),
        ("standard=nothing", 404, "standard", ""),
        ("item=zbdl&day=x", 422, "day", "2026-03-02"),
        ("item=zbdl&place=999999", 422, "place", "没有这个地区"),
        ("item=zbdl", 422, "variant", "收费类别"),
        ("item=zbdl&variant=works&award_amount=1e5", 422, "award_amount", "请填写数字"),
        (f"{AGENCY}&lots=5;x", 422, "lots", "其他标段"),
        (f"{AGENCY}&factors=" + "1 " * 51, 422, "factors", "最多填写 50 个数"),
        (f"{AGENCY}&price=1.005", 422, "price", "最多两位小数"),
        ("item=gcsj&construction=100&specialty=x&complexity=I", 422, "specialty", "选项中选择"),
    ],
)
def test_refusals_are_data_that_name_the_field(
    client: FlaskClient, query: str, status: int, field: str, words: str
) -> None:
    client.set_cookie("lang", "en")
    response = client.get(f"/fees/answer.json?{query}")
    assert response.status_code == status
    errors = response.get_json()["errors"]
    assert field in [each["field"] for each in errors]
    assert words in "".join(each["message"] for each in errors)


def test_an_item_without_a_standard_says_so(client: FlaskClient) -> None:
    found = client.get("/fees/answer.json?item=aqpj").get_json()
    assert (found["verdict"], found["low"], found["standard"]) == ("no_standard", None, None)
    assert "没有收费标准" in found["reason"]
    before = client.get(f"/fees/answer.json?{AGENCY}&day=2023-06-30").get_json()
    assert before["verdict"] == "no_standard"


def test_several_lots_are_computed_one_by_one_under_the_tender_s_cap(client: FlaskClient) -> None:
    two = client.get(f"/fees/answer.json?{AGENCY}&lots=6000").get_json()
    assert two["basic"]["low"] == "451000"
    capped = "standard=zbdl_534&variant=goods&award_amount=5000000&unit=万元"
    assert client.get(f"/fees/answer.json?{capped}").get_json()["basic"]["high"] == "3019000"
    both = client.get(f"/fees/answer.json?{capped}&lots=5000000").get_json()
    assert both["basic"]["high"] == "3500000"


def test_several_rows_of_one_table_and_agreed_factors(client: FlaskClient) -> None:
    design = "item=gcsj&construction=200&unit=万元&specialty=building_municipal&complexity=II"
    plain = client.get(f"/fees/answer.json?{design}").get_json()
    more = client.get(
        f"/fees/answer.json?{design}&other_items=general&other_items=as_built"
    ).get_json()
    assert more["inputs"]["other_items"] == "general,as_built"
    assert Decimal(more["basic"]["low"]) == Decimal(plain["basic"]["low"]) * Decimal("1.13")
    again = client.get(more["link"].removeprefix("http://localhost")).text
    assert again.count("checked") == 2
    agreed = "item=gcsj&construction=200&unit=万元&factors=0.5 2 0.7"
    halved = client.get(f"/fees/answer.json?{agreed}").get_json()
    table = client.get("/fees/answer.json?item=gcsj&construction=200&unit=万元&factors=1")
    assert Decimal(halved["basic"]["low"]) == Decimal(table.get_json()["basic"]["low"]) * Decimal(
        "0.7"
    )


def test_the_place_decides_whether_it_binds(client: FlaskClient) -> None:
    city = client.get(f"/fees/answer.json?{AGENCY}&price=300000&place=379900").get_json()
    county = client.get(f"/fees/answer.json?{AGENCY}&price=300000&place=379921").get_json()
    assert (city["binding"], city["freed_by"]) == (False, "发改价格〔2015〕299号")
    assert (county["binding"], county["freed_by"]) == (True, "")
    assert "安平县中介服务收费目录清单" in county["legal_basis"]


def test_a_place_s_layers_are_listed_with_the_one_that_decides(client: FlaskClient) -> None:
    path = f"/fees?{AGENCY}&place=370982"
    page = client.get(path).text
    assert "本地的上限规则" in page
    assert page.count("以此为准") == 1
    assert "不高于 135,300.00" in page
    assert "180,400.00 – 270,600.00" in page
    found = client.get(path.replace("/fees?", "/fees/answer.json?")).get_json()
    assert Decimal(found["ceiling"]) < Decimal(found["high"])
    asked = client.get(f"/fees?{AGENCY}&place=371722", headers={"HX-Target": "calculator"})
    assert "缴费主体类别" in asked.text
    assert "本地的上限规则" not in client.get(f"/fees?{AGENCY}").text


def test_firms_are_listed_with_what_their_promise_comes_to(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        for n, discount in enumerate(("0.05", "0.20", "0.10")):
            intermediaries.listed(
                item_codes=("zbdl",), name=f"测算{n}号招标代理有限公司", discount=Decimal(discount)
            )
    page = client.get(f"/fees/offers?{AGENCY}").text
    prices = [page.index(words) for words in ("180,400.00", "202,950.00", "214,225.00")]
    assert prices == sorted(prices)
    assert "共 3 家" in page
    assert "测算1号招标代理有限公司" in page
    waiting = client.get("/fees/offers?item=zbdl").text
    assert "测算1号" in waiting
    assert "180,400.00" not in waiting
    assert "还没有机构承接" in client.get("/fees/offers?item=gcsj").text


def test_the_list_is_grouped_and_narrowed(client: FlaskClient) -> None:
    everything = client.get("/fees").text
    assert everything.count("rowgroup") > 10
    binding = client.get("/fees?kind=binding").text
    assert "建设工程监理" in binding
    assert "水土保持方案编制" not in binding
    county = client.get("/fees?kind=binding&place=379921").text
    assert "招标代理" in county
    assert "没有符合条件的服务事项" in client.get("/fees?q=无此事项").text


def test_no_question_of_a_standard_is_called_as_the_address_calls_its_own() -> None:
    own = {"item", "standard", "of", "place", "day", "price", "variant", "lots", "factors", "lang"}
    for code, standard in STANDARDS.items():
        keys = [each.key for each in standard.quantities]
        keys += [each.key for each in (*standard.coefficients, *standard.surcharges)]
        assert not own & set(keys), code


def test_shown_standards_are_those_in_force(app: Flask) -> None:
    with app.app_context():
        shown = {row.standard_id for row in queries.shown_standards(DAY)}
        associations = {s.id for s in STANDARDS.values() if s.standing == "association"}
        assert shown == STANDARDS.keys() - associations
        assert len(queries.shown_standards(date(1994, 1, 1))) < 5
