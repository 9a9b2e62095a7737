"""What the demo's bureaus do about marks: call-backs, a reply, a dispute, an exclusion."""

from __future__ import annotations

from datetime import time, timedelta

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.evaluations.callbacks import actions as calling
from marketplace.evaluations.callbacks.models import (
    AttemptOutcome,
    CallbackCause,
    CallbackStatus,
    EvaluationCallback,
)
from marketplace.evaluations.reviews import actions as reviewing
from marketplace.evaluations.reviews.models import EvaluationReview, ReviewStatus
from marketplace.evaluations.rules import Direction
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.supervision.inspections import actions as inspecting
from marketplace.supervision.inspections.models import ContractInspection, InspectionStatus

from .agenda import Days, Story
from .people import CITY, COUNTY, Cast

SECOND_CITY = "379800"
AFTERNOON = time(14, 30)
# area: who calls, who decides
DESKS = {
    CITY: ("jingban", "shenpi"),
    COUNTY: ("ap-jingban", "ap-shenpi"),
    SECOND_CITY: ("wc-jingban", "wc-shenpi"),
}
EVERY = 4
SAID = (
    "已接受全部约定的服务",
    "由经办人员填写，无人代填",
    "与实际情况一致",
    "没有",
)
UNTRUE = (
    "已接受服务",
    "经办人员称未登录填写，由他人代填",
    "与实际情况不一致",
    "没有",
)


def _desk(jurisdiction_code: str) -> tuple[str, str]:
    """Who calls and who decides in the bureau that looks after an area."""
    return next(DESKS[code] for code in accounts.lineage(jurisdiction_code) if code in DESKS)


def called_back(cast: Cast, days: Days, first: int) -> Story:
    """The bureaus make their call-backs every few days; the newest still wait at the end."""
    for before in range(first, 1, -EVERY):
        yield days.at(before, AFTERNOON)
        _call(cast)
        _inspect(cast)


def _inspect(cast: Cast) -> None:
    """Contracts of firms under key supervision are inspected within the edition's days."""
    with transaction():
        now = clock.now()
        for found in db.session.scalars(
            select(ContractInspection)
            .where(
                ContractInspection.status == InspectionStatus.DUE,
                ContractInspection.opened_at < now - timedelta(days=9),
            )
            .order_by(ContractInspection.id)
        ).all():
            operator, _approver = _desk(found.jurisdiction_code)
            if operator not in cast.officers:
                continue
            inspecting.record_outcome(
                found,
                InspectionStatus.SOUND,
                f"重点监管检查〔{clock.local_day(now).year}〕{found.id}号",
                "查阅成果底稿、人员到位和收费凭证，与合同约定一致",
                None,
                cast.officers[operator].actor,
                now,
            )


def _call(cast: Cast) -> None:
    with transaction():
        now = clock.now()
        waiting = db.session.scalars(
            select(EvaluationCallback)
            .where(
                EvaluationCallback.status == CallbackStatus.WAITING,
                EvaluationCallback.opened_at < now - timedelta(days=3),
            )
            .order_by(EvaluationCallback.id)
        ).all()
        for callback in waiting:
            operator, approver = _desk(callback.jurisdiction_code)
            if operator not in cast.officers:
                continue
            actor = cast.officers[operator].actor
            if callback.id % 3 == 0:
                calling.note_attempt(callback, AttemptOutcome.NO_ANSWER, "", actor, now)
            # what is true is most of it
            if callback.cause is CallbackCause.SAMPLED and callback.id % 5 == 0:
                calling.conclude(
                    callback,
                    CallbackStatus.DENIED,
                    UNTRUE,
                    "经办人员称未作出该评价，与登录记录核对不符",
                    None,
                    actor,
                    now,
                )
                if callback.review is not None:
                    reviewing.exclude(
                        callback.review,
                        "回访和登录记录均表明评价不是评价方作出",
                        cast.officers[approver].actor,
                        now,
                    )
            else:
                calling.conclude(callback, CallbackStatus.CONFIRMED, SAID, "", None, actor, now)


def disputed(cast: Cast, days: Days, before: int) -> Story:
    """A firm replies to a low mark and disputes it; the bureau finds that the mark stands."""
    yield days.at(before)
    review_id = None
    with transaction():
        now = clock.now()
        low = db.session.scalars(
            select(EvaluationCallback)
            .where(EvaluationCallback.cause == CallbackCause.LOW)
            .order_by(EvaluationCallback.id.desc())
        ).all()
        for callback in low:
            given = callback.evaluation
            people = {person.organisation_id: person for person in cast.firms.values()}
            person = people.get(given.about_organisation_id)
            late = now >= reviewing.queries.dispute_until(given)
            if given.direction is not Direction.OWNER_TO_FIRM or person is None or late:
                continue
            reviewing.reply(
                given, "首次提交确有缺项，已于两日内补齐并经验收合格", person.actor, now
            )
            grounds = "缺项系业主资料迟交所致，补齐后一次验收合格，评分偏低"
            review_id = reviewing.dispute(given, grounds, person.actor, now).id
            break
    if review_id is None:
        return
    yield days.at(before - 3)
    with transaction():
        review = db.session.get_one(EvaluationReview, review_id)
        if review.status is ReviewStatus.OPEN:
            reviewing.keep(
                review,
                "经调取退回记录，首次提交缺少约定的附件，与业主资料提交时间无关，评价有事实依据",
                cast.officers[_desk(review.jurisdiction_code)[0]].actor,
                clock.now(),
            )
