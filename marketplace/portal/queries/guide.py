"""What the guide to a service item says beyond the item list: its price, its firms, its needs."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.accounts import areas
from marketplace.catalogue.models import ServiceItem
from marketplace.fees import queries as fees
from marketplace.fees.curve import Example, examples
from marketplace.fees.wording import Compared, compare
from marketplace.foundation import clock

from . import firms, needs


@dataclass(frozen=True)
class Guide:
    """The price rules of an item in the chosen area with a few figures, what contracts were
    agreed at (None: too few), how many listed firms offer it, how many of its needs take entries
    now."""

    pricing: fees.Pricing
    examples: list[Example]
    agreed: Compared | None
    offering: int
    open_needs: int


def of(item: ServiceItem) -> Guide:
    """The guide to an item as of now."""
    now, area = clock.now(), areas.chosen()
    pricing = fees.pricing(item.code, area.code, clock.local_day(now))
    return Guide(
        pricing=pricing,
        examples=examples(pricing),
        agreed=compare(fees.reference(pricing, clock.local_day(now))),
        offering=firms.offering_count(area.register or area.code, item.code, now),
        open_needs=needs.open_count(area, now, item.code),
    )
