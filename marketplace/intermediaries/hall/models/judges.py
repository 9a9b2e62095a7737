"""Judges of a call, what they gave, why a total lies far off."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation, User
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from .calls import HallApplication, HallCall


class JudgeStatus(Status):
    """Where the appointment of a judge stands."""

    PROPOSED = "proposed", _l("待确认"), "info"
    CONFIRMED = "confirmed", _l("已确认"), "good"
    REFUSED = "refused", _l("不予确认"), "ended"
    RECUSED = "recused", _l("已回避"), "ended"


class HallJudge(PublicIdMixin, LifecycleMixin, Model):
    """A person who marks the applications of one call, named by one officer, confirmed by another.

    Whoever is recused, by own declaration or found related to an applicant, marks nothing more and
    is not counted.
    """

    __tablename__ = "hall_judges"
    __table_args__ = (
        UniqueConstraint("call_id", "user_id"),
        CheckConstraint("confirmed_by <> proposed_by", name="two_officers"),
        CheckConstraint("user_id <> proposed_by", name="not_oneself"),
        CheckConstraint("user_id <> confirmed_by", name="not_confirmed_by_oneself"),
        CheckConstraint("status <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed"),
        CheckConstraint("(status IN ('refused', 'recused')) = (reason IS NOT NULL)", name="reason"),
    )
    MOVES: ClassVar = {
        JudgeStatus.PROPOSED: frozenset(
            {JudgeStatus.CONFIRMED, JudgeStatus.REFUSED, JudgeStatus.RECUSED}
        ),
        JudgeStatus.CONFIRMED: frozenset({JudgeStatus.RECUSED}),
    }

    call_id: Mapped[int] = mapped_column(ForeignKey("hall_calls.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    status: Mapped[JudgeStatus] = mapped_column(EnumText(JudgeStatus))
    speciality: Mapped[str] = mapped_column(String(60))
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[int | None]
    confirmed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))

    call: Mapped[HallCall] = relationship()
    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()


class HallSheet(Model):
    """What one judge gives one application: the tenths of every criterion, with the reason.

    Given once, append-only; nobody else reads it before the marking is over.
    """

    __tablename__ = "hall_sheets"
    __table_args__ = (
        UniqueConstraint("judge_id", "application_id"),
        CheckConstraint("total BETWEEN 0 AND 1000", name="total"),
    )

    judge_id: Mapped[int] = mapped_column(ForeignKey("hall_judges.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("hall_applications.id"), index=True)
    marks: Mapped[list[int]] = mapped_column(JSON)
    total: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    given_at: Mapped[datetime]

    judge: Mapped[HallJudge] = relationship()
    application: Mapped[HallApplication] = relationship()


class HallExplanation(Model):
    """Why a judge's total lies so far from the mean; published beside it, append-only."""

    __tablename__ = "hall_explanations"

    sheet_id: Mapped[int] = mapped_column(ForeignKey("hall_sheets.id"), unique=True)
    text: Mapped[str] = mapped_column(String(1000))
    given_at: Mapped[datetime]


append_only(HallSheet.__table__)  # type: ignore[arg-type]
append_only(HallExplanation.__table__)  # type: ignore[arg-type]
