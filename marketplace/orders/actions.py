"""What owner, firm and clock do with an order once it is written.

Every action locks the order before anything else, then its need, and reads the clock after.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.contracts.models import Contract
from marketplace.contracts.ordering import OrderTerms, contract_from_order
from marketplace.fees import queries as fees
from marketplace.fees.checking import require_price
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, DomainError, Invalid, Refused
from marketplace.foundation.languages import for_storing, stored
from marketplace.foundation.money import format_yuan
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Offering
from marketplace.notifications.actions import send
from marketplace.projects import ordering as needs
from marketplace.projects.pricing import price_of
from marketplace.projects.rules import OrderRules, SelectionPolicy
from marketplace.selection.ordering import Taken, award_order

from . import placing, queries
from .access import may_confirm
from .models import AskStatus, Order, OrderAsk, OrderStatus
from .placing import OrderContent

NOBODY = "所选机构均未承接"


def ask_firms(
    item_code: str,
    content: OrderContent,
    organisation_ids: list[int],
    actor: Actor,
    now: datetime,
) -> Order:
    """小额快选, act 1: the six fields and up to three firms; the first is asked at once."""
    order = placing.place_quick(item_code, content, organisation_ids, actor, now)
    _ask_next(order, actor, now)
    return order


def order_listing(offering: Offering, content: OrderContent, actor: Actor, now: datetime) -> Order:
    """Order a listing at its terms; where two persons must act it waits for the approver."""
    order = placing.place_listing(offering, content, actor, now)
    if order.status is OrderStatus.ASKING:
        _ask_next(order, actor, now)
    return order


def approve_order(order: Order, actor: Actor) -> None:
    """The owner's second person sends an ordered listing to the firm."""
    now = _locked(order, OrderStatus.SUBMITTED)
    _require_confirmer(order, actor)
    order.approver_id, order.approved_at = actor.user_id, now
    lifecycle.move(order, OrderStatus.ASKING, actor, now)
    _ask_next(order, actor, now)


def refuse_order(order: Order, reason: str, actor: Actor) -> None:
    """The owner's second person does not send it; the order ends with the reason."""
    now = _locked(order, OrderStatus.SUBMITTED)
    _require_confirmer(order, actor)
    _end(order, OrderStatus.WITHDRAWN, reason, actor, now)


def quote(
    ask: OrderAsk, price: Decimal, note: str, actor: Actor, deviation_reason: str = ""
) -> None:
    """小额快选, act 2: the firm names its price (yuan) for the need as it stands;
    ``deviation_reason`` says why it is far from the fee standard, where that is asked.

    Raises Conflict when it is late or not this firm's turn, Refused when the firm may not take
    it, Invalid for a price over the budget or over what binds.
    """
    order = ask.order
    now = _locked(order, OrderStatus.ASKING)
    _require_asked(ask, now)
    if order.offering_id is not None:
        raise Conflict(_("订单按承诺价格成交，请接单或者不承接"), rule="order.listing")
    need = order.need
    placing.require_firm(
        need, ask.organisation_id, accounts.register_of(need.jurisdiction_code), None, now
    )
    if price <= 0 or price > need.budget:
        raise Invalid(
            _("报价应大于 0，不高于预算 %(budget)s 元", budget=format_yuan(need.budget)),
            field="price",
            rule="entry.budget",
        )
    offered = intermediaries.promised(ask.firm_id, need.item_code)
    question = price_of(
        need,
        Gate.QUOTE,
        ask,
        price,
        now,
        budget=True,
        commitment=intermediaries.promise(offered),
        reason=deviation_reason,
    )
    require_price(question, actor, now)
    _answer(ask, price, note, actor, now)
    days = rules_of(order).quote_stands_working_days
    ask.stands_until = working_calendar().deadline(now, days)
    lifecycle.move(ask, AskStatus.QUOTED, actor, now, price=price)
    lifecycle.move(order, OrderStatus.QUOTED, actor, now, check_at=ask.stands_until)
    _tell_owner(order, "机构已报价，请确认", f"quoted:{ask.id}", now)


def take_listing(ask: OrderAsk, actor: Actor) -> Contract:
    """The firm takes the order of its listing: its terms are the contract."""
    order = ask.order
    now = _locked(order, OrderStatus.ASKING)
    _require_asked(ask, now)
    if order.offering_id is None:
        raise Conflict(_("请填写报价"), rule="order.quote")
    assert ask.price is not None
    _answer(ask, ask.price, "", actor, now)
    return _conclude(order, ask, actor, now)


