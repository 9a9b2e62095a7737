"""Placing an order: what the owner writes, which firms may be asked, what stops it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.catalogue.models import ServiceItem
from marketplace.fees import queries as fees
from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db
from marketplace.foundation.errors import Conflict, Invalid, Refused
from marketplace.foundation.money import format_yuan
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Firm, Offering
from marketplace.projects import checking, drafting, splitting
from marketplace.projects.models import InvestmentKind, Need, NeedChannel, SelectionMethod
from marketplace.projects.rules import is_quick
from marketplace.selection import queries as selection
from marketplace.selection.closing import relations_of
from marketplace.selection.rules.related import void_related

from . import queries
from .models import AskStatus, Order, OrderAsk, OrderStatus


@dataclass(frozen=True)
class OrderContent:
    """The fields of an order beside its item. Amounts in yuan, ``wanted_by`` a Shanghai day.

    ``quantity`` is what the owner says in words; ``fee_inputs`` the base quantities the item's
    fee standard asks for; ``units`` the number a listing's fixed price is held against.
    ``deviation_reason`` is why the budget is far from the fee standard, where that is asked.
    """

    place: str
    scope: str
    quantity: str
    investment: InvestmentKind
    fee_inputs: Mapping[str, str]
    units: Decimal | None = None
    budget: Decimal | None = None
    wanted_by: date | None = None
    deviation_reason: str = ""


def quick_investment(kind: OrganisationKind, fiscal_allowed: bool) -> InvestmentKind:
    """The money of a 小额快选: the owner's own that is not fiscal; an agency has only fiscal
    money, so it needs an edition that allows it. Raises Conflict."""
    own = checking.investments_of(kind)
    for one in reversed(own):
        if one is not InvestmentKind.GOVERNMENT:
            return one
    if fiscal_allowed:
        return InvestmentKind.GOVERNMENT
    raise Conflict(
        _("本辖区规则未对财政性资金开放小额快选，请发布采购需求或者下单"), rule="quick.fiscal"
    )


def place_quick(
    item_code: str,
    content: OrderContent,
    organisation_ids: Sequence[int],
    actor: Actor,
    now: datetime,
) -> Order:
    """Ask one to three firms, one after the other, under the rules of 小额快选.

    Raises Invalid naming the field: over the limit, a firm that may not stand, related firms.
    """
    owner = _owner(actor)
    item = checking.item_in_force(item_code, owner.jurisdiction_code, now)
    edition = queries.edition_for(owner.jurisdiction_code, now)
    rules = edition.values.orders
    assert content.budget is not None
    assert content.wanted_by is not None
    fiscal = content.investment is InvestmentKind.GOVERNMENT
    if not is_quick(rules, fiscal, content.budget):
        limit = rules.quick_fiscal_limit if fiscal else rules.quick_limit
        raise Invalid(
            _("小额快选的预算不超过 %(limit)s 元，超过的请发布采购需求", limit=format_yuan(limit)),
            field="budget",
            rule="quick.limit",
        )
    if not organisation_ids:
        raise Invalid(_("请选择一家机构"), field="first", rule="quick.firms")
    if len(set(organisation_ids)) != len(organisation_ids):
        raise Invalid(_("同一机构只能选择一次"), field="second", rule="quick.twice")
    if len(organisation_ids) > rules.asks_most:
        raise Invalid(
            _("最多选择 %(most)d 家机构", most=rules.asks_most), field="third", rule="quick.most"
        )
    need = _draft(item, content, content.budget, content.wanted_by, NeedChannel.QUICK, actor, now)
    register = accounts.register_of(need.jurisdiction_code)
    fields = ("first", "second", "third", "third", "third")
    firms = [
        require_firm(need, organisation_id, register, field, now)
        for organisation_id, field in zip(organisation_ids, fields, strict=False)
    ]
    _require_unrelated(firms, now)
    order = _order(need, content, content.wanted_by, None, True, edition.id, actor, now)
    for position, firm in enumerate(firms, start=1):
        _add_ask(order, firm, position, None, actor, now)
    lifecycle.begin(order, OrderStatus.ASKING, actor, now)
    return order


def _reach(offering: Offering) -> str:
    low, high = (format(end or 0, "f") for end in (offering.base_from, offering.base_to))
    return f"{high} {offering.base_unit}" if low == high else f"{low}–{high} {offering.base_unit}"


def listed_price(offering: Offering, content: OrderContent, place: str, now: datetime) -> Decimal:
    """What a listing costs for this content, in yuan. Raises Invalid where its promise does not
    reach: outside the range of a fixed price, or a discount without a standard to take it off."""
    found = fees.pricing(offering.item_code, place, clock.local_day(now))
    promised = intermediaries.commitment_of(offering)
    if found.standard is not None:
        price = fees.listed_price(found, content.fee_inputs, promised)
        if price is not None and price > 0:
            return price
    elif offering.amount is not None:
        assert offering.base_from is not None
        assert offering.base_to is not None
        units = content.units
        if units is not None and offering.base_from <= units <= offering.base_to:
            return offering.amount
    if offering.amount is not None:
        raise Invalid(
            _(
                "该承诺适用于 %(range)s，请核对数量",
                range=_reach(offering),
            ),
            field="fee" if found.standard is not None else "units",
            rule="order.range",
        )
    raise Invalid(
        _("该事项没有可计算的收费标准，不能按下浮率下单，请用小额快选询价"),
        field="quantity",
        rule="order.price",
    )


def place_listing(offering: Offering, content: OrderContent, actor: Actor, now: datetime) -> Order:
    """Order a listing at its terms: its price, its promised days. Two persons act where they must.

    Within the limit of 小额快选 its shorter times hold. Raises Invalid or Refused naming the rule.
    """
    if offering.ended_at is not None:
        raise Conflict(_("该承诺已撤下或已更新，请重新选择"), rule="order.ended")
    owner = _owner(actor)
    item = checking.item_in_force(offering.item_code, owner.jurisdiction_code, now)
    edition = queries.edition_for(owner.jurisdiction_code, now)
    rules = edition.values.orders
    price = listed_price(offering, content, owner.jurisdiction_code, now)
    fiscal = content.investment is InvestmentKind.GOVERNMENT
    quick = is_quick(rules, fiscal, price)
    wanted_by = queries.day_after(item, clock.local_day(now), offering.promised_days)
    channel = NeedChannel.QUICK if quick else NeedChannel.ORDER
    # nobody has to say more about a price that the firm has published
    said = replace(content, deviation_reason="按机构公开的承诺下单")
    need = _draft(item, said, price, wanted_by, channel, actor, now)
    register = accounts.register_of(need.jurisdiction_code)
    firm = require_firm(need, offering.firm.organisation_id, register, None, now)
    if firm.id != offering.firm_id:
        raise Conflict(_("该机构未在本辖区名录内，不能下单"), rule="order.register")
    if offering.capacity is not None and queries.running_on(offering) >= offering.capacity:
        raise Conflict(_("该承诺的在办订单已满，请另选机构"), rule="order.capacity")
    order = _order(need, content, wanted_by, offering, quick, edition.id, actor, now)
    _add_ask(order, firm, 1, price, actor, now)
    waits = order.two_person
    if not waits:
        order.approver_id, order.approved_at = actor.user_id, now
    lifecycle.begin(order, OrderStatus.SUBMITTED if waits else OrderStatus.ASKING, actor, now)
    return order


def _owner(actor: Actor) -> Organisation:
    assert actor.organisation_id is not None
    return accounts.organisation(actor.organisation_id)


def _draft(
    item: ServiceItem,
    content: OrderContent,
    budget: Decimal,
    wanted_by: date,
    channel: NeedChannel,
    actor: Actor,
    now: datetime,
) -> Need:
    """The need behind the order: every gate of a need holds for it."""
    assert actor.user_id is not None
    days = queries.days_until(item, clock.local_day(now), wanted_by)
    if days < 1:
        raise Invalid(_("完成日期应晚于今天"), field="wanted_by", rule="quick.date")
    if days > item.statutory_days:
        raise Invalid(
            _(
                "办理时限不得超过该事项法定时限 %(days)d %(kind)s",
                days=item.statutory_days,
                kind=item.statutory_days_kind.title,
            ),
            field="wanted_by",
            rule="statutory_days",
        )
    person = db.session.get_one(User, actor.user_id)
    owner = _owner(actor)
    title = f"{item.name}（{content.place}）"[:120]
    need = drafting.draft_need(
        drafting.start_project(title, None, actor, now),
        item.code,
        drafting.NeedContent(
            title=title,
            scope=f"{content.scope}\n数量：{content.quantity}",
            place=content.place,
            budget=budget,
            fee_inputs=content.fee_inputs,
            investment=content.investment,
            days_wanted=days,
            method=SelectionMethod.DIRECT_PICK,
            draw_source=None,
            deviation_reason=content.deviation_reason,
            contact_name=person.name,
            contact_phone=owner.phone or "—",
        ),
        (),
        actor,
        now,
        channel=channel,
    )
    splitting.flag_split(need, actor, now)
    return need


def require_firm(
    need: Need, organisation_id: int, register: str, field: str | None, now: datetime
) -> Firm:
    """The firm, if every rule of eligibility lets it take this need now; else Refused (or Invalid
    at ``field``) with the rule's own words."""
    firm = intermediaries.firm_of(organisation_id, register)
    found = selection.eligibility(need, organisation_id, now)
    message, rule = "", ""
    if firm is None or not found.ok:
        first = found.refusals[0]
        message, rule = selection.said(first.fact), f"eligible.{first.rule}"
    else:
        offered = intermediaries.offering(firm.id, need.item_code)
        if offered is not None and offered.paused:
            message, rule = _("该事项已暂停接单"), "order.paused"
        elif offered is not None and not queries.serves(offered, need.jurisdiction_code):
            message, rule = _("服务区域不含本辖区"), "order.area"
    if firm is not None and not message:
        return firm
    name = accounts.organisation(organisation_id).name
    said = _("%(firm)s 不能承接：%(why)s", firm=name, why=message)
    if field is None:
        raise Refused(said, rule=rule)
    raise Invalid(said, field=field, rule=rule)


