"""Listed firms without any valid certificate: found, asked to renew, let go when they have one.

Entries for what asks for certificates are stopped from the day the last one ended, at the gates
themselves. This keeps the list of them, so that an officer goes on with each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import joinedload

from marketplace.accounts.areas import registers as kept
from marketplace.accounts.overseeing import supervises
from marketplace.foundation import audit, calendar, clock
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import as_written, db, fetch, lock
from marketplace.foundation.errors import Conflict, Missing
from marketplace.foundation.finding import by_public_id
from marketplace.notifications.actions import send

from ..models import Firm, FirmStatus, Offering, Qualification
from ..queries import items_asking
from . import queries
from .models import CertificateLapse, Departure

BATCH = 500
_OPEN = CertificateLapse.ended_at.is_(None)


def _valid(day: Any) -> ColumnElement[bool]:
    return exists().where(
        Qualification.firm_id == Firm.id,
        Qualification.ended_at.is_(None),
        Qualification.verified_at.is_not(None),
        or_(Qualification.valid_until.is_(None), Qualification.valid_until >= day),
    )


def _without(register: Any, day: Any, asking: Any) -> ColumnElement[bool]:
    """A listed firm that promises one of the items ``asking`` for certificates and has none in
    force. Those taken over that have not signed take no orders and are not meant."""
    return and_(
        Firm.register_code == register,
        Firm.status == FirmStatus.LISTED,
        Firm.committed_at.is_not(None),
        ~_valid(day),
        exists().where(
            Offering.firm_id == Firm.id,
            Offering.ended_at.is_(None),
            Offering.item_code.in_(asking),
        ),
    )


def to_begin(now: datetime, left_alone: Select[int]) -> Sequence[int]:
    """Firms that have come to be without, and stand on no list of them yet; but for those that
    failed and rest (``left_alone``, of a parameter ``now``)."""
    return _found(_rows_to_begin(left_alone), now)


def to_finish(now: datetime, left_alone: Select[int]) -> Sequence[int]:
    """Those that have one again, promise nothing that asks for one, or are off the lists."""
    return _found(_rows_to_finish(left_alone), now)


def _asked_of() -> ColumnElement[bool]:
    asking: Any = bindparam("asking", expanding=True)
    return _without(bindparam("register"), bindparam("day"), asking)


@cache
def _rows_to_begin(left_alone: Select[int]) -> Select[int]:
    known = select(CertificateLapse.firm_id).where(_OPEN)
    return (
        select(Firm.id)
        .where(_asked_of(), Firm.id.not_in(known), Firm.id.not_in(left_alone))
        .order_by(Firm.id)
        .limit(literal_column(str(BATCH)))
    )


@cache
def _rows_to_finish(left_alone: Select[int]) -> Select[int]:
    return (
        select(CertificateLapse.id)
        .join(Firm, Firm.id == CertificateLapse.firm_id)
        .where(
            _OPEN,
            Firm.register_code == bindparam("register"),
            ~_asked_of(),
            CertificateLapse.id.not_in(left_alone),
        )
        .order_by(CertificateLapse.id)
        .limit(literal_column(str(BATCH)))
    )


def _found(query: Select[int], now: datetime) -> list[int]:
    """The rows of a statement built once, over every register."""
    day = clock.local_day(now)
    return [
        row.id
        for register in kept()
        for row in fetch(
            query, register=register, day=day, asking=items_asking(register, day), now=now
        )
    ]


def begin(firm_id: int, actor: Actor, now: datetime) -> int:
    """The clock: put a firm on the list."""
    firm = db.session.get_one(Firm, firm_id)
    lock(firm)
    now = max(now, clock.now())
    day = clock.local_day(now)
    if open_of(firm.id) is not None or not _holds(firm, day):
        return 0
    days = queries.days_without_qualification(firm, day)
    never = days is None or days > (day - date(2000, 1, 1)).days
    since = None if never or days is None else day - timedelta(days=days - 1)
    row = CertificateLapse(firm_id=firm.id, since=since, found_at=now)
    db.session.add(row)
    db.session.flush()
    audit.record("certificate_lapses.found", actor, row, now, firm=firm.id, since=since)
    return 1


def finish(lapse_id: int, actor: Actor, now: datetime) -> int:
    """The clock: take a firm off it."""
    row = db.session.get_one(CertificateLapse, lapse_id)
    lock(row)
    if row.ended_at is not None:
        return 0
    row.ended_at = max(now, clock.now())
    db.session.flush()
    audit.record("certificate_lapses.ended", actor, row, now, firm=row.firm_id)
    return 1


def _holds(firm: Firm, day: date) -> bool:
    asking = items_asking(firm.register_code, day)
    query = select(Firm.id).where(Firm.id == firm.id, _without(firm.register_code, day, asking))
    return db.session.scalar(query) is not None


def open_of(firm_id: int) -> CertificateLapse | None:
    """The entry of a firm on the list."""
    return db.session.scalar(
        select(CertificateLapse).where(CertificateLapse.firm_id == firm_id, _OPEN)
    )


def lapses(registers: Sequence[str]) -> Select[CertificateLapse]:
    """The list of these registers, the longest first."""
    return (
        select(CertificateLapse)
        .join(Firm, Firm.id == CertificateLapse.firm_id)
        .where(_OPEN, Firm.register_code.in_(registers))
        .order_by(func.coalesce(CertificateLapse.since, date(1970, 1, 1)), CertificateLapse.id)
        .options(joinedload(CertificateLapse.firm).joinedload(Firm.organisation))
    )


def waiting(registers: Sequence[str], now: datetime, limit: int) -> list[CertificateLapse]:
    """Those an officer goes on with: not asked to renew yet, or not renewed in time; none whose
    removal is under way."""
    removal = exists().where(
        Departure.firm_id == CertificateLapse.firm_id, Departure.ended_at.is_(None)
    )
    late = or_(CertificateLapse.renew_by.is_(None), CertificateLapse.renew_by <= now)
    query = lapses(registers).where(late, ~removal).limit(as_written(limit))
    return list(db.session.scalars(query))


def lapse_for(actor: Actor, public_id: str) -> CertificateLapse:
    """An entry of the list on a register the officer supervises; Missing otherwise."""
    found = by_public_id(CertificateLapse, public_id)
    if not supervises(actor, found.firm.register_code):
        raise Missing(public_id)
    return found


def ask_to_renew(row: CertificateLapse, actor: Actor, now: datetime) -> None:
    """Ask the firm for a valid certificate, by when it may be removed otherwise."""
    firm = row.firm
    lock(row)
    now = max(now, clock.now())
    if row.ended_at is not None:
        raise Conflict(_("该机构已有有效资质或者不再列入，请刷新页面查看"), rule="lapse.ended")
    if row.renew_by is not None and row.renew_by > now:
        raise Conflict(
            _("已要求补办，期限至 %(at)s", at=clock.written(row.renew_by)), rule="lapse.reminded"
        )
    values = queries.leaving_policy(firm.register_code, clock.local_day(now)).values
    first = row.since or clock.local_day(row.found_at)
    may_go = calendar.moment(first + timedelta(days=values.no_qualification_days), time(17, 0))
    heard = calendar.working_calendar().deadline(now, values.statement_working_days)
    row.reminded_at, row.reminded_by, row.renew_by = now, actor.user_id, max(may_go, heard)
    db.session.flush()
    audit.record("certificate_lapses.reminded", actor, row, now, renew_by=row.renew_by)
    until = clock.written(row.renew_by)
    send(
        firm.organisation_id,
        f"请于 {until} 前补办资质",
        "贵机构登记的资质均已过期或者未经核验，所承接事项已停止报名和接单。"
        f"请于 {until} 前在“资质”中登记有效证书；逾期未补办的，可以依规启动移出名录。",
        "/firm/qualifications",
        f"certificate_lapse:{row.id}:{now.isoformat()}",
        now,
        address=firm.organisation.email,
    )


def stopped(firm: Firm, day: date) -> list[str]:
    """The names of the items whose entries stand still for a firm without a certificate."""
    asking = set(items_asking(firm.register_code, day))
    items = queries.items_of(firm, day)
    offered = {each.item_code for each in queries.offerings(firm.id)} & asking
    return [items[code].name for code in sorted(offered) if code in items]


def counted(registers: Sequence[str]) -> int:
    """How many are on the list."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(CertificateLapse)
            .join(Firm, Firm.id == CertificateLapse.firm_id)
            .where(_OPEN, Firm.register_code.in_(registers))
        )
        or 0
    )
