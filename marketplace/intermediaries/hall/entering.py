"""A listed firm's application to a call: sent, changed, withdrawn, until its deadline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import audit, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import lock
from marketplace.foundation.errors import Conflict, Invalid

from ..models import Firm
from . import asking, queries
from .models import ApplicationStatus, CallStatus, HallApplication, HallCall

SHORTEST, LONGEST = 5, 1000


def apply_to_call(
    call: HallCall, firm: Firm, answers: Mapping[str, str], actor: Actor, now: datetime
) -> HallApplication:
    """Apply, or change what was sent. ``answers`` by the position of the criterion.

    The call is locked and the clock read again: an application is in before the deadline, or
    refused. Raises Conflict naming the rule that keeps the firm out, Invalid for an answer.
    """
    now = _in_time(call, now)
    asking.must_be_free(firm, call, now)
    said = {}
    for each in call.criteria:
        text = answers.get(str(each.position), "").strip()
        if not SHORTEST <= len(text) <= LONGEST:
            raise Invalid(
                _("请对照评分项逐项说明，%(min)d 到 %(max)d 个字", min=SHORTEST, max=LONGEST),
                field=f"answer_{each.position}",
                rule="hall.answer",
            )
        said[str(each.position)] = text
    found = queries.application_of(call, firm.id)
    if found is None:
        found = HallApplication(
            call_id=call.id,
            firm_id=firm.id,
            organisation_id=firm.organisation_id,
            answers=said,
            received_at=now,
            sent_by=actor.user_id,
        )
        lifecycle.begin(found, ApplicationStatus.RECEIVED, actor, now)
        return found
    lock(found)
    found.answers, found.received_at, found.sent_by = said, now, actor.user_id
    if found.status is ApplicationStatus.WITHDRAWN:
        lifecycle.move(found, ApplicationStatus.RECEIVED, actor, now)
    else:
        audit.record("hall_application.edited", actor, found, now)
    return found


def withdraw_application(found: HallApplication, actor: Actor, now: datetime) -> None:
    """Take an application back before the deadline."""
    now = _in_time(found.call, now)
    lock(found)
    lifecycle.move(found, ApplicationStatus.WITHDRAWN, actor, now)


def _in_time(call: HallCall, now: datetime) -> datetime:
    lock(call)
    now = max(now, clock.now())
    if call.status is not CallStatus.OPEN or call.apply_by is None or now >= call.apply_by:
        raise Conflict(_("申请已截止，不能再提交、修改或撤回"), rule="hall.deadline")
    return now
