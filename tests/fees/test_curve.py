"""The curve beside the calculator: the standard's own answers at bases around the one asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from flask import Flask

from marketplace.fees import queries
from marketplace.fees.curve import bases, curve, examples

DAY = date(2026, 3, 2)
ANSWERS = {
    "construction": "6000",
    "unit": "万元",
    "specialty": "mining",
    "complexity": "I",
    "altitude": "upto_2000",
}


@pytest.mark.parametrize("asked", ["6000", "0.37", "123456.789"])
def test_bases_rise_around_the_one_asked_about(asked: str) -> None:
    found = bases(Decimal(asked))
    assert Decimal(asked) in found
    assert found == sorted(set(found))
    assert found[0] > 0
    assert abs(found[-1] / Decimal(asked) - 2) < Decimal("0.01")


def test_every_point_is_what_the_calculator_answers(app: Flask) -> None:
    with app.app_context():
        pricing = queries.pricing("jsjl", "379900", DAY)
        found = curve(pricing, ANSWERS)
        assert found is not None
        assert (found.unit, found.asked) == ("万元", Decimal(6000))
        assert len(found.points) >= 20
        for point in found.points[::5]:
            answers = {**ANSWERS, "construction": format(point.base, "f")}
            band = queries.calculation(pricing, answers).band
            assert band is not None
            assert (point.low, point.high) == (band.low, band.high)
        lows = [point.low for point in found.points]
        assert lows == sorted(lows)
        for missing in ({}, {"construction": "abc"}, {"construction": ""}):
            assert curve(pricing, {**ANSWERS, "construction": "", **missing}) is None
        assert curve(queries.pricing("aqpj", "379900", DAY), ANSWERS) is None


def test_the_guide_shows_figures_of_the_document_itself(app: Flask) -> None:
    with app.app_context():
        (supervision,) = examples(queries.pricing("jsjl", "379900", DAY))
        assert supervision.title == "施工监理"
        assert (supervision.base, supervision.unit) == ("建筑安装工程费", "万元")
        # 16.5 万元 at 500 万元, 20 % either way
        first = supervision.points[0]
        assert (first.base, first.low, first.high) == (500, 132000, 198000)
        tenders = examples(queries.pricing("zbdl", "379900", DAY))
        assert len(tenders) == 3
        assert all(len(each.points) == 3 for each in tenders)
        assert examples(queries.pricing("aqpj", "379900", DAY)) == []


def test_the_guide_page_names_the_figures(app: Flask) -> None:
    page = app.test_client().get("/items/jsjl").text
    assert "132,000.00 – 198,000.00" in page
    assert "各项调整系数按 1 计" in page