def decline(ask: OrderAsk, reason: str, actor: Actor) -> None:
    """The firm does not take it; the next one is asked at once. No fault of the firm."""
    order = ask.order
    now = _locked(order, OrderStatus.ASKING)
    _require_asked(ask, now)
    ask.answered_at, ask.answered_by = now, actor.user_id
    lifecycle.move(ask, AskStatus.DECLINED, actor, now, reason=reason)
    _ask_next(order, actor, now)


def confirm_quote(order: Order, actor: Actor) -> Contract:
    """小额快选, act 3: the owner says yes to the quote, and the contract runs."""
    now = _locked(order, OrderStatus.QUOTED)
    _require_confirmer(order, actor)
    ask = queries.live_ask(order)
    assert ask is not None
    if ask.stands_until is not None and now >= ask.stands_until:
        raise Conflict(_("报价已过有效期"), rule="order.lapsed")
    order.approver_id, order.approved_at = actor.user_id, now
    return _conclude(order, ask, actor, now)


def turn_down(order: Order, reason: str, actor: Actor) -> None:
    """The owner does not take the quote; the next firm is asked at once."""
    now = _locked(order, OrderStatus.QUOTED)
    ask = queries.live_ask(order)
    assert ask is not None
    lifecycle.move(ask, AskStatus.REFUSED, actor, now, reason=reason)
    lifecycle.move(order, OrderStatus.ASKING, actor, now)
    send(
        ask.organisation_id,
        f"报价未被采纳：{order.need.title}",
        f"业主未采纳贵机构的报价。理由：{reason}。",
        f"/firm/orders/{ask.public_id}",
        f"ask:{ask.id}:refused",
        now,
    )
    _ask_next(order, actor, now)


def withdraw(order: Order, reason: str, actor: Actor) -> None:
    """The owner takes the order back before it is concluded."""
    lock(order)
    now = clock.now()
    if not order.is_live:
        raise Conflict(
            _("订单当前状态为“%(now)s”，不能撤回", now=order.status.title), rule="lifecycle"
        )
    _end(order, OrderStatus.WITHDRAWN, reason, actor, now)


def advance_order(order: Order, actor: Actor, now: datetime) -> None:
    """The clock: an ask without answer passes on, a quote nobody confirmed lapses."""
    ask = queries.live_ask(order)
    if ask is None:
        order.next_check_at = None
        return
    if ask.status is AskStatus.ASKED:
        lifecycle.move(ask, AskStatus.SILENT, actor, now)
        _ask_next(order, actor, now)
        return
    lifecycle.move(ask, AskStatus.LAPSED, actor, now)
    _end(order, OrderStatus.ENDED, "业主未在报价有效期内确认", actor, now)


def rules_of(order: Order) -> OrderRules:
    """The numbers of the edition the order was placed under."""
    return policy.by_id(SelectionPolicy, order.edition_id).values.orders


def _locked(order: Order, expected: OrderStatus) -> datetime:
    lock(order)
    now = clock.now()
    if order.status is not expected:
        raise Conflict(
            _(
                "订单当前状态为“%(now)s”，不能办理此事，请刷新页面",
                now=order.status.title,
            ),
            rule="lifecycle",
        )
    return now


def _require_asked(ask: OrderAsk, now: datetime) -> None:
    db.session.refresh(ask)
    if ask.status is not AskStatus.ASKED:
        raise Conflict(_("当前状态为“%(now)s”，不能答复", now=ask.status.title), rule="order.turn")
    if ask.answer_by is None or now >= ask.answer_by:
        raise Conflict(_("答复期限已过"), rule="order.late")


def _require_confirmer(order: Order, actor: Actor) -> None:
    if order.two_person and actor.user_id == order.proposer_id:
        raise Refused(
            _("经办与审批须由两人分别办理，请由本单位另一位审批人办理"), rule="two_persons"
        )
    if not may_confirm(actor, order):
        raise Refused(_("请由本单位审批人办理"), rule="order.role")


def _answer(ask: OrderAsk, price: Decimal, note: str, actor: Actor, now: datetime) -> None:
    ask.price, ask.note = price, note
    ask.answered_at, ask.answered_by = now, actor.user_id
    db.session.flush()


