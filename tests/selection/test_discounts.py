"""Quotes as a discount off the budget: the highest wins, rates are compared, not their prices."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask

from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.transactions import transaction
from marketplace.projects.models import NeedStatus, SelectionMethod
from marketplace.selection import actions, queries
from marketplace.selection.models import Entry
from marketplace.selection.sealing import low
from marketplace.supervision.invariants import asking
from tests.factories import accounts, selection
from tests.selection.scenes import Advance, SignIn, the_need

TO_OPENING = timedelta(days=1, hours=8, minutes=31)
SAID = "已有相邻项目的资料，工作量较小"


def quoted(app: Flask, rates: tuple[str, ...], method: SelectionMethod) -> str:
    """A need that asks for discounts, quoted at these rates; its public id."""
    with app.app_context(), transaction():
        firms = selection.firms(len(rates))
        need = selection.open_need(method=method, draw_source=None, by_discount=True)
        for firm, rate in zip(firms, rates, strict=True):
            actions.enter_need(need, secrets.token_hex(32), None, firm.actor, SAID, Decimal(rate))
        assert all(each.discount is None for each in queries.standing(queries.live_round(need)))
        return need.public_id


def test_the_highest_discount_wins(app: Flask, advance: Advance) -> None:
    public_id = quoted(app, ("0.05", "0.125", "0"), SelectionMethod.PRICE_COMPETITION)
    advance(TO_OPENING)
    with app.app_context():
        need = the_need()
        running = queries.round_of(need)
        assert running is not None
        placed = queries.in_place_order(running)
        assert [each.discount for each in placed] == [
            Decimal(rate) for rate in ("0.125", "0.05", "0")
        ]
        award = queries.award_of(need)
        assert award is not None
        assert award.price == need.budget * Decimal("0.875")
        assert list(asking.broken({"I10", "I10c", "I15"})) == []
    page = app.test_client().get(f"/results/{public_id}").get_data(as_text=True)
    assert "下浮 12.5%" in page


def test_rates_that_round_to_one_price_are_told_apart(app: Flask, advance: Advance) -> None:
    # a ten-thousandth of a percent of 40,000 yuan is less than a fen would show
    quoted(app, ("0.1", "0.10000001", "0.05"), SelectionMethod.PRICE_COMPETITION)
    advance(TO_OPENING)
    with app.app_context():
        running = queries.round_of(the_need())
        assert running is not None
        first, second, _third = queries.in_place_order(running)
        assert first.price == second.price
        assert first.discount == Decimal("0.10000001")
        assert running.ranking is not None


def test_the_mean_of_rates_decides_an_average(app: Flask, advance: Advance) -> None:
    public_id = quoted(app, ("0.02", "0.09", "0.13"), SelectionMethod.AVERAGE_PRICE)
    advance(TO_OPENING)
    with app.app_context():
        need = the_need()
        running = queries.round_of(need)
        assert running is not None
        assert queries.in_place_order(running)[0].discount == Decimal("0.09")
        # the mean of what is left, 92 %, in yuan of the budget
        middle = need.budget * Decimal("0.92")
    page = app.test_client().get(f"/results/{public_id}").get_data(as_text=True)
    assert f"平均价 {middle:,.2f}".rstrip("0").rstrip(".") in page


def test_a_discount_far_above_all_others_must_be_explained(app: Flask, advance: Advance) -> None:
    quoted(app, ("0.05", "0.06", "0.40"), SelectionMethod.PRICE_COMPETITION)
    advance(TO_OPENING)
    with app.app_context():
        need = the_need()
        running = queries.round_of(need)
        assert running is not None
        asked = low.of_round(running)
        assert [each.entry.discount for each in asked] == [Decimal("0.40")]
        # the others leave 94.5 % of the budget
        assert asked[0].mean == need.budget * Decimal("0.945")
        assert need.status is NeedStatus.SELECTING


def test_the_form_asks_for_a_rate_and_refuses_in_words(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        person = selection.firms(1)[0].user
        need = selection.open_need(
            method=SelectionMethod.PRICE_COMPETITION, draw_source=None, by_discount=True
        )
        address = f"/needs/{need.public_id}/enter"
    browser = sign_in_as(person)
    page = browser.get(address).get_data(as_text=True)
    assert "下浮率" in page
    assert 'name="price"' not in page
    fields = {"contribution": secrets.token_hex(32), "agree": "y", "deviation_reason": SAID}
    for rate, said in (
        ("", "请填写下浮率"),
        ("100", "在 0 至 99.99 之间"),
        ("-3", "请填写百分数"),
        ("12.345", "请填写百分数"),
    ):
        answer = browser.post(address, data={**fields, "discount": rate})
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True)
    assert browser.post(address, data={**fields, "discount": "12.5"}).status_code == 303
    with app.app_context():
        entry = db.session.query(Entry).one()
        assert entry.price is None
        assert entry.discount is None


def test_discounts_belong_to_sealed_methods_only(app: Flask) -> None:
    asked = {"method": SelectionMethod.DIRECT_PICK, "draw_source": None, "by_discount": True}
    with app.app_context(), transaction():
        owner = accounts.owner()
        with pytest.raises(Invalid, match="只适用于密封报价"):
            selection.open_need(owner, **asked)
