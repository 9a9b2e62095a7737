"""The clock's work on contracts and deliveries."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import Select, select

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, fetch
from marketplace.foundation.errors import Missing
from marketplace.selection.models import Award, AwardStatus

from . import actions, delivery, ending, queries
from .models import Contract, ContractStatus, Deliverable

VOID = "contracts.end_void_draft"


def advance_due() -> int:
    """Drafts without an award, drafts that waited, unconfirmed drafts, overdue deliveries and
    silent owners."""
    done = tasks.advance_each(VOID, _void, _end_void)
    # before what is overdue is told: who had to wait is not late
    done += tasks.advance_each("contracts.renew_draft", _waited, _renew)
    done += tasks.sweep(Contract, actions.advance_contract)
    return done + tasks.sweep(Deliverable, delivery.advance_deliverable)


@cache
def _void_rows() -> Select[int]:
    return (
        select(Contract.id)
        .join(Award, Award.id == Contract.award_id)
        .where(
            Contract.status == ContractStatus.DRAFTED,
            Award.status != AwardStatus.ACCEPTED,
        )
        .order_by(Contract.id)
    )


def _void(_now: datetime) -> list[int]:
    return [row.id for row in fetch(_void_rows())]


def _end_void(contract_id: int, actor: Actor, now: datetime) -> int:
    try:
        ending.end_void_draft(db.session.get_one(Contract, contract_id), actor, now)
    except Missing:
        return 0  # another worker was first
    return 1


def _waited(_now: datetime) -> list[int]:
    return queries.drafts_that_waited()


def _renew(contract_id: int, actor: Actor, now: datetime) -> int:
    return int(actions.renew_draft(db.session.get_one(Contract, contract_id), actor, now))
