"""Begin a night's checks, keep what a slice found, sound the alarm."""

from __future__ import annotations

from datetime import date, datetime, time

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts.models import Organisation, OrganisationFunction
from marketplace.accounts.queries import bureau, lineage, site
from marketplace.foundation import audit, calendar, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.clock import local_day
from marketplace.foundation.db import db, lock
from marketplace.foundation.languages import for_storing, stored
from marketplace.notifications import actions as notifications

from ..unusual import actions as unusual
from ..unusual.models import UnusualKind
from .models import CheckPart, CheckRun
from .slices import Slice
from .wording import in_words

BEGINS = time(1, 30)
FINDINGS_KEPT = 50


def begin_night(now: datetime) -> bool:
    """Set up the checks of this night once its hour has come; whether there was anything to do."""
    day = local_day(now)
    if now < calendar.moment(day, BEGINS):
        return False
    if db.session.scalar(select(CheckRun.id).where(CheckRun.day == day).limit(1)) is not None:
        return False
    for part in CheckPart:
        run = CheckRun(
            day=day, part=part, begun_at=now, position=0, checked=0, faults=0, findings=[]
        )
        db.session.add(run)
    db.session.flush()
    unusual.note_single_pairs(now)
    return True


def keep_slice(run: CheckRun, position: int, found: Slice, actor: Actor, now: datetime) -> bool:
    """Keep what a slice that began at ``position`` found; False where another worker was first."""
    lock(run)
    now = max(now, clock.now())
    if run.finished_at is not None or run.position != position:
        return False
    run.checked += found.checked
    run.faults += len(found.found)
    run.findings = [*run.findings, *found.found][:FINDINGS_KEPT]
    if found.next is not None:
        run.position = found.next
        db.session.flush()
        return True
    run.finished_at = now
    db.session.flush()
    facts = {"part": run.part.value, "checked": run.checked, "faults": run.faults}
    audit.record("checks.done", actor, run, now, **facts)
    if run.faults:
        _alarm(run, now)
    return True


@for_storing()
def _alarm(run: CheckRun, now: datetime) -> None:
    """Tell the bureau and whoever watches over it; the event waits to be acknowledged."""
    told = _(
        "%(day)s %(part)s发现 %(count)s 处不符：%(first)s",
        day=run.day.isoformat(),
        part=stored(run.part.title),
        count=run.faults,
        first=in_words(run.findings[0]),
    )
    for organisation_id in _watchers():
        notifications.send(
            organisation_id,
            _("夜间检查发现不符，请立即核查"),
            told,
            "/supervision/checks",
            f"check:{run.day.isoformat()}:{run.part.value}:{organisation_id}",
            now,
        )
    unusual.note(
        UnusualKind.FAULT,
        f"check:{run.day.isoformat()}:{run.part.value}",
        now,
        about=told[:200],
        link="/supervision/checks",
    )


def _watchers() -> list[int]:
    place = site().jurisdiction_code
    above = select(Organisation.id).where(
        Organisation.function == OrganisationFunction.SUPERIOR,
        Organisation.jurisdiction_code.in_(lineage(place)),
    )
    return [bureau(place).id, *db.session.scalars(above)]


def nights(limit: int) -> list[tuple[date, list[CheckRun]]]:
    """The latest nights with their checks, the newest first."""
    days = db.session.scalars(
        select(CheckRun.day).distinct().order_by(CheckRun.day.desc()).limit(limit)
    ).all()
    rows = db.session.scalars(select(CheckRun).where(CheckRun.day.in_(days))).all()
    order = list(CheckPart)
    return [
        (
            day,
            sorted((row for row in rows if row.day == day), key=lambda row: order.index(row.part)),
        )
        for day in days
    ]
