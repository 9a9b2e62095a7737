"""Questions about needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import Model, PublicIdMixin
from marketplace.projects.models import Need

LONGEST_QUESTION, LONGEST_ANSWER = 500, 1000


class NeedQuestion(PublicIdMixin, Model):
    """A question of a firm that could enter, and the owner's answer; both public at once.

    ``organisation_id`` is who asked: no page shows it but to the firm itself and, on a reason,
    to an auditor.
    """

    __tablename__ = "need_questions"
    __table_args__ = (
        CheckConstraint("length(question) > 0", name="question"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by IS NULL)",
            name="answered",
        ),
        CheckConstraint("answered_at >= asked_at", name="after_question"),
        Index("ix_need_questions_need", "need_id", "id"),
        Index("ix_need_questions_asker", "organisation_id", "need_id"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[int | None]
    question: Mapped[str] = mapped_column(String(LONGEST_QUESTION))
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(String(LONGEST_ANSWER))
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]

    need: Mapped[Need] = relationship()
    organisation: Mapped[Organisation] = relationship()
