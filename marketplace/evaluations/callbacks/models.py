"""Draws of the sample, call-backs, and the attempts at each."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from ..models import Evaluation
from ..reviews.models import EvaluationReview


class CallbackList(PublicIdMixin, Model):
    """Every evaluation an area revealed in a month, listed before the sample can be known.

    `lines` are those of `rules.Listed` sorted as text; their hash stands in the audit ledger, and
    the draw is made from the head of the day on which it went there. `openings` say which
    evaluation each line is, in the order of the lines, and stay with auditors; lists made before
    lines were tokens have none.
    """

    __tablename__ = "callback_lists"
    __table_args__ = (UniqueConstraint("jurisdiction_code", "month"),)

    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    month: Mapped[date] = mapped_column(Date)
    lines: Mapped[list[str]] = mapped_column(JSON)
    openings: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    sha256: Mapped[str] = mapped_column(String(64))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    listed_at: Mapped[datetime]


append_only(CallbackList.__table__)  # type: ignore[arg-type]


class CallbackDraw(PublicIdMixin, Model):
    """The sample of one area's full marks of one month: what it was drawn from, and the seed.

    `population` holds tokens of a list's lines, `drawn` those drawn, in their order (public ids of
    evaluations where the list has no tokens); `population_sha256` is the hash of the month's list
    where there is one.
    """

    __tablename__ = "callback_draws"
    __table_args__ = (UniqueConstraint("jurisdiction_code", "month"),)

    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    month: Mapped[date] = mapped_column(Date)
    population: Mapped[list[str]] = mapped_column(JSON)
    population_sha256: Mapped[str] = mapped_column(String(64))
    head_seq: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    seed: Mapped[str] = mapped_column(String(64))
    drawn: Mapped[list[str]] = mapped_column(JSON)
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    drawn_at: Mapped[datetime]


append_only(CallbackDraw.__table__)  # type: ignore[arg-type]


class CallbackCause(Titled):
    """Why an evaluation is called back."""

    LOW = "low", _l("低分评价")
    SAMPLED = "sampled", _l("满分评价抽中")


class CallbackStatus(Status):
    """What a call-back found."""

    WAITING = "waiting", _l("待回访"), "info"
    CONFIRMED = "confirmed", _l("属实"), "good"
    DENIED = "denied", _l("不属实"), "bad"
    UNREACHED = "unreached", _l("未接通"), "warn"


class EvaluationCallback(PublicIdMixin, LifecycleMixin, Model):
    """One evaluation to be checked with whoever gave it: one call-back each.

    `questions` are those of the edition when it was opened; `month` is that of the reveal.
    """

    __tablename__ = "evaluation_callbacks"
    __table_args__ = (
        UniqueConstraint("evaluation_id"),
        Index("ix_evaluation_callbacks_area", "jurisdiction_code", "month"),
        CheckConstraint("(status = 'waiting') = (done_at IS NULL)", name="done"),
        CheckConstraint("(cause = 'sampled') = (draw_id IS NOT NULL)", name="drawn"),
        CheckConstraint("due_at > opened_at", name="period"),
    )
    MOVES: ClassVar = {
        CallbackStatus.WAITING: frozenset(
            {CallbackStatus.CONFIRMED, CallbackStatus.DENIED, CallbackStatus.UNREACHED}
        ),
    }

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"))
    cause: Mapped[CallbackCause] = mapped_column(EnumText(CallbackCause))
    draw_id: Mapped[int | None] = mapped_column(ForeignKey("callback_draws.id"))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    month: Mapped[date] = mapped_column(Date)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    questions: Mapped[list[str]] = mapped_column(JSON)
    answers: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    note: Mapped[str | None] = mapped_column(String(1000))
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    done_by: Mapped[int | None]
    done_at: Mapped[datetime | None]
    review_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation_reviews.id"))
    status: Mapped[CallbackStatus] = mapped_column(EnumText(CallbackStatus))

    evaluation: Mapped[Evaluation] = relationship()
    evidence_file: Mapped[StoredFile | None] = relationship()
    review: Mapped[EvaluationReview | None] = relationship()
    attempts: Mapped[list[CallbackAttempt]] = relationship(order_by="CallbackAttempt.id")


class AttemptOutcome(Titled):
    """How an attempt to reach somebody ended."""

    NO_ANSWER = "no_answer", _l("无人接听")
    WRONG_NUMBER = "wrong_number", _l("号码有误")
    LATER = "later", _l("对方要求改时间")


class CallbackAttempt(Model):
    """One attempt that reached nobody who answered, append-only."""

    __tablename__ = "callback_attempts"

    callback_id: Mapped[int] = mapped_column(ForeignKey("evaluation_callbacks.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[int | None]
    outcome: Mapped[AttemptOutcome] = mapped_column(EnumText(AttemptOutcome))
    note: Mapped[str | None] = mapped_column(String(300))


append_only(CallbackAttempt.__table__)  # type: ignore[arg-type]