def _require_unrelated(firms: Sequence[Firm], now: datetime) -> None:
    facts = [relations_of(place, firm.id, now) for place, firm in enumerate(firms)]
    for fallen in void_related(facts):
        raise Invalid(
            _(
                "%(firm)s 与 %(other)s 存在关联，不能同时询价",
                firm=firms[fallen.number].organisation.name,
                other=firms[fallen.because_of].organisation.name,
            ),
            field="second" if fallen.number == 1 else "third",
            rule="quick.related",
        )


def _order(
    need: Need,
    content: OrderContent,
    wanted_by: date,
    offering: Offering | None,
    quick: bool,
    edition_id: int,
    actor: Actor,
    now: datetime,
) -> Order:
    assert actor.user_id is not None
    order = Order(
        need_id=need.id,
        owner_id=need.owner_id,
        quick=quick,
        offering_id=offering.id if offering is not None else None,
        quantity=content.quantity,
        wanted_by=wanted_by,
        two_person=need.two_person,
        proposer_id=actor.user_id,
        edition_id=edition_id,
        created_at=now,
        outcome="",
        status=OrderStatus.ASKING,
        status_since=now,
    )
    db.session.add(order)
    db.session.flush()
    audit.record("orders.placed", actor, order, now, need=need.number, quick=quick)
    return order


def _add_ask(
    order: Order, firm: Firm, position: int, price: Decimal | None, actor: Actor, now: datetime
) -> None:
    ask = OrderAsk(
        order_id=order.id,
        position=position,
        organisation_id=firm.organisation_id,
        firm_id=firm.id,
        price=price,
        note="",
    )
    lifecycle.begin(ask, AskStatus.WAITING, actor, now)
