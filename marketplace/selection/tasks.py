"""What becomes due in the choosing of firms: closing, draws, notices, acceptances."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, select

from marketplace.foundation import tasks
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db, fetch, lock
from marketplace.foundation.errors import Missing
from marketplace.notices.models import UNANSWERED, Objection, PublicNotice
from marketplace.projects.models import Need, NeedStatus

from . import actions, queries
from .models import Award, AwardStatus, SelectionRound
from .talks.actions import lapse
from .talks.models import Talk

WITHDRAWN, ANSWERED = "selection_rounds.end_withdrawn", "needs.answered"


def advance_due() -> int:
    """Advance every need that is due, and end the rounds of withdrawn needs; safe to run twice."""
    done = tasks.sweep(Need, actions.advance_need)
    done += tasks.advance_each(WITHDRAWN, _withdrawn, _end_withdrawn)
    done += tasks.advance_each(ANSWERED, _answered, _go_on)
    done += tasks.sweep(Talk, lapse, held_before=_need_of_talk)
    told: int = tasks.where_found(queries.any_to_confirm, actions.tell_corrected)
    return done + told


def _need_of_talk(talk_id: int) -> None:
    talk = db.session.get(Talk, talk_id)
    if talk is not None:
        lock(talk.entry.need)


@cache
def _answered_rows() -> Select[int]:
    """Needs whose award waited past its notice for objections that are all answered by now, or
    for an annulment that was refused."""
    waiting = (
        select(Objection.id)
        .join(PublicNotice, PublicNotice.id == Objection.notice_id)
        .where(
            PublicNotice.subject_type == Award.__tablename__,
            PublicNotice.subject_id == Award.id,
            Objection.status.in_(UNANSWERED),
        )
    )
    return (
        select(Need.id)
        .join(Award, Award.need_id == Need.id)
        .where(
            Need.status == NeedStatus.AWARDED,
            Need.next_check_at.is_(None),
            Award.status == AwardStatus.ANNOUNCED,
            Award.notice_ends_at <= bindparam("now"),
            ~waiting.exists(),
            ~queries.undecided_annulment(),
        )
        .order_by(Need.id)
    )


def _answered(now: datetime) -> list[int]:
    return [row.id for row in fetch(_answered_rows(), now=now)]


def _go_on(need_id: int, actor: Actor, now: datetime) -> int:
    need = lock(db.session.get_one(Need, need_id))
    if need.status is not NeedStatus.AWARDED or need.next_check_at is not None:
        return 0  # another worker was first
    actions.advance_need(need, actor, now)
    return 1


@cache
def _withdrawn_rows() -> Select[int]:
    return (
        select(SelectionRound.id)
        .join(Need, Need.id == SelectionRound.need_id)
        .where(
            Need.status == NeedStatus.WITHDRAWN,
            SelectionRound.status.not_in([*queries.ENDED_ROUNDS, "failed"]),
        )
        .order_by(SelectionRound.need_id)
    )


def _withdrawn(_now: datetime) -> list[int]:
    return [row.id for row in fetch(_withdrawn_rows())]


def _end_withdrawn(round_id: int, actor: Actor, now: datetime) -> int:
    try:
        actions.end_withdrawn(db.session.get_one(SelectionRound, round_id), actor, now)
    except Missing:
        return 0  # another worker was first
    return 1
