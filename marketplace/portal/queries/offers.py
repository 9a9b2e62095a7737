"""What the listed firms would charge for a case by their own promises, the cheapest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from marketplace.accounts.areas import Area
from marketplace.fees import queries as fees
from marketplace.fees.queries import Pricing
from marketplace.foundation.errors import Invalid
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Offering
from marketplace.orders import queries as orders

MOST = 10


@dataclass(frozen=True)
class Offer:
    """One firm's promise for the item and what it comes to in 元; ``price`` is None where the
    promise does not reach the case or the case is not known yet."""

    offering: Offering
    price: Decimal | None


@dataclass(frozen=True)
class Offers:
    """The cheapest offers, and how many firms offer the item at all."""

    rows: list[Offer]
    total: int


def offers(area: Area, pricing: Pricing, inputs: Mapping[str, str] | None, now: datetime) -> Offers:
    """The firms on the area's register that take work for the item there now; barred and paused
    ones are left out. ``inputs`` None: nothing was worked out, the order is the register's."""
    found = [
        each
        for each in intermediaries.listings(area.register or area.code, pricing.item_code, now)
        if not each.paused and not each.firm.paused and orders.serves(each, area.code)
    ]
    priced = [Offer(each, _price(each, pricing, inputs)) for each in found]
    cheapest = sorted(priced, key=lambda each: (each.price is None, each.price or 0))
    return Offers(cheapest[:MOST], len(found))


def _price(each: Offering, pricing: Pricing, inputs: Mapping[str, str] | None) -> Decimal | None:
    if inputs is None and (each.amount is None or pricing.standard is not None):
        return None
    try:
        return fees.listed_price(pricing, inputs or {}, intermediaries.commitment_of(each))
    except Invalid:
        return None
