"""What a price rests on, in the reader's language; how a row without a standard is shown."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from flask_babel import force_locale

from marketplace.fees.lists.rules import ListRow
from marketplace.fees.rules.limits import Commitment
from marketplace.foundation.transactions import transaction
from tests.factories.fees import AGENCY_INPUTS, SUPERVISION_INPUTS, price_check

_ROW = """{% from "fees/lists/price.html" import price with context %}{{ price(row) }}"""


def test_a_promise_and_a_budget_read_english_on_an_english_page(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context(), transaction():
        checked = price_check(
            stage="award",
            price=Decimal(250_000),
            budget=Decimal(300_000),
            commitment=Commitment(discount=Decimal("0.1")),
        )
        link = f"/fees/checks/{checked.public_id}"
    english = unescape(client.get(f"{link}?lang=en", follow_redirects=True).text)
    assert "机构承诺" not in english
    assert "项目业主的预算" not in english
    assert "The owner's budget" in english
    assert english.count("The firm's own promise") >= 2, "among the ceilings and the steps"
    chinese = client.get(f"{link}?lang=zh", follow_redirects=True).text
    assert "项目业主的预算" in chinese


def test_a_sentence_and_a_curve_read_english_throughout(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        checked = price_check(item_code="zbdl", price=Decimal(150_000), inputs=AGENCY_INPUTS)
        with app.test_request_context(), force_locale("en"):
            assert checked.deviation_sentence == "The price is 33.48% below the basic price"
    asked = "&".join(f"{key}={value}" for key, value in SUPERVISION_INPUTS.items())
    page = client.get(f"/fees?item=jsjl&{asked}&lang=en", follow_redirects=True).text
    axis = re.search(r'data-x-label="([^"]*)"', page)
    assert axis is not None
    assert axis[1].endswith("(10,000 yuan)")


@pytest.mark.parametrize(
    ("form", "shown", "hidden"),
    [("market", "市场调节价", None), ("government_set", "没有收费标准", "市场调节价|协商")],
)
def test_a_government_price_without_a_standard_is_no_market_price(
    app: Flask, form: str, shown: str, hidden: str | None
) -> None:
    row = ListRow("aa", "甲", price_form=form)  # type: ignore[arg-type]
    with app.test_request_context():
        page = render_template_string(_ROW, row=row, cell=lambda _row, _name: "", standards=None)
    assert shown in page
    assert hidden is None or not re.search(hidden, page)
