"""Complaints about selections and what was decided on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.notices.models import Objection
from marketplace.projects.models import Need
from marketplace.selection.models import DrawAnnulment

from .rules import About

ABOUT_TITLES: dict[About, Any] = {
    About.RESULT: _l("选取结果或者对异议的答复"),
    About.OWNER: _l("项目业主在选取中的行为"),
    About.BUREAU: _l("管理机构及其工作人员的行为"),
}


class ComplaintStatus(Status):
    """Where a complaint stands."""

    FILED = "filed", _l("待受理"), "warn"
    ACCEPTED = "accepted", _l("办理中"), "info"
    REFUSED = "refused", _l("不予受理"), "ended"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"
    DISMISSED = "dismissed", _l("投诉不成立"), "ended"
    UPHELD = "upheld", _l("投诉成立"), "good"


OPEN = (ComplaintStatus.FILED, ComplaintStatus.ACCEPTED)
_OPEN = "status IN ('filed', 'accepted')"


class SelectionComplaint(PublicIdMixin, LifecycleMixin, Model):
    """A complaint of one organisation about one selection: facts, evidence, decision.

    ``due_at`` is until when it is accepted or refused, later until when it is decided.
    ``annulment_id`` is the proposal to annul the selection that an upheld one led to.
    """

    __tablename__ = "selection_complaints"
    __table_args__ = (
        Index(
            "uq_selection_complaints_open",
            "need_id",
            "organisation_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        CheckConstraint(
            "(status IN ('refused', 'dismissed', 'upheld')) = (decided_at IS NOT NULL)",
            name="decided",
        ),
        CheckConstraint(
            "(decided_at IS NULL) = (decision_reason IS NULL) "
            "AND (decided_at IS NULL) = (decided_by IS NULL)",
            name="reasoned",
        ),
        CheckConstraint("status <> 'accepted' OR accepted_at IS NOT NULL", name="accepted"),
        CheckConstraint("annulment_id IS NULL OR status = 'upheld'", name="annulment"),
    )
    MOVES: ClassVar = {
        ComplaintStatus.FILED: frozenset(
            {ComplaintStatus.ACCEPTED, ComplaintStatus.REFUSED, ComplaintStatus.WITHDRAWN}
        ),
        ComplaintStatus.ACCEPTED: frozenset(
            {ComplaintStatus.DISMISSED, ComplaintStatus.UPHELD, ComplaintStatus.WITHDRAWN}
        ),
    }

    status: Mapped[ComplaintStatus] = mapped_column(EnumText(ComplaintStatus))
    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    about: Mapped[About] = mapped_column(EnumText(About))
    objection_id: Mapped[int | None] = mapped_column(ForeignKey("objections.id"))
    facts: Mapped[str] = mapped_column(Text)
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    filed_by: Mapped[int | None]
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    accepted_by: Mapped[int | None]
    accepted_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    annulment_id: Mapped[int | None] = mapped_column(ForeignKey("draw_annulments.id"))

    need: Mapped[Need] = relationship()
    organisation: Mapped[Organisation] = relationship()
    objection: Mapped[Objection | None] = relationship()
    evidence_file: Mapped[StoredFile | None] = relationship()
    annulment: Mapped[DrawAnnulment | None] = relationship()

    replies: Mapped[list[ComplaintReply]] = relationship(
        back_populates="complaint", order_by="ComplaintReply.id"
    )

    @property
    def title(self) -> Any:
        """What it is about, for people."""
        return ABOUT_TITLES[self.about]


class ComplaintReply(PublicIdMixin, Model):
    """What one of those complained of says of it in writing: asked for when the complaint is taken
    on, until ``reply_by``; ``text`` None while nothing has come."""

    __tablename__ = "complaint_replies"
    __table_args__ = (
        UniqueConstraint("complaint_id", "organisation_id"),
        CheckConstraint(
            "(text IS NULL) = (replied_at IS NULL) AND (text IS NULL) = (replied_by IS NULL)",
            name="replied",
        ),
        CheckConstraint("file_id IS NULL OR text IS NOT NULL", name="file"),
        CheckConstraint("replied_at IS NULL OR replied_at < reply_by", name="in_time"),
    )

    complaint_id: Mapped[int] = mapped_column(ForeignKey("selection_complaints.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    asked_at: Mapped[datetime]
    reply_by: Mapped[datetime]
    text: Mapped[str | None] = mapped_column(Text)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    replied_by: Mapped[int | None]
    replied_at: Mapped[datetime | None]

    complaint: Mapped[SelectionComplaint] = relationship(back_populates="replies")
    organisation: Mapped[Organisation] = relationship()
    file: Mapped[StoredFile | None] = relationship()
