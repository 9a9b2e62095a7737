"""The gates after the budget: what stops a quote, who sees the attempt when, whose day counts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.permissions import Role
from marketplace.fees import access
from marketplace.fees.checking import check_price, require_price
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate, Verdict
from marketplace.foundation import clock
from marketplace.foundation.actor import CLOCK
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid, Missing
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import take_later
from marketplace.orders import actions as order_actions
from marketplace.orders import queries as order_queries
from marketplace.orders.models import Order
from marketplace.projects.actions import withdraw_need
from marketplace.projects.models import Need, SelectionMethod
from marketplace.projects.pricing import price_of
from tests.factories import accounts, intermediaries, orders, selection
from tests.factories.fees import AGENCY_INPUTS, SUPERVISION_INPUTS, price_question, publish_city

SignIn = Callable[..., FlaskClient]
Advance = Callable[[timedelta], None]


def test_a_quote_over_the_firms_promise_is_refused_and_the_bureau_sees_it_after_closing(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("jsjl",), discount=Decimal("0.1"))
        need = selection.open_need(
            item_code="jsjl",
            budget=Decimal(300_000),
            fee_inputs=SUPERVISION_INPUTS,
            method=SelectionMethod.DIRECT_PICK,
        )
        address, need_id = f"/needs/{need.public_id}/enter", need.id
        bureau = accounts.officer(Role.BUREAU_OPERATOR)
        people = [firm.user, bureau.user]
    browser, officer = (sign_in_as(person) for person in people)
    answers = {"price": "270900.02", "contribution": secrets.token_hex(32), "agree": "y"}
    refused = browser.post(address, data=answers)
    assert refused.status_code == 422
    assert "270,900.00" in refused.get_data(as_text=True)
    assert "机构承诺" in refused.get_data(as_text=True)
    with app.app_context():
        (attempt,) = db.session.scalars(select(PriceCheck).where(PriceCheck.refused)).all()
        assert (attempt.stage, attempt.verdict) == (Gate.QUOTE, Verdict.ABOVE_CEILING)
        assert (attempt.matter_type, attempt.matter_id) == ("needs", need_id)
        assert attempt.subject_id is None
        assert attempt.decided_by is not None
        assert attempt.decided_by["source"] == "commitment"
        link = f"/fees/checks/{attempt.public_id}"
    # nothing a firm wanted to quote is told before its need is closed
    assert link not in officer.get("/supervision/prices").get_data(as_text=True)
    assert browser.post(address, data={**answers, "price": "270900"}).status_code == 303
    with app.app_context(), transaction():
        db.session.get_one(Need, need_id).entry_deadline = clock.now() - timedelta(minutes=1)
    # the deadline alone opens nothing: with too few entries it may still be moved
    assert link not in officer.get("/supervision/prices").get_data(as_text=True)
    advance(timedelta(days=4))
    watched = officer.get("/supervision/prices?stage=quote&verdict=above_ceiling")
    assert link in watched.get_data(as_text=True)
    assert f"/needs/{address.split('/')[2]}" in watched.get_data(as_text=True)


def test_nobody_reads_the_quotes_of_a_need_withdrawn_before_closing(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("jsjl",), discount=Decimal("0.1"))
        buyer = accounts.owner()
        need = selection.open_need(
            buyer,
            item_code="jsjl",
            budget=Decimal(300_000),
            fee_inputs=SUPERVISION_INPUTS,
            method=SelectionMethod.DIRECT_PICK,
        )
        address, need_id, owner = f"/needs/{need.public_id}/enter", need.id, buyer.actor
        bureau = accounts.officer(Role.BUREAU_OPERATOR)
        people = [firm.user, bureau.user]
    browser, officer = (sign_in_as(person) for person in people)
    answers = {"contribution": secrets.token_hex(32), "agree": "y"}
    assert browser.post(address, data={**answers, "price": "270900.02"}).status_code == 422
    assert browser.post(address, data={**answers, "price": "270900"}).status_code == 303
    with app.app_context():
        quotes = db.session.scalars(select(PriceCheck).where(PriceCheck.stage == Gate.QUOTE)).all()
        links = [f"/fees/checks/{quote.public_id}" for quote in quotes]
        assert sorted(quote.refused for quote in quotes) == [False, True]
    with app.app_context(), transaction():
        need = db.session.get_one(Need, need_id)
        withdraw_need(need, "项目调整，不再需要", owner, clock.now())
    advance(timedelta(days=4))
    page = officer.get("/supervision/prices?stage=quote").get_data(as_text=True)
    assert not [link for link in links if link in page]
    assert {officer.get(link).status_code for link in links} == {404}
    assert {browser.get(link).status_code for link in links} == {200}


def test_the_bureau_reads_what_was_attempted_in_an_order_that_came_to_nothing(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("zbdl",), discount=Decimal("0.2"))
        buyer = accounts.owner()
        order = orders.asked(
            buyer,
            firm,
            item_code="zbdl",
            budget=Decimal(10_000),
            fee_inputs={**AGENCY_INPUTS, "award_amount": "100"},
        )
        order_id, quoting, owner = order.id, firm.actor, buyer.actor
        bureau = accounts.officer(Role.BUREAU_OPERATOR).user
    officer = sign_in_as(bureau)
    with app.app_context():
        order = db.session.get_one(Order, order_id)
        (ask,) = order_queries.asks_of(order)
        with pytest.raises(Invalid), transaction():
            order_actions.quote(ask, Decimal(9_000), "", quoting)
        (keep,) = take_later()
        with transaction():
            keep(clock.now())
        attempt = db.session.scalars(select(PriceCheck).where(PriceCheck.refused)).one()
        link = f"/fees/checks/{attempt.public_id}"
    listed = "/supervision/prices?stage=quote"
    assert link not in officer.get(listed).get_data(as_text=True)
    assert officer.get(link).status_code == 404
    with app.app_context(), transaction():
        order_actions.withdraw(db.session.get_one(Order, order_id), "不再需要", owner)
    assert link in officer.get(listed).get_data(as_text=True)
    assert officer.get(link).status_code == 200


def test_an_attempt_is_never_published_with_its_need(app: Flask, sign_in_as: SignIn) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        people = [owner.user, accounts.owner().user]
        actor = owner.actor
    own, other = (sign_in_as(person) for person in people)
    with app.app_context(), transaction():
        question = price_question(stage="budget", price=Decimal(400_000))
        kept = check_price(question, actor, clock.now())
        db.session.expunge(kept)
        facts = {
            column.key: getattr(kept, column.key)
            for column in PriceCheck.__table__.columns
            if column.key not in ("id", "public_id")
        }
        attempt = PriceCheck(**{**facts, "refused": True})
        db.session.add(attempt)
        db.session.flush()
        link = f"/fees/checks/{attempt.public_id}"
        with pytest.raises(Missing):
            access.check_for(None, attempt.public_id)
    assert own.get(link).status_code == 200
    assert "只作为一次尝试留存" in own.get(link).get_data(as_text=True)
    assert other.get(link).status_code == 404


def test_a_quote_far_from_a_freed_standard_says_why(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("zbdl",), discount=Decimal(0))
        buyer = accounts.owner()
        need = selection.open_need(
            buyer,
            item_code="zbdl",
            budget=Decimal(225_500),
            fee_inputs=AGENCY_INPUTS,
            method=SelectionMethod.DIRECT_PICK,
        )
        address, people = f"/needs/{need.public_id}/enter", [firm.user, buyer.user]
    browser, owner = (sign_in_as(person) for person in people)
    answers = {"price": "150000", "contribution": "ab" * 32, "agree": "y"}
    asked = browser.post(address, data=answers)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 422
    assert "价格比基准价低 33.48%" in page
    assert 'name="deviation_reason"' in page
    assert "150,000.00" in page or 'value="150000' in page
    reason = "同一业主上月的项目资料可以沿用"
    assert browser.post(address, data={**answers, "deviation_reason": reason}).status_code == 303
    with app.app_context():
        check = db.session.scalars(select(PriceCheck).where(PriceCheck.stage == Gate.QUOTE)).one()
        assert (check.deviation_reason, check.refused) == (reason, False)
    # the entry opened again still has it; once closed the owner reads it beside the price
    assert reason in browser.get(address).get_data(as_text=True)
    manage = f"/owner/needs/{address.split('/')[2]}/selection"
    assert reason not in owner.get(manage).get_data(as_text=True)
    advance(timedelta(days=4))
    assert f"偏离理由：{reason}" in owner.get(manage).get_data(as_text=True)


@pytest.mark.parametrize(("basis", "stops"), [("need_published", False), ("contract_signed", True)])
def test_the_day_the_policy_names_decides_which_list_counts(
    app: Flask, advance: Advance, basis: str, stops: bool
) -> None:
    with app.app_context(), transaction():
        if basis != "need_published":
            publish_city(basis)
        need = selection.open_need(
            item_code="jsjl",
            budget=Decimal(300_000),
            fee_inputs=SUPERVISION_INPUTS,
            method=SelectionMethod.DIRECT_PICK,
        )
        number, published = need.id, clock.today()
    advance(timedelta(days=1))
    with app.app_context(), transaction():
        publish_city(basis, half=True)
        need = db.session.get_one(Need, number)
        question = price_of(need, Gate.CONTRACT, need, Decimal(290_000), clock.now())
        check = check_price(question, CLOCK, clock.now())
        assert check.stops is stops
        assert check.day == (clock.today() if stops else published)
        # what was published before keeps its own answer
        assert isinstance(check.day, date)
        old = db.session.get_one(PriceCheck, need.price_check_id)
        assert (old.verdict, old.limits) == (Verdict.WITHIN, old.limits)
        assert old.ceiling == Decimal(361_200)
        fresh = replace(question, day=clock.today())
        assert check_price(fresh, CLOCK, clock.now()).stops


def test_an_award_is_asked_nothing_but_keeps_what_was_said(app: Flask) -> None:
    with app.app_context(), transaction():
        need = selection.open_need(
            item_code="zbdl", budget=Decimal(225_500), fee_inputs=AGENCY_INPUTS
        )
        question = price_of(
            need,
            Gate.AWARD,
            need,
            Decimal(150_000),
            clock.now(),
            reason="资料可以沿用",
            demands_reason=False,
        )
        said = require_price(question, CLOCK, clock.now())
        assert (said.asks_reason, said.flagged) == (True, True)
        assert said.deviation_reason == "资料可以沿用"
        unsaid = require_price(replace(question, reason=""), CLOCK, clock.now())
        assert unsaid.deviation_reason is None
