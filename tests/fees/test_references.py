"""What like contracts were agreed at: exact quartiles, like with like, from enough contracts on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from marketplace.fees import queries
from marketplace.fees.checking import conclude_price, require_price
from marketplace.fees.models import ConcludedPrice
from marketplace.fees.rules.bands import Band
from marketplace.fees.rules.judging import Verdict
from marketplace.fees.rules.references import Agreed, distance, reference
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.calendar import add_months
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.transactions import transaction
from tests.factories import accounts
from tests.factories.fees import AGENCY_INPUTS, price_check, price_question

SignIn = Callable[..., FlaskClient]
D = Decimal
SINCE, UNTIL = date(2025, 3, 2), date(2026, 3, 2)


def amounts(*prices: str, least: int = 5) -> object:
    return reference([Agreed(D(each), None) for each in prices], False, least, SINCE, UNTIL)


def test_quartiles_of_amounts() -> None:
    found = reference(
        [Agreed(D(each), None) for each in ("400", "100", "300", "200", "500")],
        False,
        5,
        SINCE,
        UNTIL,
    )
    assert found is not None
    assert (found.lower, found.median, found.upper) == (D(200), D(300), D(400))
    assert distance(found, D(390), None) == D("0.3")
    assert distance(found, D(150), None) == D("-0.5")
    assert found.amounts(None) == (D(200), D(300), D(400))
    assert amounts("1", "2", "3", "4") is None


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=40))
def test_quartiles_lie_on_the_line_between_neighbours_exactly(fen: list[int]) -> None:
    found = reference([Agreed(D(each) / 100, None) for each in fen], False, 1, SINCE, UNTIL)
    assert found is not None
    ordered = sorted(Fraction(each, 100) for each in fen)
    for quarters, value in ((1, found.lower), (2, found.median), (3, found.upper)):
        index, rest = divmod((len(ordered) - 1) * quarters, 4)
        after = ordered[min(index + 1, len(ordered) - 1)]
        assert Fraction(value) == ordered[index] + (after - ordered[index]) * Fraction(rest, 4)
    assert found.lower <= found.median <= found.upper


def test_shares_of_the_basic_price_are_compared_where_there_is_a_standard() -> None:
    small = [Agreed(D(80) * n, D(100) * n) for n in (1, 10, 100, 1000)]
    found = reference([*small, Agreed(D(5), None), Agreed(D(90), D(100))], True, 5, SINCE, UNTIL)
    assert found is not None
    assert (found.count, found.median, found.upper) == (5, D("0.8"), D("0.8"))
    # ten times the work at eight tenths of its standard is like the others
    assert distance(found, D(800_000), Band.point(D(1_000_000))) == 0
    assert distance(found, D(400_000), Band.point(D(1_000_000))) == D("-0.5")
    assert distance(found, D(400_000), None) is None
    assert found.amounts(Band.point(D(1_000_000))) == (D(800_000), D(800_000), D(800_000))
    assert found.amounts(None) is None


def conclude(number: int, price: str, **question: object) -> None:
    """A contract signed at a price, as contracts do it."""
    day = question.pop("signed_on", None) or clock.today()
    asked = {"stage": "contract", "item_code": "aqpj", "inputs": {}, "price": D(price), **question}
    conclude_price(number, price_check(**asked), D(price), day)  # type: ignore[arg-type]


def test_from_five_contracts_on_a_budget_is_compared_and_asks_for_a_reason(app: Flask) -> None:
    asked = {"stage": "budget", "item_code": "aqpj", "inputs": {}}
    with app.app_context(), transaction():
        for number, price in enumerate(("20000", "22000", "24000", "26000"), start=1):
            conclude(number, price)
        today = clock.today()
        conclude(90, "1", signed_on=add_months(today, -12))  # a day too old
        conclude(91, "1", jurisdiction_code="379800")  # another register
        conclude(92, "1", item_code="hpps")  # another item
        before = price_check(**asked, price=D(90_000))
        assert before.reference is None
        assert not before.asks_reason
        # the county's contracts belong to the city's register
        conclude(5, "28000", jurisdiction_code="379921")
        check = price_check(**asked, price=D(90_000))
        assert check.verdict is Verdict.NO_STANDARD
        assert check.reference is not None
        assert check.reference["count"] == 5
        assert check.reference["quartiles"] == ["22000", "24000", "26000"]
        assert check.reference["deviation"] == "2.75"
        assert (check.flagged, check.asks_reason, check.stops) == (True, True, False)
        near = price_check(**asked, price=D(24_000) * D("1.3"))
        assert not near.asks_reason
        assert price_check(**asked, price=D("31200.01")).asks_reason
        # a quote is written without looking at other contracts
        assert price_check(**{**asked, "stage": "quote"}, price=D(90_000)).reference is None
        with pytest.raises(Invalid) as refused:
            require_price(price_question(**asked, price=D(90_000)), CLOCK, clock.now(), "budget")
        assert refused.value.field == "deviation_reason"
        assert "近期 5 份同类合同的中位数高 275%" in refused.value.message
        said = price_question(**asked, price=D(90_000), reason="含两次现场复核和专家评审")
        assert require_price(said, CLOCK, clock.now()).deviation_reason == said.reason
        # what was compared with then stays with the check
        for number, price in enumerate(("80000",) * 9, start=10):
            conclude(number, price)
        db.session.refresh(check)
        assert check.compared is not None
        assert check.compared.amounts == (D(22000), D(24000), D(26000))
        assert price_check(**asked, price=D(90_000)).asks_reason is False


def test_the_guide_and_the_form_show_what_contracts_were_agreed_at(
    app: Flask, client: FlaskClient, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        person = accounts.owner().user
        for number in range(4):
            conclude(number, "24000")
    assert "同类合同" not in client.get("/items/aqpj").get_data(as_text=True)
    with app.app_context(), transaction():
        conclude(4, "30000")
    guide = client.get("/items/aqpj").get_data(as_text=True)
    assert "同类合同的成交价" in guide
    assert "24,000.00" in guide
    calculator = client.get("/fees?item=aqpj").get_data(as_text=True)
    assert "同类合同的成交价" in calculator
    assert "24,000.00" in calculator
    form = sign_in_as(person).get("/owner/needs/new?item=aqpj").get_data(as_text=True)
    assert "24,000.00 元（中间一半的合同在 24,000.00 – 24,000.00 元，共 5 份）" in form


def test_a_changed_price_takes_the_place_of_the_first(app: Flask) -> None:
    with app.app_context(), transaction():
        agency = {"item_code": "zbdl", "inputs": AGENCY_INPUTS}
        conclude(7, "200000", **agency)
        first = clock.today()
        conclude(7, "180400", **agency, signed_on=first + timedelta(days=40))
        (row,) = db.session.scalars(select(ConcludedPrice)).all()
        assert (row.price, row.basic, row.signed_on) == (D(180400), D(225500), first)
        found = queries.pricing("zbdl", "379900", first)
        assert queries.reference(found, first) is None
        for number in range(8, 12):
            conclude(number, "202950", **agency)
        shares = queries.reference(found, first)
        assert shares is not None
        assert (shares.measure, shares.count) == ("share", 5)
        assert (shares.lower, shares.median) == (D("0.9"), D("0.9"))
