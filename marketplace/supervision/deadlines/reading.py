"""Every clock that runs now, whosever it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select, union_all

from marketplace.accounts import queries as accounts
from marketplace.accounts.models import Organisation
from marketplace.foundation import clock, epoch
from marketplace.foundation.db import db, fetch
from marketplace.foundation.errors import Missing
from marketplace.sanctions.appeals.queries import reviewing_offices
from marketplace.selection import queries as selection

from ..models import ClockKind
from .contracts import CONTRACTS
from .discipline import DISCIPLINE
from .evaluations import EVALUATIONS
from .filing import FILING
from .hall import HALL
from .register import REGISTER
from .shape import Found

DEADLINES = (*CONTRACTS, *DISCIPLINE, *EVALUATIONS, *FILING, *HALL, *REGISTER)


@cache
def _clocks() -> Select[Any]:
    return select(union_all(*(each.clocks() for each in DEADLINES)).subquery())


def running() -> list[Found]:
    """Every clock that runs for some organisation, read in one statement."""
    found = []
    for row in fetch(_clocks()):
        if row.due is None:
            continue
        owing: tuple[int, ...] = (row.organisation_id,)
        if row.organisation_id is None:
            owing = (_superiors_of if row.superior else _bureau_of)(row.jurisdiction_code)
        found += [
            Found(
                kind=ClockKind(row.kind),
                subject_id=row.subject_id,
                organisation_id=organisation_id,
                jurisdiction_code=row.jurisdiction_code,
                about=row.about,
                key=row.key,
                since=min(row.since, row.due),
                due=row.due,
            )
            for organisation_id in owing
        ]
    return found


def lotteries(now: datetime) -> Iterator[Found]:
    """Issues to be entered, once for each bureau whose draws wait for them."""
    for awaited in selection.lotteries_due(now):
        first, *_others = selection.rounds_waiting_for(awaited.game, awaited.day, awaited.bureau_id)
        _stored, values = selection.edition_of(first.need, awaited.day)
        closed = first.closed_at or first.status_since
        due = selection.draw_latest(values, closed)
        bureau = db.session.get_one(Organisation, awaited.bureau_id)
        yield Found(
            kind=ClockKind.LOTTERY,
            subject_id=first.id,
            organisation_id=bureau.id,
            jurisdiction_code=bureau.jurisdiction_code,
            about=f"{values.lottery_title} {clock.written_day(awaited.day)}",
            key="",
            since=min(closed, due),
            due=due,
        )


@epoch.remembered
def _bureau_of(code: str) -> tuple[int, ...]:
    try:
        return (accounts.bureau_id(code),)
    except Missing:
        return ()


@epoch.remembered
def _superiors_of(code: str) -> tuple[int, ...]:
    return tuple(office.id for office in reviewing_offices(code))
