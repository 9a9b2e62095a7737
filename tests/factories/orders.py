"""Orders for tests, placed through the actions. Call inside a transaction."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from marketplace.foundation import clock
from marketplace.intermediaries import actions as intermediaries
from marketplace.intermediaries.models import Offering
from marketplace.orders import actions
from marketplace.orders.models import Order
from marketplace.orders.placing import OrderContent
from marketplace.projects.models import InvestmentKind

from .accounts import Party
from .intermediaries import RegisteredFirm


def content(**changes: Any) -> OrderContent:
    """Archives to be put in order for 8 000 yuan of a company's own money, in a week."""
    values: dict[str, Any] = {
        "place": "青河市东城区示范路 8 号",
        "scope": "整理并数字化 2025 年度文书档案",
        "quantity": "1200 件",
        "investment": InvestmentKind.ENTERPRISE,
        "fee_inputs": {},
        "budget": Decimal("8000.00"),
        "deviation_reason": "参照上年同类项目的成交价",
        "wanted_by": clock.today() + timedelta(days=7),
        **changes,
    }
    return OrderContent(**values)


def asked(owner: Party, *firms: Party, item_code: str = "dazl", **changes: Any) -> Order:
    """A 小额快选 of an owner to these firms in this sequence."""
    return actions.ask_firms(
        item_code,
        content(**changes),
        [firm.organisation.id for firm in firms],
        owner.actor,
        clock.now(),
    )


def priced(
    firm: RegisteredFirm, amount: str = "6000", item_code: str = "dazl", most: str = "2000"
) -> Offering:
    """A listing at a fixed price for up to ``most`` pieces."""
    return intermediaries.save_offering(
        firm.firm,
        item_code,
        Decimal(0),
        5,
        firm.actor,
        clock.now(),
        intermediaries.FixedPrice(
            amount=Decimal(amount),
            base_from=Decimal(1),
            base_to=Decimal(most),
            base_unit="件",
        ),
    )
