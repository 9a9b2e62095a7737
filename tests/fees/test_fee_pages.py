"""The calculator, a standard, a check, the item list and guide in a visitor's browser."""

from __future__ import annotations

import re
from pathlib import Path

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.foundation.transactions import transaction
from tests.factories.fees import price_check

STANDARDS = Path(__file__).parents[2] / "marketplace" / "editions" / "standards"
AGENCY = "/fees?item=zbdl&variant=works&award_amount=6000&unit=万元&scope=full"


def text(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    page = response.get_data(as_text=True)
    assert page.count("<h1") == 1
    html5lib.HTMLParser(strict=True).parse(page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    return page


def test_item_list_and_guide(client: FlaskClient) -> None:
    page = text(client, "/items")
    assert "水土保持方案编制" in page
    guide = text(client, "/items/jsjl")
    for words in (
        "工程监理资质 乙级及以上",
        "建筑工程施工许可证核发",
        "可容缺",
        "/fees?item=jsjl",
        "/firms?item=jsjl",
    ):
        assert words in guide
    assert "任何部门不得把它作为" in text(client, "/items/zbdl")
    assert client.get("/items/nothing").status_code == 404


def test_fee_list_says_what_binds(client: FlaskClient) -> None:
    page = text(client, "/fees")
    assert "已放开，仅供参考" in page
    assert "发改价格〔2015〕299号" in page
    assert "须遵守" in page
    assert "没有收费标准" in page


def test_calculator_shows_band_and_steps(client: FlaskClient) -> None:
    page = text(client, AGENCY)
    for words in ("225,500.00", "180,400.00", "270,600.00", "1000–5000万元的部分按 0.35% 计",
                  "计价格[2002]1980号", "第九条"):  # fmt: skip
        assert words in page
    assert page == text(client, AGENCY)
    same = AGENCY.replace("6000", "60000000").replace("万元", "元")
    assert "225,500.00" in text(client, same)


def test_calculator_judges_a_price(client: FlaskClient) -> None:
    judged = text(client, AGENCY + "&price=300000")
    assert "高于参考标准" in judged
    assert "参考范围" in judged
    assert "29,400.00" in judged
    assert "在范围内" in text(client, AGENCY + "&price=200000")
    bound = "/fees?item=jsjl&construction=1000&specialty=building_municipal&complexity=II"
    assert "不能用于预算、报价和合同" in text(client, bound + "&price=361200.02")
    assert "超过上限" in text(client, bound + "&price=361200.02")
    assert "超过上限" not in text(client, bound)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("item=zbdl&award_amount=6000", "请填写“收费类别”"),
        ("item=zbdl&variant=works&award_amount=abc", "请填写数字"),
        ("item=zbdl&variant=works&award_amount=1e5", "请填写数字"),
        ("item=zbdl&variant=magic&award_amount=1", "field--wrong"),
        ("item=zbdl&variant=works&award_amount=1&price=1.005", "最多两位小数"),
        ("item=jsjl&construction=100&specialty=mining&complexity=IX", "field--wrong"),
        ("item=zbdl&day=yesterday", "2026-03-02"),
    ],
)
def test_bad_input_is_refused_at_its_field(client: FlaskClient, query: str, words: str) -> None:
    assert words in text(client, f"/fees?{query}", 422)


def test_outside_the_table_is_said(client: FlaskClient) -> None:
    query = "item=jsjl&construction=100&specialty=mining&complexity=I"
    assert "计费额小于 500 万元" in text(client, f"/fees?{query}")
    assert "没有收费标准" in text(client, "/fees?item=aqpj")
    assert client.get("/fees?item=nothing").status_code == 404


def test_standard_page_shows_the_published_figures(client: FlaskClient) -> None:
    page = text(client, "/fees/standards/jl_670")
    for words in ("10390.1", "直线内插", "矿井、铀矿采选", "下浮不超过 20%", "1.039%"):
        assert words in page
    assert "0.35%" in text(client, "/fees/standards/zbdl_1980")
    assert client.get("/fees/standards/nothing").status_code == 404


def test_check_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        budget = price_check(stage="budget").public_id
        quote = price_check().public_id
    page = text(client, f"/fees/checks/{budget}")
    assert "300,000.00" in page
    assert "直线内插" in page
    assert client.get(f"/fees/checks/{quote}").status_code == 404


def test_pages_in_english(client: FlaskClient) -> None:
    for address in ("/items", "/items/jsjl", "/fees", AGENCY, "/fees/standards/jl_670"):
        joint = "&" if "?" in address else "?"
        assert client.get(f"{address}{joint}lang=en").status_code in (200, 302, 303)


def test_every_shipped_standard_has_a_page_but_those_of_associations(client: FlaskClient) -> None:
    for path in sorted(STANDARDS.glob("*.toml")):
        association = 'standing = "association"' in path.read_text("utf-8")
        answer = client.get(f"/fees/standards/{path.stem}")
        assert answer.status_code == (404 if association else 200), path.stem
    page = text(client, "/fees/standards/zjzx_zj84")
    assert "效益收费" in page
    assert "各项分别计算后相加" in page
    assert "不是中介服务收费" in text(client, "/fees/standards/stbcbc_sd58")
    assert "最高不超过 350万元" in text(client, "/fees/standards/zbdl_534")
    assert "分栏错乱" in text(client, "/fees/standards/ch_3")
