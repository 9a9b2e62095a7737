"""小额快选 and orders of listings: who is asked, what stops it, what it ends in."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask

from marketplace.accounts.models import OrganisationKind
from marketplace.contracts import delivery
from marketplace.contracts import queries as contracts
from marketplace.contracts.models import ContractStatus
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries import actions as register
from marketplace.intermediaries import queries as firms_of
from marketplace.notices import queries as notices
from marketplace.orders import actions, queries
from marketplace.orders.models import AskStatus, Order, OrderAsk, OrderStatus
from marketplace.projects.models import InvestmentKind, NeedChannel, NeedStatus
from marketplace.sanctions import queries as sanctions
from marketplace.selection import queries as selection
from tests.factories import accounts, intermediaries, orders
from tests.factories import sanctions as measures
from tests.factories.fees import AGENCY_INPUTS, SUPERVISION_INPUTS
from tests.factories.notices import Somebody

Advance = Callable[[timedelta], None]


def _statuses(order: Order) -> list[str]:
    return [str(ask.status) for ask in queries.asks_of(order)]


def test_quick_in_five_acts(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        first, second = intermediaries.listed(("dazl",)), intermediaries.listed(("dazl",))
        order = orders.asked(owner, first, second)
        ask = queries.live_ask(order)
        assert ask is not None
        assert order.quick
        assert ask.organisation_id == first.organisation.id
        assert ask.answer_by == working_calendar().deadline(clock.now(), 1)
        assert not order.need.is_public
        assert order.need.project.code is None
        actions.quote(ask, Decimal("7600"), "含数字化", first.actor)
        assert order.status is OrderStatus.QUOTED
        contract = actions.confirm_quote(order, owner.actor)
        need = order.need
        assert need.status is NeedStatus.CONTRACTED
        assert need.channel is NeedChannel.QUICK
        assert contract.status is ContractStatus.ACTIVE
        assert contract.price == Decimal("7600")
        assert contract.ends_on == order.wanted_by
        assert "3 个工作日内验收" in contract.body
        award = selection.final_award(need)
        assert award is not None
        notice = notices.latest("award", award)
        assert notice is not None
        assert "小额快选" in notice.body
        assert clock.local_day(notice.published_at) == clock.local_day(order.created_at)
        assert _statuses(order) == ["taken", "spared"]
        version = delivery.deliver(
            contract, io.BytesIO(b"%PDF-1.7 x"), "成果.pdf", "", first.actor, clock.now()
        )
        assert version.accept_by == working_calendar().deadline(clock.now(), 3)
        delivery.accept_deliverable(version, owner.actor, clock.now())
        assert need.status is NeedStatus.COMPLETED


def test_silence_and_refusal_pass_to_the_next_and_then_end(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        firms = [intermediaries.listed(("dazl",)) for _each in range(3)]
        order = orders.asked(owner, *firms)
        order_id, second = order.id, firms[1].organisation.id
        actors = [firm.actor for firm in firms]
        owner = Somebody.of(owner)
    advance(timedelta(days=1, hours=9))  # the first stays silent past 17:00 of the next day
    with app.app_context(), transaction():
        order = db.session.get_one(Order, order_id)
        asks = queries.asks_of(order)
        assert _statuses(order) == ["silent", "asked", "waiting"]
        assert asks[1].organisation_id == second
        with pytest.raises(Conflict):
            actions.quote(asks[0], Decimal("7000"), "", actors[0])
        with pytest.raises(Conflict):
            actions.quote(asks[2], Decimal("7000"), "", actors[2])
        actions.decline(asks[1], "本周人员已排满", actors[1])
        actions.quote(asks[2], Decimal("7000"), "", actors[2])
        actions.turn_down(order, "报价偏高", owner.actor)
        assert _statuses(order) == ["silent", "declined", "refused"]
        assert order.status is OrderStatus.ENDED
        assert order.need.status is NeedStatus.WITHDRAWN
        assert not order.need.is_public


def test_a_quote_nobody_confirms_lapses(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner, firm = accounts.owner(), intermediaries.listed(("dazl",))
        order = orders.asked(owner, firm)
        ask = queries.live_ask(order)
        assert ask is not None
        actions.quote(ask, Decimal("7000"), "", firm.actor)
        owner, order_id = Somebody.of(owner), order.id
    advance(timedelta(days=2))
    with app.app_context(), transaction():
        order = db.session.get_one(Order, order_id)
        assert order.status is OrderStatus.ENDED
        assert _statuses(order) == ["lapsed"]
        with pytest.raises(Conflict):
            actions.confirm_quote(order, owner.actor)


def test_what_stops_a_quick_order(app: Flask) -> None:
    with app.app_context(), transaction():
        owner, firm = accounts.owner(), intermediaries.listed(("dazl",))
        stranger = intermediaries.listed(("hjjc",))
        twin = intermediaries.listed(
            ("dazl",), controller=("赵控股", intermediaries.resident_id(77))
        )
        kin = intermediaries.listed(
            ("dazl",), controller=("赵控股", intermediaries.resident_id(77))
        )
        owner, firm, stranger, twin, kin = map(Somebody.of, (owner, firm, stranger, twin, kin))
    cases = [
        ({"budget": Decimal("20000.01")}, (firm,), "quick.limit"),
        ({"investment": InvestmentKind.GOVERNMENT}, (firm,), "quick.limit"),
        ({}, (), "quick.firms"),
        ({}, (firm, firm), "quick.twice"),
        ({}, (stranger,), "eligible.offering"),
        ({}, (twin, kin), "quick.related"),
        ({"wanted_by": None}, (firm,), "quick.date"),
        ({"item_code": "jnps"}, (firm,), "commissioned_by"),
    ]
    for changes, firms, rule in cases:
        with app.app_context():
            if "wanted_by" in changes:
                changes = {"wanted_by": clock.today()}
            with pytest.raises((Invalid, Conflict)) as refused, transaction():
                orders.asked(owner, *firms, **changes)
            assert refused.value.rule == rule
            assert db.session.query(Order).count() == 0


def test_a_barred_firm_is_passed_over_and_never_concludes(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner()
        first, second = intermediaries.listed(("dazl",)), intermediaries.listed(("dazl",))
        order = orders.asked(owner, first, second)
        ask = queries.live_ask(order)
        assert ask is not None
        actions.quote(ask, Decimal("7000"), "", first.actor)
        measures.card(first.organisation)
        measures.card(first.organisation)  # a second card is red: suspended
        assert sanctions.bars(first.organisation.id, accounts.CITY, "dazl", clock.now())
        order_id, owner, first = order.id, Somebody.of(owner), Somebody.of(first)
    with app.app_context():
        with pytest.raises(Refused), transaction():
            actions.confirm_quote(db.session.get_one(Order, order_id), owner.actor)
        with transaction():
            order = db.session.get_one(Order, order_id)
            assert order.status is OrderStatus.QUOTED
            assert not order.need.is_public
            actions.turn_down(order, "机构被暂停服务", owner.actor)
            assert _statuses(order) == ["refused", "asked"]
            with pytest.raises(Invalid, match="不能承接"):
                orders.asked(owner, first)


def test_two_persons_where_two_must_act(app: Flask) -> None:
    with app.app_context(), transaction():
        owner = accounts.owner(kind=OrganisationKind.PUBLIC_INSTITUTION)
        firm = intermediaries.listed(("dazl",))
        order = orders.asked(owner, firm)
        ask = queries.live_ask(order)
        assert ask is not None
        actions.quote(ask, Decimal("7000"), "", firm.actor)
        with pytest.raises(Refused):
            actions.confirm_quote(order, owner.actor)
        contract = actions.confirm_quote(order, owner.approving_actor)
        assert contract.owner_confirmed_by == owner.approver.id
        assert contract.owner_proposed_by == owner.user.id
        listing = orders.priced(firm)
        ordered = actions.order_listing(
            listing, orders.content(units=Decimal(1200)), owner.actor, clock.now()
        )
        assert ordered.status is OrderStatus.SUBMITTED
        assert queries.live_ask(ordered) is None
        with pytest.raises(Refused):
            actions.approve_order(ordered, owner.actor)
        actions.approve_order(ordered, owner.approving_actor)
        assert ordered.status is OrderStatus.ASKING


def test_ordering_a_listing_at_its_terms(app: Flask, advance: Advance) -> None:
    with app.app_context(), transaction():
        owner, firm = accounts.owner(), intermediaries.listed(("dazl",))
        listing = orders.priced(firm, amount="26000")
        with pytest.raises(Invalid, match="适用于"):
            actions.order_listing(
                listing, orders.content(units=Decimal(2001)), owner.actor, clock.now()
            )
        order = actions.order_listing(
            listing, orders.content(units=Decimal(2000)), owner.actor, clock.now()
        )
        ask = queries.live_ask(order)
        assert ask is not None
        assert not order.quick
        assert ask.price == Decimal("26000")
        assert ask.answer_by == working_calendar().deadline(clock.now(), 2)
        assert order.wanted_by == working_calendar().day_after(clock.today(), 5)
        contract = actions.take_listing(ask, firm.actor)
        assert contract.price == Decimal("26000")
        assert contract.accept_working_days is None
        assert contract.frozen["offering"]["amount"] == "26000"
        # the firm's act asked about the owner's budget: the owner is who it concerns
        asked = db.session.get_one(PriceCheck, contract.need.price_check_id)
        assert (asked.stage, asked.organisation_id) == (Gate.BUDGET, contract.owner_id)
        with pytest.raises(Conflict):
            actions.take_listing(ask, firm.actor)
        late = actions.order_listing(
            listing, orders.content(units=Decimal(10)), owner.actor, clock.now()
        )
        late_ask = queries.live_ask(late)
        assert late_ask is not None
        ask_id, firm = late_ask.id, Somebody.of(firm)
    advance(timedelta(days=3))
    with app.app_context(), transaction():
        found = db.session.get_one(OrderAsk, ask_id)
        assert found.status is AskStatus.SILENT
        assert found.order.status is OrderStatus.ENDED
        with pytest.raises(Conflict):
            actions.take_listing(found, firm.actor)


def test_what_a_listing_takes(app: Flask) -> None:
    with app.app_context(), transaction():
        owner, firm = accounts.owner(), intermediaries.listed(("dazl",))
        listing = orders.priced(firm)
        content = orders.content(units=Decimal(100))

        def order() -> Order:
            return actions.order_listing(listing, content, owner.actor, clock.now())

        for paused, areas, rule in ((True, [], "order.paused"), (False, ["379921"], "order.area")):
            register.set_order_terms(listing, paused, None, areas, firm.actor, clock.now())
            with pytest.raises(Refused) as refused, db.session.begin_nested():
                order()
            assert refused.value.rule == rule
        register.set_order_terms(listing, False, 1, ["379900"], firm.actor, clock.now())
        order()
        with pytest.raises(Conflict, match="已满"):
            order()
        discount = register.save_offering(
            firm.firm, "dazl", Decimal("0.1"), 5, firm.actor, clock.now()
        )
        with pytest.raises(Conflict):
            order()  # the fixed price has been replaced
        with pytest.raises(Invalid, match="没有可计算的收费标准"):
            actions.order_listing(discount, content, owner.actor, clock.now())


def test_a_fixed_price_binds_and_is_checked(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("jsjl", "dazl"))

        def promise(amount: str) -> object:
            return register.save_offering(
                firm.firm,
                "jsjl",
                Decimal(0),
                100,
                firm.actor,
                clock.now(),
                register.FixedPrice(
                    amount=Decimal(amount),
                    base_to=Decimal("20000000"),
                    inputs=SUPERVISION_INPUTS,
                ),
            )

        # 计费额 1000 万元: 240 800–361 200 元 bind in the demo city
        for amount in ("361201", "240799"):
            with pytest.raises(Invalid) as refused, db.session.begin_nested():
                promise(amount)
            assert refused.value.field == "amount"
        listing = promise("300000")
        assert listing.base_from == Decimal("10000000")  # type: ignore[attr-defined]
        owner = accounts.owner()
        order = actions.order_listing(
            listing,  # type: ignore[arg-type]
            orders.content(fee_inputs=SUPERVISION_INPUTS),
            owner.actor,
            clock.now(),
        )
        assert order.need.budget == Decimal("300000")
        with pytest.raises(Invalid, match="适用于"):
            actions.order_listing(
                listing,  # type: ignore[arg-type]
                orders.content(fee_inputs={**SUPERVISION_INPUTS, "construction": "2001"}),
                owner.actor,
                clock.now(),
            )


def test_a_discount_listing_costs_its_share_of_the_standard(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = intermediaries.listed(("zbdl",), discount=Decimal("0.2"))
        owner = accounts.owner()
        listing = firms_of.offering(firm.firm.id, "zbdl")
        assert listing is not None
        order = actions.order_listing(
            listing, orders.content(fee_inputs=AGENCY_INPUTS), owner.actor, clock.now()
        )
        ask = queries.live_ask(order)
        assert ask is not None
        assert ask.price == Decimal("180400.00")  # 225 500 × 0.8


def test_a_split_purchase_is_flagged_not_stopped(app: Flask) -> None:
    with app.app_context(), transaction():
        owner, firm = accounts.owner(), intermediaries.listed(("dazl",))
        first = orders.asked(owner, firm, budget=Decimal("12000"))
        assert first.need.split is None
        elsewhere = orders.asked(owner, firm, budget=Decimal("12000"), place="西城区")
        assert elsewhere.need.split is None
        second = orders.asked(owner, firm, budget=Decimal("12000"), place="青河市东城区示范路8号。")
        assert second.need.split == {
            "with": [first.need.number],
            "total": "24000",
            "limit": "20000",
        }
        actions.withdraw(first, "另行安排", owner.actor)
        third = orders.asked(owner, firm, budget=Decimal("7000"))
        assert third.need.split is None  # 12 000 + 7 000 stay under the limit
        assert contracts.of_need(third.need_id) is None
