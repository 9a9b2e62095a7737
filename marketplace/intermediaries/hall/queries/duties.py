"""What a judge has to do, in every call he marks or marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, exists, func, literal_column, not_, or_, select
from sqlalchemy.orm import joinedload

from marketplace.foundation import clock
from marketplace.foundation.db import as_written, db, fetch

from ..models import (
    ApplicationStatus,
    CallStatus,
    HallApplication,
    HallCall,
    HallExplanation,
    HallJudge,
    HallSheet,
    JudgeStatus,
)
from .judges import explanations, sheets_by, to_explain
from .seats import edition_of

_BEFORE = (CallStatus.DRAFT, CallStatus.SUBMITTED, CallStatus.OPEN)
# a result under notice: who lies far off the mean explains it while objections may be raised
_SHOWN = (CallStatus.RANKED, CallStatus.QUESTIONED)
_APPOINTED = (JudgeStatus.CONFIRMED, JudgeStatus.RECUSED)
# neither withdrawn nor left out before it was ranked
_TO_MARK = or_(
    HallApplication.total.is_not(None),
    HallApplication.status.not_in((ApplicationStatus.WITHDRAWN, ApplicationStatus.SHUT_OUT)),
)


@dataclass(frozen=True)
class Duty:
    """One call of a judge: how many applications there are, how many he marked, how many totals
    he has yet to explain in public."""

    judge: HallJudge
    asked: int
    given: int
    explain: int
    now: datetime

    @property
    def call(self) -> HallCall:
        """The call."""
        return self.judge.call

    @property
    def left(self) -> int:
        """How many applications are left to mark now."""
        call = self.call
        if call.status is not CallStatus.MARKING or self.judge.status is not JudgeStatus.CONFIRMED:
            return 0
        if call.mark_by is None or self.now >= call.mark_by:
            return 0
        return max(self.asked - self.given, 0)

    @property
    def due(self) -> datetime | None:
        """By when: the end of the marking, or of the notice of the result; before it begins, the
        end of the applications."""
        if self.left:
            return self.call.mark_by
        if self.explain:
            return self.call.notice_ends_at
        return self.call.apply_by if self.is_ahead else None

    @property
    def is_open(self) -> bool:
        """Whether there is something to do now."""
        return bool(self.left or self.explain)

    @property
    def is_ahead(self) -> bool:
        """Whether the marking is yet to begin."""
        return self.call.status in _BEFORE and self.judge.status is JudgeStatus.CONFIRMED

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return not self.is_open and not self.is_ahead


_IS_JUDGE = (
    select(HallJudge.id)
    .where(HallJudge.user_id == bindparam("user_id"), HallJudge.status.in_(_APPOINTED))
    .limit(literal_column("1"))
)


def is_judge(user_id: int) -> bool:
    """Whether a person marks or marked a call."""
    return bool(fetch(_IS_JUDGE, user_id=user_id))


_OPEN = (
    select(HallJudge)
    .join(HallCall, HallCall.id == HallJudge.call_id)
    .where(
        HallJudge.user_id == bindparam("user_id"),
        HallJudge.status == JudgeStatus.CONFIRMED,
        or_(
            HallCall.status == CallStatus.MARKING,
            HallCall.status.in_(_SHOWN)
            & exists().where(
                HallSheet.judge_id == HallJudge.id,
                not_(exists().where(HallExplanation.sheet_id == HallSheet.id)),
            ),
        ),
    )
    .order_by(HallJudge.id)
)


def duties_open(user_id: int, now: datetime) -> list[Duty]:
    """The calls in which a person has something to mark or to explain now, next due first."""
    found = list(db.session.scalars(_OPEN, {"user_id": user_id}))
    return sorted((each for each in _duties(found, now) if each.is_open), key=_order)


def duties(user_id: int, now: datetime) -> list[Duty]:
    """Every call a person marks or marked: what is to be done first, then what is ahead, then what
    is over, the newest first."""
    found = db.session.scalars(
        select(HallJudge)
        .where(HallJudge.user_id == user_id, HallJudge.status.in_(_APPOINTED))
        .options(joinedload(HallJudge.call))
        .order_by(HallJudge.id.desc())
        .limit(as_written(100))
    )
    return sorted(_duties(list(found), now), key=_order)


def _order(each: Duty) -> tuple[int, bool, datetime]:
    place = 0 if each.is_open else 1 if each.is_ahead else 2
    return (place, each.due is None, each.due or each.now)


def _duties(found: Sequence[HallJudge], now: datetime) -> list[Duty]:
    if not found:
        return []
    asked = _counted(
        select(HallApplication.call_id, func.count())
        .where(
            HallApplication.call_id.in_([each.call_id for each in found]),
            _TO_MARK,
        )
        .group_by(HallApplication.call_id)
    )
    # marks of an application left out since count neither as given nor as asked for
    given = _counted(
        select(HallSheet.judge_id, func.count())
        .join(HallApplication, HallApplication.id == HallSheet.application_id)
        .where(
            HallSheet.judge_id.in_([each.id for each in found]),
            _TO_MARK,
        )
        .group_by(HallSheet.judge_id)
    )
    return [
        Duty(
            each,
            asked[each.call_id] if each.call.status not in _BEFORE else 0,
            given[each.id],
            _unexplained(each, now) if given[each.id] else 0,
            now,
        )
        for each in found
    ]


def _counted(query: Select[int, int]) -> Counter[int]:
    return Counter({row[0]: row[1] for row in db.session.execute(query)})


def _unexplained(judge: HallJudge, now: datetime) -> int:
    call = judge.call
    if call.status not in _SHOWN or judge.status is not JudgeStatus.CONFIRMED:
        return 0
    values = edition_of(call, clock.local_day(now)).values
    own = {each.id for each in sheets_by(judge).values()}
    asked = own & to_explain(call, values.spread_points)
    return len(asked - set(explanations(list(asked)))) if asked else 0
