"""An appeal against a removal, and its review by the superior office."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.foundation import audit, clock, lifecycle, policy
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Refused
from marketplace.notices.actions import withdraw_notice
from marketplace.notices.models import NoticeStatus
from marketplace.notices.queries import latest
from marketplace.sanctions.appeals.queries import reviewing_offices

from ..file.actions.histories import keep_history
from ..file.actions.rechecking import named
from ..models import Firm, FirmStatus, Practitioner
from .actions import NOTICE_KIND, back_on_lists, post, said, tell_bureau, tell_firm
from .models import Departure, DepartureStatus
from .rules import LeavingPolicy


def appeal(departure: Departure, grounds: str, actor: Actor, now: datetime) -> None:
    """The firm appeals against its removal, once, in time; the decision stands meanwhile."""
    lock(departure)
    now = max(now, clock.now())
    until = departure.appeal_until
    if departure.status is not DepartureStatus.REMOVED or departure.appealed_at is not None:
        raise Conflict(_("目前没有可以申诉的决定"), rule="leaving.appeal")
    if until is None or now >= until:
        raise Conflict(_("申诉期限已过"), field="grounds", rule="leaving.appeal")
    values = policy.by_id(LeavingPolicy, departure.edition_id).values
    departure.appeal, departure.appealed_at = said(grounds, "grounds"), now
    departure.review_by = working_calendar().deadline(now, values.appeal_decision_working_days)
    lifecycle.move(departure, DepartureStatus.APPEALED, actor, now, check_at=departure.review_by)
    for office in reviewing_offices(departure.firm.register_code):
        post(departure, office.id, "收到申诉，请复核", departure.appeal, now)


def review(departure: Departure, revoked: bool, reason: str, actor: Actor, now: datetime) -> None:
    """The superior office upholds the removal or takes it back, by somebody without a part in it."""
    firm = departure.firm
    lock(firm)
    lock(departure)
    now = max(now, clock.now())
    people = {departure.begun_by, departure.proposed_by, departure.decided_by}
    if actor.user_id is None or actor.user_id in people:
        raise Refused(_("参与过原决定的人员不能复核"), rule="two_officers")
    if departure.status is not DepartureStatus.APPEALED:
        raise Conflict(_("该申诉已有复核结论，请刷新页面查看"), rule="lifecycle")
    departure.review_reason = said(reason, "reason")
    departure.reviewed_by, departure.reviewed_at = actor.user_id, now
    if revoked:
        lifecycle.move(departure, DepartureStatus.REVOKED, actor, now)
        notice = latest(NOTICE_KIND, departure)
        if notice is not None and notice.status is NoticeStatus.OPEN:
            withdraw_notice(notice, "申诉复核撤销原决定", actor, now)
        if firm.status is FirmStatus.REMOVED:
            _take_back_people(firm, departure.ended_at, actor, now)
            back_on_lists(firm, "申诉复核撤销移出决定", actor, now)
        words = "申诉复核结论：撤销移出决定"
    else:
        lifecycle.move(departure, DepartureStatus.REMOVED, actor, now)
        words = "申诉复核结论：维持移出决定"
    tell_firm(departure, words, departure.review_reason, now)
    tell_bureau(departure, words, departure.review_reason, now)


def _take_back_people(firm: Firm, since: datetime | None, actor: Actor, now: datetime) -> None:
    """Those the removal released, as far as they stand with no other firm by now."""
    taken = select(Practitioner.number).where(Practitioner.ended_at.is_(None))
    for row in db.session.scalars(
        select(Practitioner).where(
            Practitioner.firm_id == firm.id,
            Practitioner.ended_at == since,
            Practitioner.number.not_in(taken),
        )
    ).all():
        row.ended_at = None
        keep_history(firm, "practitioner", None, named(row), actor, now)
        audit.record("practitioner.registered", actor, row, now, firm=firm.id)
    db.session.flush()
