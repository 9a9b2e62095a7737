"""What a need must keep to: the item's list and days, the money's rules, the gate, the price check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import OrganisationKind
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import Commissioner, ServiceItem
from marketplace.fees.checking import require_price
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.errors import Conflict, Invalid, Missing
from marketplace.foundation.languages import joined
from marketplace.foundation.money import format_yuan

from . import queries
from .models import (
    InvestmentKind,
    Need,
    NeedStatus,
    SelectionMethod,
)
from .packages.models import NeedPart
from .packages.pricing import of_item, part_field
from .pricing import price_of, said_of
from .rules import SelectionPolicy, gate_refusal


def item_in_force(item_code: str, jurisdiction_code: str, now: datetime) -> ServiceItem:
    """The item as the area's list has it on the day; Invalid when it is not on it then."""
    try:
        return catalogue.item(item_code, clock.local_day(now), accounts.lineage(jurisdiction_code))
    except Missing as error:
        raise Invalid(
            _("该服务事项当前不在目录中，请重新选择"), field="item_code", rule="item"
        ) from error


def investments_of(kind: OrganisationKind) -> list[InvestmentKind]:
    """Whose money an owner of a kind can spend here, in the order of the list."""
    own = {
        OrganisationKind.AGENCY: {InvestmentKind.GOVERNMENT},
        OrganisationKind.NATURAL_PERSON: {InvestmentKind.NATURAL_PERSON},
        OrganisationKind.VILLAGE_COMMITTEE: {InvestmentKind.VILLAGE, InvestmentKind.GOVERNMENT},
    }
    others = set(InvestmentKind) - {InvestmentKind.NATURAL_PERSON, InvestmentKind.VILLAGE}
    return [one for one in InvestmentKind if one in own.get(kind, others)]


def check_investment(kind: OrganisationKind, investment: InvestmentKind) -> None:
    """Refuse money an owner of this kind cannot spend here."""
    allowed = investments_of(kind)
    if investment not in allowed:
        raise Invalid(
            _(
                "%(kind)s的资金性质应为：%(allowed)s",
                kind=kind.title,
                allowed=joined(one.title for one in allowed),
            ),
            field="investment",
            rule="investment",
        )


def check_commissioner(item: ServiceItem, kind: OrganisationKind) -> None:
    """Refuse to let applicants buy what the approving department has to."""
    if item.commissioned_by is Commissioner.DEPARTMENT and kind is not OrganisationKind.AGENCY:
        raise Invalid(
            _("该事项由审批部门委托并承担费用，申请人不需要购买"),
            field="item_code",
            rule="commissioned_by",
        )


def check_days(item: ServiceItem, days_wanted: int) -> None:
    """Refuse more days than the item's statutory limit."""
    if days_wanted > item.statutory_days:
        raise Invalid(
            _(
                "办理时限不得超过该事项法定时限 %(days)d %(kind)s",
                days=item.statutory_days,
                kind=item.statutory_days_kind.title,
            ),
            field="days_wanted",
            rule="statutory_days",
        )


def check_method(need: Need, policy: SelectionPolicy) -> None:
    """Refuse a direct pick at or over the edition's limit for government money."""
    if (need.method is SelectionMethod.RANDOM_DRAW) != (need.draw_source is not None):
        raise Invalid(
            _("随机抽取须选择公开值的来源，其他选取方式不需要"),
            field="draw_source",
            rule="draw_source",
        )
    if need.two_keys and not need.is_sealed:
        raise Invalid(
            _("三方分管密钥只适用于密封报价的选取方式"), field="two_keys", rule="two_keys.method"
        )
    if need.by_discount and not need.is_sealed:
        raise Invalid(
            _("以下浮率报价只适用于密封报价的选取方式"),
            field="by_discount",
            rule="by_discount.method",
        )
    limit = policy.direct_pick_limit
    if (
        need.method is SelectionMethod.DIRECT_PICK
        and need.government_invested
        and need.budget >= limit
    ):
        raise Invalid(
            _(
                "政府投资项目预算达到 %(limit)s 元的不能直接选取，请改用其他选取方式",
                limit=f"{limit:,}",
            ),
            field="method",
            rule="direct_pick_limit",
        )


