"""Replies to evaluations, and the reviews in which one may be excluded."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from ..models import Evaluation


class EvaluationReply(Model):
    """What the side that was marked publishes beside the marks: once, never changed."""

    __tablename__ = "evaluation_replies"

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"), unique=True)
    text: Mapped[str] = mapped_column(String(500))
    given_at: Mapped[datetime]
    given_by: Mapped[int | None]

    evaluation: Mapped[Evaluation] = relationship()


append_only(EvaluationReply.__table__)  # type: ignore[arg-type]


class ReviewCause(Titled):
    """Why an evaluation is looked into."""

    DISPUTE = "dispute", _l("被评价方提出异议")
    CALLBACK = "callback", _l("回访不属实")
    SCREEN = "screen", _l("评价提示经核实需要核查")


class ReviewStatus(Status):
    """Where the review of an evaluation stands."""

    OPEN = "open", _l("调查中"), "info"
    PROPOSED = "proposed", _l("建议剔除，待决定"), "warn"
    KEPT = "kept", _l("维持评价"), "ended"
    EXCLUDED = "excluded", _l("已剔除"), "bad"


_LIVE = "status IN ('open', 'proposed')"


class EvaluationReview(PublicIdMixin, LifecycleMixin, Model):
    """An evaluation looked into by officers: kept, or excluded by another than who proposed it.

    An excluded evaluation stays in the record; `reversal_entry_id` is the ledger entry that takes
    it out of the reckoning.
    """

    __tablename__ = "evaluation_reviews"
    __table_args__ = (
        Index(
            "uq_evaluation_reviews_live",
            "evaluation_id",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index(
            "uq_evaluation_reviews_excluded",
            "evaluation_id",
            unique=True,
            sqlite_where=text("status = 'excluded'"),
            postgresql_where=text("status = 'excluded'"),
        ),
        Index(
            "uq_evaluation_reviews_dispute",
            "evaluation_id",
            unique=True,
            sqlite_where=text("cause = 'dispute'"),
            postgresql_where=text("cause = 'dispute'"),
        ),
        CheckConstraint(
            "(status = 'excluded') = (reversal_entry_id IS NOT NULL)", name="reversed_by_an_entry"
        ),
        CheckConstraint("decided_by <> proposed_by", name="two_officers"),
        CheckConstraint(
            "status NOT IN ('kept', 'excluded') OR decision_reason IS NOT NULL", name="reasons"
        ),
        CheckConstraint("due_at > opened_at", name="period"),
        CheckConstraint("(cause = 'screen') = (flag_id IS NOT NULL)", name="flagged"),
    )
    MOVES: ClassVar = {
        ReviewStatus.OPEN: frozenset({ReviewStatus.PROPOSED, ReviewStatus.KEPT}),
        ReviewStatus.PROPOSED: frozenset({ReviewStatus.EXCLUDED, ReviewStatus.KEPT}),
    }

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"), index=True)
    cause: Mapped[ReviewCause] = mapped_column(EnumText(ReviewCause))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    grounds: Mapped[str] = mapped_column(String(1000))
    flag_id: Mapped[int | None] = mapped_column(ForeignKey("evaluation_flags.id"), index=True)
    filed_by_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    opened_by: Mapped[int | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    finding: Mapped[str | None] = mapped_column(String(1000))
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(String(1000))
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    reversal_entry_id: Mapped[int | None] = mapped_column(ForeignKey("rating_ledger.id"))
    status: Mapped[ReviewStatus] = mapped_column(EnumText(ReviewStatus))

    evaluation: Mapped[Evaluation] = relationship()
