"""Which clocks run for whom, and what each turn of them tells.

The deadlines themselves stand where they belong. Here they are only copied, so that a reminder
goes out once, at its own moment, and lamps can be listed without asking ten packages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Select, select

from marketplace.accounts import queries as accounts
from marketplace.foundation import clock, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment, working_calendar
from marketplace.foundation.db import db, fetch
from marketplace.foundation.policy import Edition
from marketplace.notifications.actions import send

from .deadlines.reading import lotteries, running
from .deadlines.shape import Found
from .models import ClockKind, RunningClock
from .rules import MICROSECOND, LampsPolicy, Moments, Stage, amber_from

# what the packages tell by themselves, in words of their own: not told a second time
TOLD: dict[ClockKind, frozenset[Stage]] = {
    kind: frozenset({Stage.START, Stage.RED}) for kind in ClockKind
} | {
    ClockKind.DECISION: frozenset({Stage.START}),
    # a silent owner is reminded by the contracts edition
    ClockKind.ACCEPTANCE: frozenset({Stage.START, Stage.AMBER}),
}

PATHS: dict[ClockKind, str] = {
    ClockKind.AWARD: "/entries/{}",
    ClockKind.CONTRACT: "/contracts/{}",
    ClockKind.DELIVERY: "/contracts/{}",
    ClockKind.ACCEPTANCE: "/contracts/{}",
    ClockKind.DECISION: "/contracts/{}",
    ClockKind.MARKS: "/contracts/{}/evaluation",
    ClockKind.CALLBACK: "/supervision/callbacks/{}",
    ClockKind.SERVICE: "/supervision/services/{}",
    ClockKind.INSPECTION: "/supervision/inspections/{}",
    ClockKind.REVIEW: "/supervision/evaluations/{}",
    ClockKind.CORRECTION: "/cards/{}",
    ClockKind.STATEMENT: "/cases/{}",
    ClockKind.FORM_CHECK: "/supervision/applications/{}",
    ClockKind.PROFESSIONAL: "/department/applications/{}",
    ClockKind.OBJECTION: "/objections/{}/answer",
    ClockKind.CASE: "/cases/{}",
    ClockKind.APPEAL: "/appeals/{}",
    ClockKind.REPAIR: "/repairs/{}",
    ClockKind.MEASURE: "/measures/{}",
    ClockKind.LOTTERY: "/supervision/lottery",
    ClockKind.ORDER: "/firm/orders/{}",
    ClockKind.RECHECK: "/supervision/rechecks/{}",
    ClockKind.RELEASE: "/firm/transfers/{}",
    ClockKind.TRANSFER: "/supervision/transfers/{}",
    ClockKind.SELF_CHECK: "/firm/self-check",
    ClockKind.HALL_JUDGE: "/supervision/hall/calls/{}",
    ClockKind.HALL_MARKS: "/hall/judging/{}",
}


@cache
def _live() -> Select[ClockKind, int, int, datetime, datetime]:
    return select(
        RunningClock.kind,
        RunningClock.subject_id,
        RunningClock.organisation_id,
        RunningClock.since,
        RunningClock.due_at,
    ).where(RunningClock.ended_at.is_(None))


def differ(now: datetime) -> bool:
    """Whether some copy is not as its deadline; takes no lock."""
    live = {
        (row.kind, row.subject_id, row.organisation_id): (row.since, row.due_at)
        for row in fetch(_live())
    }
    return live != {each.place: (each.since, each.due) for each in _found(now)}


def _found(now: datetime) -> Iterator[Found]:
    yield from running()
    yield from lotteries(now)


def follow_clocks(actor: Actor, now: datetime) -> int:
    """Begin, end and move the copies so that they equal the deadlines; returns how many changed."""
    live = {
        (row.kind, row.subject_id, row.organisation_id): row
        for row in db.session.scalars(select(RunningClock).where(RunningClock.ended_at.is_(None)))
    }
    found = {each.place: each for each in _found(now)}
    changed = 0
    for place, row in live.items():
        each = found.get(place)
        if each is None or each.due != row.due_at or each.since != row.since:
            row.ended_at = now
            row.next_check_at = None
            changed += 1
        else:
            del found[place]
    db.session.flush()
    for each in found.values():
        _begin(each, now)
        changed += 1
    return changed


def advance_running_clock(row: RunningClock, actor: Actor, now: datetime) -> None:
    """Tell of the stage that has begun, once, where its own package does not; set the next."""
    if row.ended_at is not None:
        row.next_check_at = None
        return
    edition = policy.by_id(LampsPolicy, row.edition_id)
    moments = moments_of(row, edition.values)
    stage = moments.reached(now)
    row.next_check_at = moments.next_after(now)
    if row.stage is stage:
        return
    row.stage = stage
    if stage in edition.values.reminders and stage not in TOLD[row.kind]:
        _remind(row, stage, now)


def moments_of(row: RunningClock, values: LampsPolicy) -> Moments:
    """The instants at which the clock's stages begin."""
    # a clock that ends at midnight has its last day before that
    morning = moment(clock.local_day(row.due_at - MICROSECOND), values.due_day_at)
    return Moments(row.since, row.amber_at, morning, row.due_at)


def _begin(each: Found, now: datetime) -> None:
    edition = _edition(each.jurisdiction_code, each.since)
    before = working_calendar().day_before(
        clock.local_day(each.due), edition.values.amber_working_days
    )
    local = each.due.astimezone(clock.SHANGHAI)
    row = RunningClock(
        kind=each.kind,
        subject_id=each.subject_id,
        organisation_id=each.organisation_id,
        jurisdiction_code=each.jurisdiction_code,
        about=each.about[:300],
        link=PATHS[each.kind].format(each.key),
        since=each.since,
        amber_at=amber_from(edition.values, each.since, each.due, moment(before, local.time())),
        due_at=each.due,
        edition_id=edition.id,
        next_check_at=now,
    )
    moments = moments_of(row, edition.values)
    silent = Stage.START in TOLD[each.kind] or Stage.START not in edition.values.reminders
    if silent and moments.reached(now) is Stage.START:
        # nothing is told of the beginning: the next look is at the stage after it
        row.stage, row.next_check_at = Stage.START, moments.next_after(now)
    db.session.add(row)
    db.session.flush()


def _edition(jurisdiction_code: str, since: datetime) -> Edition[LampsPolicy]:
    return policy.in_force(LampsPolicy, accounts.lineage(jurisdiction_code), clock.local_day(since))


def _remind(row: RunningClock, stage: Stage, now: datetime) -> None:
    until = clock.written(row.due_at)
    with force_locale("zh_CN"):
        words = {
            Stage.START: _("新办理事项"),
            Stage.AMBER: _("黄灯提醒"),
            Stage.DUE_DAY: _("今日到期"),
            Stage.RED: _("红灯：已超期"),
        }[stage]
        subject = _("%(stage)s：%(what)s", stage=words, what=row.kind.title)
        body = _("%(about)s。办理期限 %(until)s。", about=row.about, until=until)
    send(
        row.organisation_id,
        subject,
        body,
        row.link,
        f"clock:{row.id}:{stage}",
        now,
        address=row.organisation.email,
    )