def require_pickable(need: Need, price: Decimal, now: datetime, field: str) -> None:
    """Refuse a price (yuan) at or over the limit of direct picks, by the day's edition, for
    government money whose need was a direct pick (asked again when a contract's price rises)."""
    limit = queries.policy_of(need, clock.local_day(now)).values.direct_pick_limit
    if need.method is SelectionMethod.DIRECT_PICK and need.government_invested and price >= limit:
        raise Invalid(
            _("政府投资项目直接选取须低于 %(limit)s 元", limit=format_yuan(limit)),
            field=field,
            rule="pick.limit",
        )


def require_gate(need: Need, amount: Decimal, now: datetime, field: str = "budget") -> None:
    """Refuse what by law must be tendered or procured elsewhere (asked at need, award, change).

    ``amount`` in yuan. Raises Invalid with the rule code and the edition's legal basis.
    """
    gate = queries.policy_of(need, clock.local_day(now)).values.gate
    # what must be tendered or procured elsewhere is not to be had as a part of something larger
    refusals = (
        gate_refusal(
            gate,
            fiscal=need.government_invested,
            state_owned=need.investment is InvestmentKind.STATE_FIRM,
            item_code=code,
            amount=amount,
        )
        for code in need.item_codes
    )
    rule = next((each for each in refusals if each is not None), None)
    if rule is None:
        return
    messages = {
        "gate.central": _("该事项列入集中采购目录，使用财政性资金的不能在中介超市采购"),
        "gate.procurement": _(
            "财政性资金达到采购限额 %(limit)s 元的不能在中介超市采购",
            limit=f"{gate.procurement_limit:,}",
        ),
        "gate.tender": _(
            "该事项达到依法必须招标的规模 %(limit)s 元，不能在中介超市采购",
            limit=f"{gate.tender_limit:,}",
        ),
    }
    basis = gate.tender_basis if rule == "gate.tender" else gate.procurement_basis
    raise Invalid(
        _("%(message)s（%(basis)s）", message=messages[rule], basis=basis), field=field, rule=rule
    )


def check_budget(
    need: Need,
    actor: Actor,
    now: datetime,
    reasons: Mapping[str, str] | None = None,
    *,
    asks: bool = True,
) -> None:
    """Ask the price check about the budget by the standards of the day and keep its answer; in a
    package about every item's share of it.

    ``reasons``: why it deviates, by item code; where an item is not among them, what was said of
    it before is kept. ``asks``: whether a reason may be asked for; not where the budget was fixed
    earlier and whoever acts cannot give one.
    """
    for item in need.each_item:
        said = (reasons or {}).get(item.item_code)
        part = item if isinstance(item, NeedPart) else None
        question = price_of(
            need,
            Gate.BUDGET,
            need,
            need.budget,
            now,
            reason=said_of(item.price_check_id) if said is None else said,
            demands_reason=asks,
            part=part,
        )
        # a budget is asked about by the standards of the day, also when it is corrected later
        question = replace(question, day=clock.local_day(now))
        try:
            checked = require_price(question, actor, now, field="budget")
        except Invalid as refusal:
            if part is None:
                raise
            raise of_item(part.item_name, refusal, part_field(part.item_code, refusal)) from refusal
        item.price_check_id = checked.id


def require_status(need: Need, status: NeedStatus) -> None:
    """Refuse with the present status when the need stands elsewhere."""
    if need.status is not status:
        raise Conflict(
            _(
                "当前状态为“%(now)s”，不能办理此事，请刷新页面后按最新状态办理",
                now=need.status.title,
            ),
            rule="lifecycle",
        )
