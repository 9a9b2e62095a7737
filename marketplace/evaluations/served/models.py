"""What the served said of matters the bureau handled, and the call-backs of bad ones."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled


class MatterKind(Titled):
    """What the bureau handled and decided."""

    ADMISSION = "admission", _l("入驻申请")
    OBJECTION = "objection", _l("公示异议答复")
    REVIEW = "review", _l("评价异议核查")
    APPEAL = "appeal", _l("申诉复核")
    REPAIR = "repair", _l("信用修复申请")


class Satisfaction(Titled):
    """The five grades."""

    VERY_GOOD = "very_good", _l("非常满意")
    GOOD = "good", _l("满意")
    FAIR = "fair", _l("基本满意")
    BAD = "bad", _l("不满意")
    VERY_BAD = "very_bad", _l("非常不满意")

    @property
    def is_bad(self) -> bool:
        """Needs a reason and is called back."""
        return self in BAD


BAD = (Satisfaction.BAD, Satisfaction.VERY_BAD)


class ServiceRating(PublicIdMixin, Model):
    """One organisation's rating of one handled matter, append-only.

    ``subject_id`` and ``round`` name the matter within its kind; ``handled_by`` and ``decided_by``
    are the officers who handled it, who have no part in the call-back.
    """

    __tablename__ = "service_ratings"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "round"),
        Index("ix_service_ratings_area", "jurisdiction_code", "given_at"),
        CheckConstraint(
            "grade NOT IN ('bad', 'very_bad') OR reason IS NOT NULL", name="bad_has_reason"
        ),
        CheckConstraint(
            "given_by IS NULL OR ((handled_by IS NULL OR given_by <> handled_by) "
            "AND given_by <> decided_by)",
            name="never_the_staff",
        ),
    )

    kind: Mapped[MatterKind] = mapped_column(EnumText(MatterKind))
    subject_id: Mapped[int]
    round: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    handled_by: Mapped[int | None]
    decided_by: Mapped[int]
    decided_at: Mapped[datetime]
    grade: Mapped[Satisfaction] = mapped_column(EnumText(Satisfaction))
    reason: Mapped[str | None] = mapped_column(String(1000))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    given_at: Mapped[datetime]
    given_by: Mapped[int | None]

    organisation: Mapped[Organisation] = relationship()


append_only(ServiceRating.__table__)  # type: ignore[arg-type]


class FollowUpStatus(Status):
    """Where the call-back of a bad rating stands."""

    OPEN = "open", _l("待回访"), "warn"
    ANSWERED = "answered", _l("已答复"), "good"


class FollowUpOutcome(Titled):
    """What came of a call-back."""

    MENDED = "mended", _l("情况属实，已改正")
    EXPLAINED = "explained", _l("已向对方说明")
    UNREACHED = "unreached", _l("多次联系未果")


class ServiceFollowUp(PublicIdMixin, LifecycleMixin, Model):
    """The call-back of a bad rating: by an officer who had no part in the matter, in time."""

    __tablename__ = "service_follow_ups"
    __table_args__ = (
        CheckConstraint(
            "(status = 'answered') = (answered_at IS NOT NULL) AND "
            "(answered_at IS NULL) = (answer IS NULL) AND "
            "(answered_at IS NULL) = (outcome IS NULL)",
            name="answered",
        ),
        CheckConstraint("due_at > opened_at", name="period"),
    )
    MOVES: ClassVar = {FollowUpStatus.OPEN: frozenset({FollowUpStatus.ANSWERED})}

    rating_id: Mapped[int] = mapped_column(ForeignKey("service_ratings.id"), unique=True)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    outcome: Mapped[FollowUpOutcome | None] = mapped_column(EnumText(FollowUpOutcome))
    answer: Mapped[str | None] = mapped_column(String(1000))
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    status: Mapped[FollowUpStatus] = mapped_column(EnumText(FollowUpStatus))

    rating: Mapped[ServiceRating] = relationship()
