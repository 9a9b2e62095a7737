"""Public notices and objections."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status

KIND_TITLES: dict[str, Any] = {
    "award": _l("中选结果公示"),
    "complaint": _l("投诉处理决定公告"),
    "admission": _l("入驻公示"),
    "hall_call": _l("大厅窗口征集公告"),
    "hall_result": _l("大厅窗口征集结果公示"),
    "grade": _l("信用等级公示"),
    "sanction": _l("处理决定公告"),
    "catalogue": _l("事项清单公示"),
    "fee_list": _l("收费目录清单公告"),
    "policy": _l("规则征求意见"),
    "rating_rule": _l("评定规则公告"),
}


class NoticeStatus(Status):
    """Where a notice stands."""

    OPEN = "open", _l("公示中"), "info"
    ENDED = "ended", _l("公示结束"), "ended"
    UPHELD = "upheld", _l("异议成立"), "bad"
    WITHDRAWN = "withdrawn", _l("已撤销"), "ended"


class ObjectionStatus(Status):
    """Where an objection stands."""

    PENDING = "pending", _l("待答复"), "warn"
    OVERDUE = "overdue", _l("超期未答复"), "bad"
    UPHELD = "upheld", _l("异议成立"), "good"
    REJECTED = "rejected", _l("异议不成立"), "ended"


UNANSWERED = (ObjectionStatus.PENDING, ObjectionStatus.OVERDUE)


class PublicNotice(PublicIdMixin, LifecycleMixin, Model):
    """Something shown to the public until ``ends_at``; ``subject_*`` name what it is about.

    ``lasting`` notices stay readable after their end; the others (a sanction's) leave the public
    pages with it.
    """

    __tablename__ = "public_notices"
    __table_args__ = (
        CheckConstraint("ends_at > published_at", name="period"),
        Index("ix_public_notices_subject", "subject_type", "subject_id", "kind"),
        Index("ix_public_notices_list", "status", "published_at"),
    )
    MOVES: ClassVar = {
        NoticeStatus.OPEN: frozenset(
            {NoticeStatus.ENDED, NoticeStatus.UPHELD, NoticeStatus.WITHDRAWN}
        ),
    }

    status: Mapped[NoticeStatus] = mapped_column(EnumText(NoticeStatus))
    kind: Mapped[str] = mapped_column(String(30))
    subject_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str | None] = mapped_column(String(300))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    published_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    objectable: Mapped[bool]
    lasting: Mapped[bool]

    objections: Mapped[list[Objection]] = relationship(
        back_populates="notice", order_by="Objection.id"
    )

    @property
    def kind_title(self) -> Any:
        """What kind of notice it is, for people."""
        return KIND_TITLES.get(self.kind, self.kind)


class Objection(PublicIdMixin, LifecycleMixin, Model):
    """An organisation's objection to a notice, answered by the bureau by ``due_at``."""

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint(
            "(status IN ('upheld', 'rejected')) = (answered_at IS NOT NULL)", name="answered"
        ),
        CheckConstraint("answered_by <> filed_by", name="answered_by_another"),
        Index(
            "uq_objections_unanswered",
            "notice_id",
            "organisation_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
    )
    MOVES: ClassVar = {
        ObjectionStatus.PENDING: frozenset(
            {ObjectionStatus.OVERDUE, ObjectionStatus.UPHELD, ObjectionStatus.REJECTED}
        ),
        ObjectionStatus.OVERDUE: frozenset({ObjectionStatus.UPHELD, ObjectionStatus.REJECTED}),
    }

    status: Mapped[ObjectionStatus] = mapped_column(EnumText(ObjectionStatus))
    notice_id: Mapped[int] = mapped_column(ForeignKey("public_notices.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    filed_by: Mapped[int | None]
    filed_at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]

    notice: Mapped[PublicNotice] = relationship(back_populates="objections")
    organisation: Mapped[Organisation] = relationship()
