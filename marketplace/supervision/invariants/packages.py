"""What must hold of packages at all times: a price is told apart over the items, nothing left over."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import select

from marketplace.contracts.models import Contract
from marketplace.foundation.db import Model, db
from marketplace.projects.models import Need
from marketplace.projects.packages.pricing import price_shares
from marketplace.selection.models import Award


def shares() -> Iterator[str]:
    """Awards and contracts of packages whose checked shares are not those of their price."""
    of_packages = select(Need.id).where(Need.items_count > 1)
    awards = db.session.scalars(select(Award).where(Award.need_id.in_(of_packages)))
    for award in awards:
        if award.price_check_id is not None:
            yield from _wrong(award.need, award, award.price)
    contracts = db.session.scalars(select(Contract).where(Contract.need_id.in_(of_packages)))
    for contract in contracts:
        if contract.signed_at is not None:
            yield from _wrong(contract.need, contract, contract.award_price)


def _wrong(need: Need, subject: Model, price: Decimal) -> Iterator[str]:
    found = price_shares(need, price, subject)
    checked = [one.check.price if one.check is not None else None for one in found]
    if checked != [one.price for one in found] or sum(one.price for one in found) != price:
        yield f"{subject.__tablename__} {subject.id}"
