"""The question a price check is asked about a need: its budget, a quote, an award, a contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from marketplace.fees.checking import PriceQuestion
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Gate
from marketplace.fees.rules.limits import Commitment
from marketplace.foundation import clock
from marketplace.foundation.db import Model, db

from .models import Need
from .packages.models import NeedPart
from .packages.rules import split


def price_of(
    need: Need,
    stage: Gate,
    subject: Model,
    price: Decimal,
    now: datetime,
    *,
    budget: bool = False,
    commitment: Commitment | None = None,
    awarded_at: datetime | None = None,
    signed_at: datetime | None = None,
    reason: str | None = None,
    demands_reason: bool = True,
    inputs: Mapping[str, str] | None = None,
    part: NeedPart | None = None,
) -> PriceQuestion:
    """What is asked about one price (yuan) for a need.

    A price for several items is asked about item by item, each by its share: of the main one, or
    of ``part``. `packages.pricing` asks about all of them.

    The standards of the publication day count, those of the award's or the contract's day where
    the policy says so: of today while there is no award or contract yet. ``budget``: the need's budget is a ceiling too; ``commitment``: the firm's
    own promise. ``reason``: why the price deviates, as far as somebody has said it already. ``inputs``:
    the base quantities, where they are not the need's any more.
    """
    today = clock.local_day(now)
    item = need if part is None else part
    share, most = (
        shares_of(need, price)[item.item_code] if need.is_package else (price, need.budget)
    )
    return PriceQuestion(
        stage=stage,
        subject=subject,
        matter=need,
        item_code=item.item_code,
        jurisdiction_code=need.jurisdiction_code,
        day=clock.local_day(need.published_at or now),
        days={
            "award": clock.local_day(awarded_at) if awarded_at is not None else today,
            "contract_signed": clock.local_day(signed_at) if signed_at is not None else today,
        },
        asked_by=need.owner_id if stage is Gate.BUDGET else None,
        price=share,
        inputs=dict(item.fee_inputs if inputs is None else inputs),
        budget=most if budget else None,
        commitment=commitment,
        reason=reason or "",
        demands_reason=demands_reason,
    )


def shares_of(need: Need, price: Decimal) -> dict[str, tuple[Decimal, Decimal]]:
    """What a price (yuan) for all of a need's items leaves for each, and the most it may be: its
    share of the budget. By item code, the main one first."""
    budgets = need.item_budgets
    shares = split(price, budgets)
    return dict(zip(need.item_codes, zip(shares, budgets, strict=True), strict=True))


def check_of(check_id: int | None) -> PriceCheck | None:
    """A stored check by key."""
    return db.session.get(PriceCheck, check_id) if check_id is not None else None


def said_of(check_id: int | None) -> str | None:
    """The reason given when a price was checked before, for the next check of the same price."""
    found = check_of(check_id)
    return found.deviation_reason if found is not None else None
