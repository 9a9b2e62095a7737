"""Reads about orders; every list has a stable order and a limit."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Select, func, select

from marketplace.accounts import queries as accounts
from marketplace.catalogue.models import DaysKind, ServiceItem
from marketplace.foundation import clock
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.finding import by_public_id
from marketplace.foundation.policy import Edition
from marketplace.intermediaries import queries as intermediaries
from marketplace.intermediaries.models import Offering
from marketplace.projects import queries as projects
from marketplace.projects.models import Need, NeedStatus
from marketplace.projects.rules import SelectionPolicy
from marketplace.ratings import queries as ratings

from .models import LIVE_ASKS, LIVE_ORDERS, AskStatus, Order, OrderAsk, OrderStatus

MOST_LISTINGS = 100
RUNNING_NEEDS = (NeedStatus.AWARDED, NeedStatus.CONTRACTED)


def edition_for(jurisdiction_code: str, now: datetime) -> Edition[SelectionPolicy]:
    """The selection edition orders follow in a jurisdiction now."""
    return projects.selection_policy(jurisdiction_code, clock.local_day(now))


def order(public_id: str) -> Order:
    """By public id; raises Missing."""
    return by_public_id(Order, public_id)


def ask(public_id: str) -> OrderAsk:
    """By public id; raises Missing."""
    return by_public_id(OrderAsk, public_id)


def of_need(need_id: int) -> Order | None:
    """The order a need stands behind, if it came from one."""
    return db.session.scalar(select(Order).where(Order.need_id == need_id))


def asks_of(found: Order) -> list[OrderAsk]:
    """The firms of an order in the owner's sequence."""
    return list(
        db.session.scalars(
            select(OrderAsk).where(OrderAsk.order_id == found.id).order_by(OrderAsk.position)
        )
    )


def live_ask(found: Order) -> OrderAsk | None:
    """The firm that is being asked, or whose quote waits for the owner."""
    return db.session.scalar(
        select(OrderAsk).where(OrderAsk.order_id == found.id, OrderAsk.status.in_(LIVE_ASKS))
    )


def next_ask(found: Order) -> OrderAsk | None:
    """The next firm in the sequence that was not asked yet."""
    return db.session.scalar(
        select(OrderAsk)
        .where(OrderAsk.order_id == found.id, OrderAsk.status == AskStatus.WAITING)
        .order_by(OrderAsk.position)
        .limit(1)
    )


def orders_of(organisation_id: int) -> Select[Order]:
    """All orders of an owner, the live ones first, then newest first."""
    live = Order.status.in_(LIVE_ORDERS)
    return (
        select(Order)
        .where(Order.owner_id == organisation_id)
        .order_by(live.desc(), Order.created_at.desc(), Order.id.desc())
    )


def asks_to(organisation_id: int) -> Select[OrderAsk]:
    """What a firm was ever asked, what waits for it first."""
    waits = OrderAsk.status == AskStatus.ASKED
    return (
        select(OrderAsk)
        .where(OrderAsk.organisation_id == organisation_id, OrderAsk.asked_at.is_not(None))
        .order_by(waits.desc(), OrderAsk.asked_at.desc(), OrderAsk.id.desc())
    )


def asks_to_answer(organisation_id: int) -> list[OrderAsk]:
    """What a firm must answer, by deadline."""
    return list(
        db.session.scalars(
            select(OrderAsk)
            .where(OrderAsk.organisation_id == organisation_id, OrderAsk.status == AskStatus.ASKED)
            .order_by(OrderAsk.answer_by, OrderAsk.id)
            .limit(100)
        )
    )


def orders_waiting(organisation_id: int, status: OrderStatus) -> list[Order]:
    """An owner's orders in a status, oldest first."""
    return list(
        db.session.scalars(
            select(Order)
            .where(Order.owner_id == organisation_id, Order.status == status)
            .order_by(Order.status_since, Order.id)
            .limit(100)
        )
    )


def running_on(offering: Offering) -> int:
    """How many orders of a firm's listing are asked or running, for its capacity."""
    counted = db.session.scalar(
        select(func.count(Order.id))
        .join(Need, Need.id == Order.need_id)
        .join(Offering, Offering.id == Order.offering_id)
        .where(
            Offering.firm_id == offering.firm_id,
            Offering.item_code == offering.item_code,
            (Order.status.in_(LIVE_ORDERS)) | (Need.status.in_(RUNNING_NEEDS)),
        )
    )
    return counted or 0


def serves(offering: Offering, jurisdiction_code: str) -> bool:
    """Whether a listing takes orders from a jurisdiction."""
    if not offering.areas:
        return True
    return any(code in offering.areas for code in accounts.lineage(jurisdiction_code))


def choices(jurisdiction_code: str, item_code: str, now: datetime) -> list[tuple[Offering, str]]:
    """Listings an owner of a jurisdiction can ask for an item, with the firm's grade: best grade
    first, ungraded after B, then in the order of the register."""
    register = accounts.register_of(jurisdiction_code)
    day = clock.local_day(now)
    found = []
    for each in intermediaries.listings(register, item_code, now):
        if each.paused or each.firm.paused or not serves(each, jurisdiction_code):
            continue
        grade = str(ratings.grade_on(each.firm.organisation_id, register, day).grade)
        found.append((each, grade))
    places = ("A", "B", "ungraded", "C", "D")
    return sorted(found, key=lambda pair: places.index(pair[1]))[:MOST_LISTINGS]


def days_until(item: ServiceItem, today: date, wanted_by: date) -> int:
    """Days of the item's own kind from ``today`` until a day; 0 when it is not later."""
    if item.statutory_days_kind is DaysKind.WORKING:
        return working_calendar().working_days_between(today, wanted_by)
    return max(0, (wanted_by - today).days)


def day_after(item: ServiceItem, today: date, days: int) -> date:
    """The day so many days of the item's own kind after ``today``."""
    if item.statutory_days_kind is DaysKind.WORKING:
        return working_calendar().day_after(today, days)
    return date.fromordinal(today.toordinal() + days)
