"""The clocks of a call for windows of the hall: judges to confirm, marks to give."""

from __future__ import annotations

from sqlalchemy import func, select

from marketplace.intermediaries.hall.models import (
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallJudge,
    HallSheet,
    JudgeStatus,
)

from ..models import ClockKind
from .shape import Deadline

_CALL = ((HallCall, HallCall.id == HallJudge.call_id),)
_UNMARKED = (
    select(HallApplication.id)
    .where(
        HallApplication.call_id == HallCall.id,
        HallApplication.status == ApplicationStatus.RECEIVED,
        ~select(HallSheet.id)
        .where(HallSheet.judge_id == HallJudge.id, HallSheet.application_id == HallApplication.id)
        .correlate(HallJudge, HallApplication)
        .exists(),
    )
    .correlate(HallCall, HallJudge)
    .exists()
)

HALL: tuple[Deadline, ...] = (
    Deadline(
        ClockKind.HALL_JUDGE,
        of=HallJudge,
        whose=None,
        jurisdiction=HallCall.register_code,
        about=HallCall.title,
        page=HallCall.public_id,
        since=HallJudge.proposed_at,
        due=func.coalesce(HallCall.mark_by, HallCall.apply_by),
        joined=_CALL,
        running=(
            HallJudge.status == JudgeStatus.PROPOSED,
            HallCall.status.in_((CallStatus.OPEN, CallStatus.MARKING)),
        ),
    ),
    Deadline(
        ClockKind.HALL_MARKS,
        of=HallJudge,
        whose=HallJudge.organisation_id,
        jurisdiction=HallCall.register_code,
        about=HallCall.title,
        page=HallJudge.public_id,
        since=HallCall.status_since,
        due=HallCall.mark_by,
        joined=_CALL,
        running=(
            HallJudge.status == JudgeStatus.CONFIRMED,
            HallCall.status == CallStatus.MARKING,
            _UNMARKED,
        ),
    ),
)
