"""What firms offer for the items and promise about price and days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, or_, select

from marketplace.fees.rules.limits import Commitment
from marketplace.foundation import clock
from marketplace.foundation.db import db, fetch
from marketplace.foundation.errors import Missing

from ..models import (
    Firm,
    FirmStatus,
    Offering,
)
from .certificates import lapsed_items, qualifications_of
from .firms import listed


def offering(firm_id: int, item_code: str) -> Offering | None:
    """What a firm promises for an item now, if it offers it."""
    return db.session.scalar(
        select(Offering).where(
            Offering.firm_id == firm_id,
            Offering.item_code == item_code,
            Offering.ended_at.is_(None),
        )
    )


_PROMISES = select(
    Offering.firm_id,
    Offering.discount,
    Offering.amount,
    Offering.base_from,
    Offering.base_to,
    Offering.committed_at,
).where(
    Offering.firm_id.in_(bindparam("firm_ids", expanding=True)),
    Offering.item_code == bindparam("item_code"),
    Offering.ended_at.is_(None),
)


def promises(firm_ids: Sequence[int], item_code: str) -> dict[int, Row[Any]]:
    """What those of the firms that offer an item now promise for it, by firm, as `promise`
    takes it."""
    rows = fetch(_PROMISES, firm_ids=list(firm_ids), item_code=item_code)
    return {row.firm_id: row for row in rows}


def offering_by_public_id(public_id: str) -> Offering:
    """A promise by the id in its address, ended ones too; raises Missing."""
    found = db.session.scalar(select(Offering).where(Offering.public_id == public_id))
    if found is None:
        raise Missing(f"offering {public_id}")
    return found


def promised(firm_id: int, item_code: str) -> Row[Any] | None:
    """The price a firm promises for an item now, as `promise` takes it, if it offers it."""
    return promises([firm_id], item_code).get(firm_id)


def promised_at(firm_id: int, item_code: str, at: datetime) -> Offering | None:
    """What a firm promised for an item at an instant, whatever became of the promise since."""
    return db.session.scalar(
        select(Offering)
        .where(
            Offering.firm_id == firm_id,
            Offering.item_code == item_code,
            Offering.committed_at <= at,
            or_(Offering.ended_at.is_(None), Offering.ended_at > at),
        )
        .order_by(Offering.id.desc())
        .limit(1)
    )


def promise(offered: Offering | Row[Any] | None) -> Commitment | None:
    """What binds the firm's own prices for an item: its discount, or its price within the range;
    None where it promises nothing."""
    if offered is None:
        return None
    if offered.amount is not None:
        return Commitment(
            amount=offered.amount,
            base_from=offered.base_from,
            base_to=offered.base_to,
            since=clock.local_day(offered.committed_at),
        )
    if not offered.discount:
        return None
    since = clock.local_day(offered.committed_at)
    return Commitment(discount=offered.discount, since=since)


def promises_of(firm_id: int) -> Callable[[str], Commitment | None]:
    """What binds a firm's prices now, by item code."""
    return lambda item_code: promise(promised(firm_id, item_code))


def commitment_of(offered: Offering) -> Commitment:
    """What an order of a listing is priced by: the amount, or the discount, be it 0."""
    return promise(offered) or Commitment(discount=offered.discount)


def listings(register: str, item_code: str, now: datetime) -> list[Offering]:
    """What the firms on a register's lists promise for an item, barred firms left out and those
    whose certificates do not suffice this day, in the order they were listed."""
    found = list(
        db.session.scalars(
            listed(register, now)
            .with_only_columns(Offering)
            .join(Offering, Offering.firm_id == Firm.id)
            .where(Offering.item_code == item_code, Offering.ended_at.is_(None))
            .order_by(Firm.listed_at, Firm.id)
            .limit(500)
        )
    )
    day = clock.local_day(now)
    certificates = qualifications_of([each.firm_id for each in found]) if found else {}
    return [
        each
        for each in found
        if item_code not in lapsed_items(register, day, certificates.get(each.firm_id, ()))
    ]


_SHOWN_OFFERINGS = (
    select(
        Offering.public_id,
        Offering.item_code,
        Offering.discount,
        Offering.amount,
        Offering.base_unit,
        Offering.base_from,
        Offering.base_to,
        Offering.promised_days,
        Offering.paused,
    )
    .where(Offering.firm_id == bindparam("firm_id"), Offering.ended_at.is_(None))
    .order_by(Offering.item_code, Offering.id)
)


def shown_offerings(firm_id: int) -> Sequence[Row[Any]]:
    """What a firm offers now as its page shows it, by item."""
    return fetch(_SHOWN_OFFERINGS, firm_id=firm_id)


def offerings(firm_id: int) -> list[Offering]:
    """Everything a firm offers now, by item."""
    return list(
        db.session.scalars(
            select(Offering)
            .where(Offering.firm_id == firm_id, Offering.ended_at.is_(None))
            .order_by(Offering.item_code, Offering.id)
        )
    )


def organisations_offering(register: str, item_code: str) -> list[int]:
    """Keys of the organisations listed on a register that offer an item, in listing order."""
    return list(
        db.session.scalars(
            select(Firm.organisation_id)
            .join(Offering, Offering.firm_id == Firm.id)
            .where(
                Firm.register_code == register,
                Firm.status == FirmStatus.LISTED,
                Offering.item_code == item_code,
                Offering.ended_at.is_(None),
            )
            .order_by(Firm.listed_at, Firm.id)
        )
    )
