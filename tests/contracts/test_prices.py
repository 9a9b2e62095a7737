"""What a price is held to after the quote: whose day, whose promise, what is kept of a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import OrganisationKind, User
from marketplace.contracts import actions, amending, queries
from marketplace.contracts.models import ContractStatus, Side
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.foundation.transactions import transaction
from marketplace.foundation.web import take_later
from marketplace.intermediaries import queries as intermediaries
from marketplace.projects.models import InvestmentKind, Need, SelectionMethod
from marketplace.selection import actions as selection
from marketplace.selection import queries as selections
from marketplace.selection.models import Award, AwardStatus
from tests.factories import accounts
from tests.factories import contracts as factory
from tests.factories import intermediaries as firms
from tests.factories import selection as entries
from tests.factories.contracts import Deal
from tests.factories.fees import AGENCY_INPUTS, SUPERVISION_INPUTS, publish_city

Advance = Callable[[timedelta], None]
# 监理 at 260,000 元: the standard allows 361,200, half of it 180,600; the firm promised 10 % off
# the basic 301,000
SUPERVISION: dict[str, Any] = {
    "item_code": "jsjl",
    "price": Decimal(260_000),
    "budget": Decimal(300_000),
    "fee_inputs": SUPERVISION_INPUTS,
}
SMALL = {**AGENCY_INPUTS, "award_amount": "100"}
REASON = "方案切合项目实际情况，报价合理"


def begin(app: Flask, basis: str) -> None:
    with app.app_context(), transaction():
        publish_city(basis)


def halve(app: Flask, basis: str) -> None:
    with app.app_context(), transaction():
        publish_city(basis, half=True)


@pytest.mark.parametrize(("basis", "stops"), [("award", False), ("contract_signed", True)])
def test_a_draft_is_signed_by_the_list_of_the_day_the_policy_names(
    app: Flask, advance: Advance, basis: str, stops: bool
) -> None:
    begin(app, basis)
    deal = factory.awarded(app, advance, **SUPERVISION)
    with app.app_context(), transaction():
        actions.draft_contract(
            deal.need, factory.terms(), Side.FIRM, deal.actor("firm"), clock.now()
        )
        drafted = deal.contract.price_check_id
    advance(timedelta(days=1))
    halve(app, basis)
    with app.app_context():
        if not stops:
            with transaction():
                sign(deal)
            assert deal.contract.price_check_id == drafted, "the same day, the same answer"
            return
        with pytest.raises(Invalid) as told, transaction():
            sign(deal)
        assert told.value.rule == "fees.above_ceiling"
        assert "180,600.00" in told.value.message
        assert (deal.contract.status, deal.contract.signed_at) == (ContractStatus.DRAFTED, None)
        db.session.rollback()
        (keep,) = take_later()
        with transaction():
            keep(clock.now())
        kept = db.session.scalars(select(PriceCheck).where(PriceCheck.refused)).one()
        assert (kept.stage, kept.subject_id) == (Gate.CONTRACT, deal.contract.id)


def test_a_list_of_the_same_day_counts_at_signing(app: Flask, advance: Advance) -> None:
    begin(app, "contract_signed")
    deal = factory.awarded(app, advance, **SUPERVISION)
    with app.app_context(), transaction():
        actions.draft_contract(
            deal.need, factory.terms(), Side.FIRM, deal.actor("firm"), clock.now()
        )
    halve(app, "contract_signed")
    with app.app_context():
        with pytest.raises(Invalid) as told, transaction():
            sign(deal)
        assert told.value.rule == "fees.above_ceiling"
        assert "180,600.00" in told.value.message


def test_no_change_leads_around_the_budget(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance, **{**SUPERVISION, "budget": Decimal(265_000)})
    with app.app_context():
        with pytest.raises(Invalid) as told, transaction():
            propose(deal, "265000.02")
        assert (told.value.field, told.value.rule) == ("amended_price", "fees.above_ceiling")
        assert "265,000.00" in told.value.message
        assert "预算" in told.value.message
        with transaction():
            assert propose(deal, "265000").price == Decimal(265_000)


def test_no_change_leads_around_the_limit_of_direct_picks(app: Flask, advance: Advance) -> None:
    deal = factory.signed(app, advance, kind=OrganisationKind.AGENCY)
    with app.app_context():
        limit = selections.edition_of(deal.need, clock.today())[1].direct_pick_limit
        with pytest.raises(Invalid) as told, transaction():
            propose(deal, str(limit))
        assert (told.value.field, told.value.rule) == ("amended_price", "pick.limit")


def test_a_change_says_what_quantity_it_pays_for(
    app: Flask, advance: Advance, sign_in_as: Callable[..., FlaskClient]
) -> None:
    # 监理 of 800 万元 of construction: basic 246,600 元, 10 % off promised
    small = {**SUPERVISION_INPUTS, "construction": "800"}
    begin(app, "award")
    deal = factory.signed(
        app,
        advance,
        **{
            **SUPERVISION,
            "fee_inputs": small,
            "price": Decimal(200_000),
            "budget": Decimal(280_000),
        },
    )
    with app.app_context(), transaction():
        contract = deal.contract
        public_id, ends_on = contract.public_id, contract.ends_on.isoformat()
        people = [db.session.get_one(User, key) for key in (deal.firm_user_id, deal.editor_id)]
    firm, owner = (sign_in_as(person) for person in people)
    asked = {
        "amended_price": "260000",
        "amended_ends_on": ends_on,
        "amendment_reason": "增加监理范围",
    }
    asked |= {f"fee-{key}": value for key, value in small.items()}
    address = f"/contracts/{public_id}/amendments"
    assert 'name="fee-construction"' in firm.get(f"/contracts/{public_id}").text
    refused = firm.post(address, data=asked)
    assert refused.status_code == 422, "too much for the quantity as it was"
    more = {**asked, "fee-construction": "1000"}
    assert firm.post(address, data=more).status_code == 303
    for browser in (firm, owner):
        assert "800 → 1000" in browser.get(f"/contracts/{public_id}").text
    with app.app_context():
        change = queries.open_amendment(deal.contract.id)
        assert change is not None
        assert change.fee_inputs is not None
        assert change.fee_inputs["construction"] == "1000"
        check = db.session.get_one(PriceCheck, change.price_check_id)
        assert check.inputs["construction"] == "1000"
        assert queries.paid_for(deal.contract)["construction"] == "800"
        with transaction():
            amending.confirm_amendment(change, Side.OWNER, deal.actor("approver"), clock.now())
        assert queries.paid_for(deal.contract)["construction"] == "1000"
        with transaction():
            later = propose(deal, "260001")
        check = db.session.get_one(PriceCheck, later.price_check_id)
        assert check.inputs["construction"] == "1000"


def sign(deal: Deal) -> None:
    actions.confirm_contract(deal.contract, Side.OWNER, deal.actor("approver"), clock.now())


@pytest.mark.parametrize("basis", ["need_published", "award", "contract_signed"])
def test_a_change_keeps_to_the_list_and_the_promise_of_its_contract(
    app: Flask, advance: Advance, basis: str
) -> None:
    begin(app, basis)
    deal = factory.signed(app, advance, **SUPERVISION)
    advance(timedelta(days=1))
    with app.app_context(), transaction():
        promise(deal.actor("firm"), "jsjl", "0.2")
    halve(app, basis)
    with app.app_context():
        with pytest.raises(Invalid) as told, transaction():
            propose(deal, "270900.02")
        assert told.value.field == "amended_price"
        assert "270,900.00" in told.value.message
        assert "机构承诺" in told.value.message
        with transaction():
            change = propose(deal, "270900")
            actor = deal.actor("approver")
            amending.confirm_amendment(change, Side.OWNER, actor, clock.now())
        assert deal.contract.price == Decimal(270_900)


def propose(deal: Deal, price: str) -> amending.Amendment:
    return amending.propose_amendment(
        deal.contract,
        Decimal(price),
        deal.contract.ends_on,
        "增加监理范围",
        Side.FIRM,
        deal.actor("firm"),
        clock.now(),
    )


@dataclass(frozen=True)
class Pick:
    """Who picks, who approves, who quoted."""

    editor: Actor
    approver: Actor
    firm: Actor


def test_both_sides_of_a_contract_read_what_its_price_was_held_to(
    app: Flask, advance: Advance, sign_in_as: Callable[..., FlaskClient]
) -> None:
    deal = factory.signed(app, advance)
    with app.app_context(), transaction():
        change = propose(deal, "36500")
        asked = (deal.contract.price_check_id, change.price_check_id)
        checks = [db.session.get_one(PriceCheck, key).public_id for key in asked]
        contract = deal.contract.public_id
        people = [db.session.get_one(User, key) for key in (deal.editor_id, deal.firm_user_id)]
        stranger = accounts.owner().user
    for person in people:
        browser = sign_in_as(person)
        page = browser.get(f"/contracts/{contract}").text
        for check in checks:
            assert f"/fees/checks/{check}" in page
            assert browser.get(f"/fees/checks/{check}").status_code == 200
    other = sign_in_as(stranger)
    assert {other.get(f"/fees/checks/{check}").status_code for check in checks} == {404}


def pickable(app: Flask, advance: Advance) -> Pick:
    """A quote of 10,000 元 an agency may pick, promised without a discount."""
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.AGENCY)
        firm = firms.listed(("zbdl",), discount=Decimal(0))
        need = entries.open_need(
            owner,
            item_code="zbdl",
            budget=Decimal(10_000),
            fee_inputs=SMALL,
            method=SelectionMethod.DIRECT_PICK,
            investment=InvestmentKind.GOVERNMENT,
        )
        entries.enter(need, firm, Decimal(10_000))
        people = Pick(owner.actor, owner.approving_actor, firm.actor)
    advance(timedelta(days=4))
    return people


def promise(firm: Actor, item_code: str, discount: str) -> None:
    assert firm.organisation_id is not None
    listed = intermediaries.firm_of(firm.organisation_id, accounts.CITY)
    assert listed is not None
    firms.offer(listed, item_code, firm, Decimal(discount))


def pick(editor: Actor) -> Award:
    need = db.session.scalars(select(Need)).one()
    (entry,) = selections.listed(selections.live_round(need))
    return selection.pick_entry(need, entry, REASON, editor)


def test_a_pick_over_what_the_firm_promised_since_is_kept_as_an_attempt(
    app: Flask, advance: Advance
) -> None:
    people = pickable(app, advance)
    with app.app_context():
        with transaction():
            promise(people.firm, "zbdl", "0.2")
        with pytest.raises(Invalid) as told, transaction():
            pick(people.editor)
        assert (told.value.field, told.value.rule) == ("entry", "fees.above_ceiling")
        assert "8,000.00" in told.value.message
        (keep,) = take_later()
        with transaction():
            keep(clock.now())
        kept = db.session.scalars(select(PriceCheck).where(PriceCheck.refused)).one()
        assert (kept.stage, kept.price, kept.subject_id) == (Gate.AWARD, Decimal(10_000), None)
        assert kept.matter_type == "needs"


def test_the_approver_of_a_pick_is_told_when_its_price_holds_no_more(
    app: Flask, advance: Advance
) -> None:
    people = pickable(app, advance)
    with app.app_context():
        with transaction():
            proposed = pick(people.editor).price_check_id
        with transaction():
            promise(people.firm, "zbdl", "0.2")
        award = db.session.scalars(select(Award)).one()
        with pytest.raises(Invalid) as told, transaction():
            selection.approve_pick(award, people.approver)
        assert "8,000.00" in told.value.message
        award = db.session.scalars(select(Award)).one()
        assert (award.status, award.price_check_id) == (AwardStatus.PROPOSED, proposed)
