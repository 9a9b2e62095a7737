"""Lamps: the colours of clocks, and what is red without being late. (RULES section 2)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, func, select

from marketplace.accounts import queries as accounts
from marketplace.contracts.models import RUNNING, Contract
from marketplace.fees.models import PriceCheck
from marketplace.fees.rules.judging import Verdict
from marketplace.foundation import clock, policy
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import as_written, db
from marketplace.intermediaries.models import CheckStatus, Firm, ProfessionalCheck
from marketplace.projects.models import Need
from marketplace.selection.models import RoundStatus, SelectionRound

from .models import ClockKind, RunningClock
from .rules import Lamp, LampsPolicy, amber_from, lamp

LIMIT = 50
COLOURS = (Lamp.RED, Lamp.AMBER, Lamp.GREEN)


@dataclass(frozen=True)
class Dial:
    """A clock as a page shows it: the colour, when it turns amber, when it ends (None: no limit)."""

    lamp: Lamp
    due: datetime | None
    amber_at: datetime | None = None


def lamps_policy(jurisdiction_code: str, now: datetime) -> LampsPolicy:
    """The lamps edition in force in a jurisdiction."""
    codes = accounts.lineage(jurisdiction_code)
    return policy.in_force(LampsPolicy, codes, clock.local_day(now)).values


def dial(values: LampsPolicy, since: datetime, due: datetime | None, now: datetime) -> Dial:
    """The clock of something that began at ``since`` and is due at ``due``."""
    if due is None:
        return Dial(Lamp.OFF, None)
    before = working_calendar().day_before(clock.local_day(due), values.amber_working_days)
    local = due.astimezone(clock.SHANGHAI)
    start, left = min(since, due), moment(before, local.time())
    return Dial(lamp(values, start, due, left, now), due, amber_from(values, start, due, left))


# ---- clocks that run ------------------------------------------------------------


def clocks(
    codes: Sequence[str], now: datetime, colour: Lamp | None = None, kind: ClockKind | None = None
) -> Select[RunningClock]:
    """Clocks that run in these jurisdictions, of one colour if named, the first to end first."""
    query = select(RunningClock).where(
        RunningClock.ended_at.is_(None), RunningClock.jurisdiction_code.in_(codes)
    )
    if colour is not None:
        query = query.where(_shows(colour, now))
    if kind is not None:
        query = query.where(RunningClock.kind == kind)
    return query.order_by(RunningClock.due_at, RunningClock.id)


def urgent(codes: Sequence[str], now: datetime, limit: int = 10) -> list[RunningClock]:
    """The red and amber clocks that end first."""
    lit = clocks(codes, now).where(RunningClock.amber_at <= now)
    return list(db.session.scalars(lit.limit(as_written(limit))))


def clock_counts(codes: Sequence[str], now: datetime) -> dict[Lamp, int]:
    """How many clocks show each colour."""
    return {
        colour: db.session.scalar(
            select(func.count()).select_from(clocks(codes, now, colour).order_by(None).subquery())
        )
        or 0
        for colour in COLOURS
    }


def shown(codes: Sequence[str], now: datetime) -> dict[tuple[ClockKind, int], Lamp]:
    """The colour of every clock that runs in these jurisdictions, by what it is about."""
    return {
        (row.kind, row.subject_id): colour_of(row, now)
        for row in db.session.scalars(clocks(codes, now))
    }


def colour_of(row: RunningClock, now: datetime) -> Lamp:
    """The colour a running clock shows."""
    if now >= row.due_at:
        return Lamp.RED
    return Lamp.AMBER if now >= row.amber_at else Lamp.GREEN


def _shows(colour: Lamp, now: datetime) -> ColumnElement[bool]:
    if colour is Lamp.RED:
        return RunningClock.due_at <= now
    if colour is Lamp.AMBER:
        return and_(RunningClock.due_at > now, RunningClock.amber_at <= now)
    return and_(RunningClock.due_at > now, RunningClock.amber_at > now)


@dataclass(frozen=True)
class RedFact:
    """Something red that is no clock: out of process, or charged above the standard."""

    word: Any
    what: Any
    about: str
    who: str
    at: datetime
    endpoint: str
    values: dict[str, str]


def red_facts(codes: Sequence[str], since: datetime, limit: int = LIMIT) -> list[RedFact]:
    """What left its process or its price since ``since``, the latest first. (RULES section 2)

    Overcharged: running contracts above the ceiling of a standard that only informs (a binding one
    stops them), and overcharges found. Out of process: departments silent past their time, draws
    annulled.
    """
    facts = [*_above_ceiling(codes), *_silent(codes, since), *_annulled(codes, since)]
    return sorted(facts, key=lambda fact: fact.at, reverse=True)[:limit]


def _above_ceiling(codes: Sequence[str]) -> Iterator[RedFact]:
    rows = db.session.execute(
        select(Contract, PriceCheck)
        .join(PriceCheck, PriceCheck.id == Contract.price_check_id)
        .where(
            Contract.jurisdiction_code.in_(codes),
            Contract.status.in_(RUNNING),
            PriceCheck.verdict == Verdict.ABOVE_CEILING.value,
        )
        .order_by(Contract.id.desc())
        .limit(LIMIT)
    )
    for contract, _check in rows:
        yield RedFact(
            word=_l("超标准收费"),
            what=_l("合同价高于收费标准"),
            about=contract.need.title,
            who=contract.firm.public_name,
            at=contract.signed_at or contract.status_since,
            endpoint="workspace.story",
            values={"public_id": contract.need.public_id},
        )


def _silent(codes: Sequence[str], since: datetime) -> Iterator[RedFact]:
    for check in db.session.scalars(
        select(ProfessionalCheck)
        .join(Firm, Firm.id == ProfessionalCheck.firm_id)
        .where(
            Firm.register_code.in_(codes),
            ProfessionalCheck.status == CheckStatus.SILENT,
            ProfessionalCheck.status_since >= since,
        )
        .order_by(ProfessionalCheck.id.desc())
        .limit(LIMIT)
    ):
        yield RedFact(
            word=_l("未按程序"),
            what=_l("专业核查逾期未答复"),
            about=check.firm.organisation.public_name,
            who=check.organisation.name,
            at=check.status_since,
            endpoint="intermediaries.review",
            values={"public_id": check.firm.public_id},
        )


def _annulled(codes: Sequence[str], since: datetime) -> Iterator[RedFact]:
    for each in db.session.scalars(
        select(SelectionRound)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(
            Need.jurisdiction_code.in_(codes),
            SelectionRound.status == RoundStatus.ANNULLED,
            SelectionRound.status_since >= since,
        )
        .order_by(SelectionRound.id.desc())
        .limit(LIMIT)
    ):
        yield RedFact(
            word=_l("未按程序"),
            what=_l("抽取被撤销"),
            about=each.need.title,
            who=each.need.owner.public_name,
            at=each.status_since,
            endpoint="selection.result",
            values={"public_id": each.need.public_id},
        )
