"""年度自查: once a year a firm says point by point that what it was listed for still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import moment
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid
from marketplace.notifications.actions import send

from ...models import Firm, FirmStatus
from .. import queries
from ..models import SelfCheck, SelfCheckStatus
from ..rules import FilePolicy, last_day, next_day
from .people import REMIND_AT

RULE = "file.self_check"
POINTS = {
    "licence": _l("营业执照（登记证书）信息与现状一致"),
    "qualifications": _l("资质证书有效，等级和范围未变"),
    "practitioners": _l("登记的执业人员仍在本机构执业"),
    "decoupling": _l("与行政机关没有隶属和利益关系"),
    "commitments": _l("价格、时限承诺仍然有效并已履行"),
}


@dataclass(frozen=True)
class Answer:
    """Whether a point still holds; where not, what changed."""

    holds: bool
    note: str = ""


def open_self_check(firm_id: int, year: int, actor: Actor, now: datetime) -> int:
    """Open the self-check of a year for a firm; returns 1, or 0 where it is open already."""
    firm = db.session.get_one(Firm, firm_id)
    lock(firm)
    if queries.check_of_year(firm_id, year) is not None or not _on_register(firm):
        return 0
    today = clock.local_day(now)
    edition = queries.file_policy(firm.register_code, today)
    last = last_day(edition.values, year)
    due = moment(last + timedelta(days=1), time(0, 0))
    row = SelfCheck(
        firm_id=firm_id,
        year=year,
        edition_id=edition.id,
        opened_at=now,
        due_at=due,
        answers={},
        paused=False,
    )
    lifecycle.begin(
        row, SelfCheckStatus.OPEN, actor, now, check_at=_next(edition.values, last, now)
    )
    _tell(row, f"请完成 {year} 年度自查", f"请于 {_end_of(last)} 前逐项确认。", "opened", now)
    return 1


def confirm_self_check(
    row: SelfCheck, answers: Mapping[str, Answer], actor: Actor, now: datetime
) -> None:
    """The firm answers every point, late too; where one no longer holds it says what changed.

    A firm paused for being late takes orders again.
    """
    firm = row.firm
    lock(firm)
    lock(row)
    now = max(now, clock.now())
    if row.status is SelfCheckStatus.CONFIRMED:
        raise Conflict(_("%(year)d 年度自查已经完成", year=row.year), rule=RULE)
    if set(answers) != set(POINTS):
        raise Invalid(_("请逐项作出自查结论"), rule=RULE)
    for code, answer in answers.items():
        if not answer.holds and not answer.note.strip():
            raise Invalid(_("请写明有何变化"), field=f"{code}_note", rule=RULE)
    row.answers = {
        code: {"holds": answers[code].holds, "note": answers[code].note.strip()} for code in POINTS
    }
    row.confirmed_by = actor.user_id
    row.confirmed_at = now
    if row.paused:
        firm.paused = False
        row.paused = False
    changed = [code for code in POINTS if not answers[code].holds]
    lifecycle.move(row, SelfCheckStatus.CONFIRMED, actor, now, changed=changed)


def advance_self_check(row: SelfCheck, actor: Actor, now: datetime) -> None:
    """Remind; when the time is over, say so and by edition let the firm take no orders."""
    row.next_check_at = None
    if row.status is not SelfCheckStatus.OPEN or not _on_register(row.firm):
        return
    values = policy.by_id(FilePolicy, row.edition_id).values
    last = last_day(values, row.year)
    if now < row.due_at:
        left = (last - clock.local_day(now)).days
        _tell(
            row,
            f"{row.year} 年度自查将于 {left} 天后到期",
            f"请于 {_end_of(last)} 前逐项确认。",
            f"left:{left}",
            now,
        )
        row.next_check_at = _next(values, last, now)
        return
    pauses = values.self_check_pauses and not row.firm.paused
    if pauses:
        row.firm.paused = True
        row.paused = True
        audit.record("firm.availability", actor, row.firm, now, paused=True, self_check=row.id)
    lifecycle.move(row, SelfCheckStatus.OVERDUE, actor, now, paused=pauses)
    paused = "已暂停接单，完成自查后恢复。" if pauses else ""
    _tell(row, f"{row.year} 年度自查逾期", f"请立即完成自查。{paused}", "overdue", now)


def _end_of(last: date) -> str:
    """The end of the last day as pages write it."""
    return f"{clock.written_day(last)} 24:00"


def _on_register(firm: Firm) -> bool:
    return firm.status in (FirmStatus.LISTED, FirmStatus.QUESTIONED)


def _next(values: FilePolicy, last: date, now: datetime) -> datetime:
    day = next_day(last, clock.local_day(now), values.self_check_reminder_days)
    return moment(day, REMIND_AT) if day else moment(last + timedelta(days=1), time(0, 0))


def _tell(row: SelfCheck, what: str, body: str, occasion: str, now: datetime) -> None:
    firm = row.firm
    send(
        firm.organisation_id,
        what,
        body,
        "/firm/self-check",
        f"self_check:{row.id}:{occasion}",
        now,
        address=firm.organisation.email,
    )
