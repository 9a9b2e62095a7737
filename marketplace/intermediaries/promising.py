"""What a firm promises for a service item, and which orders on it it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.catalogue import queries as catalogue
from marketplace.catalogue.models import ServiceItem
from marketplace.fees import queries as fee_queries
from marketplace.fees.checking import PriceQuestion, require_price
from marketplace.fees.rules.judging import Gate
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid

from . import queries
from .file.actions.standing import must_be
from .models import Firm, Offering
from .reviewing import ask_departments
from .rules import LONGEST_PROMISE, discount_is_possible

MOST_ORDERS = 999


@dataclass(frozen=True)
class FixedPrice:
    """A price in yuan for a quantity of ``base_from`` to ``base_to`` ``base_unit``, ends included.

    For an item with a fee standard the low end is what ``inputs`` (its base quantities) make,
    and the unit is the standard's own; otherwise ``base_from`` and ``base_unit`` are given.
    """

    amount: Decimal
    base_to: Decimal
    base_from: Decimal | None = None
    base_unit: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)


def save_offering(
    firm: Firm,
    item_code: str,
    discount: Decimal,
    promised_days: int,
    actor: Actor,
    now: datetime,
    fixed: FixedPrice | None = None,
    deviation_reason: str = "",
) -> Offering:
    """Promise a price and days for a service item; a later promise replaces the earlier one.

    ``discount`` is the part taken off the basic price (0.15 is 15 %); with ``fixed`` the price is
    an amount and the discount 0. ``deviation_reason``: why it is far from the fee standard, where
    that is asked. ``promised_days`` at most the item's statutory days. The price
    check of stage offering can refuse it. A listed firm's first item of a department goes to
    that department for its professional check.
    """
    must_be(firm, firm.may_be_supplemented)
    day = clock.local_day(now)
    item = queries.items_of(firm, day).get(item_code)
    if item is None:
        raise Invalid(_("清单中没有这一服务事项"), field="item_code", rule="item")
    _check(firm, item, discount, promised_days, day)
    present = queries.offering(firm.id, item_code)
    row = Offering(
        firm_id=firm.id,
        item_code=item_code,
        discount=discount if fixed is None else Decimal(0),
        promised_days=promised_days,
        paused=present.paused if present else False,
        capacity=present.capacity if present else None,
        areas=list(present.areas) if present else [],
        committed_at=now,
    )
    if fixed is not None:
        _set_fixed(row, firm, fixed, day)
    if present is not None:
        present.ended_at = now
        db.session.flush()
    db.session.add(row)
    db.session.flush()
    question = PriceQuestion(
        stage=Gate.OFFERING,
        subject=row,
        matter=firm,
        item_code=item_code,
        jurisdiction_code=firm.register_code,
        day=day,
        price=row.amount,
        inputs=fixed.inputs if fixed is not None else {},
        commitment_discount=None if fixed is not None else discount,
        reason=deviation_reason,
    )
    require_price(question, actor, now, field="amount" if fixed is not None else "discount")
    audit.record(
        "offering.committed",
        actor,
        row,
        now,
        firm=firm.id,
        item=item_code,
        discount=row.discount,
        amount=row.amount,
        days=promised_days,
    )
    if firm.is_listed:
        ask_departments(firm, actor, now)
    return row


def _check(firm: Firm, item: ServiceItem, discount: Decimal, promised_days: int, day: date) -> None:
    if not discount_is_possible(discount):
        raise Invalid(
            _("下浮率为 0 到 99.99 之间的百分数，最多两位小数"), field="discount", rule="discount"
        )
    if not 1 <= promised_days <= min(item.statutory_days, LONGEST_PROMISE):
        raise Invalid(
            _(
                "承诺时限应为 1 至 %(days)d %(kind)s，不超过该事项的法定时限",
                days=item.statutory_days,
                kind=item.statutory_days_kind.title,
            ),
            field="promised_days",
            rule="promised_days",
        )
    if firm.is_listed and not catalogue.meets(item, queries.held(firm.id, day)):
        raise Invalid(
            _("尚未登记该事项所需的有效资质，请先登记资质"), field="item_code", rule="qualification"
        )


def _set_fixed(row: Offering, firm: Firm, fixed: FixedPrice, day: date) -> None:
    if fixed.amount <= 0:
        raise Invalid(_("承诺价格应大于 0"), field="amount", rule="offering.amount")
    base_from, unit = fixed.base_from, fixed.base_unit
    found = fee_queries.pricing(row.item_code, firm.register_code, day)
    if found.standard is not None:
        worked = fee_queries.calculation(found, fixed.inputs)
        base_from, unit = worked.base, worked.base_unit or "元"
        if base_from is None:
            raise Invalid(
                _("请填写计费基数的下限；该标准没有单一基数的，请改用下浮率承诺"),
                field="fee",
                rule="offering.base",
            )
    if not unit or base_from is None:
        raise Invalid(_("请填写适用数量的单位和起止"), field="base_from", rule="offering.base")
    if not 0 <= base_from <= fixed.base_to:
        raise Invalid(_("适用数量的上限不应小于下限"), field="base_to", rule="offering.base")
    row.amount, row.base_unit = fixed.amount, unit
    row.base_from, row.base_to = base_from, fixed.base_to


def set_order_terms(
    offering: Offering,
    paused: bool,
    capacity: int | None,
    areas: Sequence[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Say which orders an offering takes: none while paused, ``capacity`` running ones at most
    (None: no limit), in ``areas`` (jurisdiction codes; empty: the whole register)."""
    firm = db.session.get_one(Firm, offering.firm_id)
    must_be(firm, firm.may_be_supplemented)
    lock(offering)
    if offering.ended_at is not None:
        raise Conflict(_("该登记已经撤下"), rule="ended")
    if capacity is not None and not 1 <= capacity <= MOST_ORDERS:
        raise Invalid(_("承接上限为 1 至 999 份合同"), field="capacity", rule="capacity")
    known = set(accounts.below(firm.register_code))
    if unknown := [code for code in areas if code not in known]:
        raise Invalid(
            _("服务区域不在本名录范围内：%(codes)s", codes="、".join(unknown)),
            field="areas",
            rule="offering.areas",
        )
    offering.paused, offering.capacity, offering.areas = paused, capacity, sorted(set(areas))
    db.session.flush()
    audit.record(
        "offering.order_terms",
        actor,
        offering,
        now,
        paused=paused,
        capacity=capacity,
        areas=offering.areas,
    )
