"""Reads about questions; none but ``question`` tells who asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select

from marketplace.foundation.db import as_written, db, fetch
from marketplace.foundation.finding import by_public_id
from marketplace.projects.models import Need, NeedStatus

from .models import NeedQuestion

_SAID = (
    select(
        NeedQuestion.public_id,
        NeedQuestion.question,
        NeedQuestion.asked_at,
        NeedQuestion.answer,
        NeedQuestion.answered_at,
    )
    .where(NeedQuestion.need_id == bindparam("need_id"))
    .order_by(NeedQuestion.id)
    .limit(as_written(500))
)


def said(need_id: int) -> Sequence[Row[Any]]:
    """The questions and answers of a need as the public reads them, oldest first."""
    return fetch(_SAID, need_id=need_id)


def own(need_id: int, organisation_id: int) -> list[str]:
    """The public ids of a firm's own questions about a need."""
    return list(
        db.session.scalars(
            select(NeedQuestion.public_id)
            .where(NeedQuestion.need_id == need_id, NeedQuestion.organisation_id == organisation_id)
            .order_by(NeedQuestion.id)
        )
    )


def count_of(need_id: int, organisation_id: int) -> int:
    """How many questions a firm has asked about a need."""
    return (
        db.session.scalar(
            select(func.count(NeedQuestion.id)).where(
                NeedQuestion.need_id == need_id, NeedQuestion.organisation_id == organisation_id
            )
        )
        or 0
    )


def question(public_id: str) -> NeedQuestion:
    """One question with whoever asked it; raises Missing."""
    return by_public_id(NeedQuestion, public_id)


def to_answer(owner_id: int, now: datetime) -> list[NeedQuestion]:
    """What an owner has not answered yet of needs that can still be entered, oldest first."""
    return list(
        db.session.scalars(
            select(NeedQuestion)
            .join(Need, Need.id == NeedQuestion.need_id)
            .where(
                Need.owner_id == owner_id,
                Need.status == NeedStatus.PUBLISHED,
                Need.entry_deadline > now,
                NeedQuestion.answer.is_(None),
            )
            .order_by(NeedQuestion.id)
            .limit(as_written(100))
        )
    )
