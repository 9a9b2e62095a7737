"""One purchase in several parts: flagged for the bureau, never stopped. (RULES section 6)"""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import add_months, moment
from marketplace.foundation.db import db
from marketplace.foundation.money import format_yuan
from marketplace.notifications import actions as notifications

from . import queries
from .models import Need, NeedChannel, NeedStatus, SelectionMethod
from .rules import dodged_limit, same_place

DAY_STARTS = time(0, 0)
GIVEN_UP = (NeedStatus.WITHDRAWN, NeedStatus.FAILED)


def possible_parts(need: Need, now: datetime) -> list[Need]:
    """The owner's other purchases of one of the items for the same project or address, within
    the edition's months, oldest first."""
    policy = queries.policy_of(need, clock.local_day(now)).values
    first = add_months(clock.local_day(now), -policy.orders.split_months)
    since = moment(first, DAY_STARTS)
    rows = db.session.scalars(
        select(Need)
        .where(
            Need.owner_id == need.owner_id,
            queries.names_one_of(need.item_codes),
            Need.created_at >= since,
            Need.status.not_in(GIVEN_UP),
            Need.id != need.id,
        )
        .order_by(Need.id)
        .limit(200)
    )
    return [
        row
        for row in rows
        if row.project_id == need.project_id or same_place(row.place, need.place)
    ]


def flag_split(need: Need, actor: Actor, now: datetime) -> None:
    """Flag a need that stays under a limit only because its purchase is split; tell the bureau."""
    policy = queries.policy_of(need, clock.local_day(now)).values
    parts = possible_parts(need, now)
    total = sum((part.budget for part in parts), need.budget)
    limit = dodged_limit(
        policy,
        fiscal=need.government_invested,
        quick=need.channel is NeedChannel.QUICK,
        direct=need.method is SelectionMethod.DIRECT_PICK,
        budget=need.budget,
        total=total,
    )
    before, need.split = need.split, None
    if limit is None:
        return
    need.split = {
        "with": [part.number for part in parts],
        "total": _text(total),
        "limit": _text(limit),
    }
    db.session.flush()
    if before == need.split:
        return
    audit.record("needs.split_flagged", actor, need, now, total=total, limit=limit)
    notifications.send(
        accounts.bureau(need.jurisdiction_code).id,
        f"疑似拆分采购：{need.title}",
        f"{need.number} 与 {len(need.split['with'])} 项同一业主、同一事项、同一项目或地点的采购"
        f"合计 {format_yuan(total)} 元，超过限额 {format_yuan(limit)} 元，请核查。",
        "/supervision/splits",
        f"need:{need.id}:split:{need.split['total']}",
        now,
    )


def _text(amount: Decimal) -> str:
    return format(amount, "f")