@for_storing()
def _ask_next(order: Order, actor: Actor, now: datetime) -> None:
    """Ask the next firm that may still take it; with none left the order ends."""
    need = order.need
    register = accounts.register_of(need.jurisdiction_code)
    rules = rules_of(order)
    while (ask := queries.next_ask(order)) is not None:
        try:
            placing.require_firm(need, ask.organisation_id, register, None, now)
        except DomainError as error:
            lifecycle.move(ask, AskStatus.BARRED, actor, now, reason=error.message)
            continue
        days = rules.quick_answer_working_days if order.quick else rules.answer_working_days
        ask.asked_at = now
        ask.answer_by = working_calendar().deadline(now, days)
        lifecycle.move(ask, AskStatus.ASKED, actor, now, answer_by=ask.answer_by)
        order.next_check_at = ask.answer_by
        db.session.flush()
        until = clock.written(ask.answer_by)
        send(
            ask.organisation_id,
            f"{stored(need.channel.title)}待答复：{need.title}",
            f"请在 {until} 前答复，逾期视为不承接。",
            f"/firm/orders/{ask.public_id}",
            f"ask:{ask.id}:asked",
            now,
            address=ask.organisation.email,
        )
        return
    _end(order, OrderStatus.ENDED, NOBODY, actor, now)


def _conclude(order: Order, ask: OrderAsk, actor: Actor, now: datetime) -> Contract:
    """Publish the need, award it and make the contract, all in this instant."""
    need = lock(order.need)
    rules = rules_of(order)
    assert ask.price is not None
    assert ask.answered_at is not None
    assert ask.answer_by is not None
    assert order.approved_at is not None
    needs.publish_ordered(need, order.approver_id, actor, now)
    of_listing = order.offering_id is not None
    reason = (
        "按机构公开的承诺下单，机构在期限内接单"
        if of_listing
        else "小额快选，机构在期限内报价，业主确认"
    )
    checked = fees.checks_of(ask.__tablename__, ask.id)
    award = award_order(
        need,
        Taken(
            firm=ask.firm,
            price=ask.price,
            reason=reason,
            deviation_reason=(checked[-1].deviation_reason if checked else None) or reason,
            proposed_by=order.proposer_id,
            approved_by=order.approver_id,
            firm_user_id=ask.answered_by,
            answered_at=ask.answered_at,
            answer_by=ask.answer_by,
        ),
        actor,
        now,
    )
    contract = contract_from_order(
        need,
        award,
        OrderTerms(
            ends_on=max(order.wanted_by, _first_end(now)),
            owner_user_id=order.approver_id,
            owner_agreed_at=order.approved_at,
            firm_user_id=ask.answered_by,
            firm_agreed_at=ask.answered_at,
            accept_working_days=rules.quick_accept_working_days if order.quick else None,
            accept_reminders_after=rules.quick_accept_reminders_after if order.quick else (),
            extra=ask.note,
        ),
        actor,
        now,
    )
    lifecycle.move(ask, AskStatus.TAKEN, actor, now, price=ask.price)
    order.concluded_at = now
    lifecycle.move(order, OrderStatus.CONCLUDED, actor, now, contract=contract.id)
    _spare_rest(order, actor, now)
    return contract


def _first_end(now: datetime) -> date:
    """A contract ends after the day it starts, however late the answer came."""
    return working_calendar().day_after(clock.local_day(now), 1)


def _end(order: Order, to: OrderStatus, reason: str, actor: Actor, now: datetime) -> None:
    order.outcome = reason
    _spare_rest(order, actor, now)
    lifecycle.move(order, to, actor, now, reason=reason)
    needs.drop_ordered(order.need, reason, actor, now)
    if to is OrderStatus.ENDED:
        _tell_owner(order, f"订单未成交：{reason}", "ended", now)


def _spare_rest(order: Order, actor: Actor, now: datetime) -> None:
    for ask in queries.asks_of(order):
        if ask.status not in (AskStatus.WAITING, AskStatus.ASKED, AskStatus.QUOTED):
            continue
        asked = ask.status is not AskStatus.WAITING
        lifecycle.move(ask, AskStatus.SPARED, actor, now)
        if asked:
            send(
                ask.organisation_id,
                f"订单已撤回：{order.need.title}",
                "业主已撤回，无需再办理。",
                f"/firm/orders/{ask.public_id}",
                f"ask:{ask.id}:spared",
                now,
            )


def _tell_owner(order: Order, words: str, occasion: str, now: datetime) -> None:
    send(
        order.owner_id,
        f"{words[:60]}（{order.need.title[:40]}）",
        f"{order.need.title}：{words}。",
        f"/owner/orders/{order.public_id}",
        f"order:{order.id}:{occasion}",
        now,
    )
