"""Lists of bodies not decoupled as they were handed over, and what was decided about firms on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status

_LIVE = text("ended_at IS NULL")


class UploadStatus(Status):
    """Where an uploaded list stands."""

    READY = "ready", _l("待确认"), "warn"
    FAULTY = "faulty", _l("有错误"), "bad"
    CONFIRMED = "confirmed", _l("已确认"), "good"
    DISCARDED = "discarded", _l("已放弃"), "ended"


class DecouplingUpload(PublicIdMixin, LifecycleMixin, Model):
    """An uploaded list: its rows or the cells that cannot be used; confirmed by another officer."""

    __tablename__ = "decoupling_uploads"
    __table_args__ = (
        CheckConstraint("confirmed_by <> uploaded_by", name="two_officers"),
        CheckConstraint("(status = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed"),
        Index("ix_decoupling_uploads_place", "jurisdiction_code", "id"),
    )
    MOVES: ClassVar = {
        UploadStatus.READY: frozenset({UploadStatus.CONFIRMED, UploadStatus.DISCARDED}),
        UploadStatus.FAULTY: frozenset({UploadStatus.DISCARDED}),
    }

    status: Mapped[UploadStatus] = mapped_column(EnumText(UploadStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    document: Mapped[str] = mapped_column(String(200))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    uploaded_by: Mapped[int | None]
    uploaded_at: Mapped[datetime]
    confirmed_by: Mapped[int | None]
    confirmed_at: Mapped[datetime | None]
    rows: Mapped[list[Any]] = mapped_column(JSON, deferred=True)
    row_count: Mapped[int]
    problems: Mapped[list[Any]] = mapped_column(JSON, deferred=True)
    problem_count: Mapped[int]

    file: Mapped[StoredFile] = relationship()


class DecouplingEntry(PublicIdMixin, Model):
    """A body on the list of a place until a later list holds it no more, or holds it otherwise."""

    __tablename__ = "decoupling_entries"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_upload_id IS NULL)", name="ended"),
        Index(
            "uq_decoupling_entries_live",
            "jurisdiction_code",
            "credit_code",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    upload_id: Mapped[int] = mapped_column(ForeignKey("decoupling_uploads.id"))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    name: Mapped[str] = mapped_column(String(120), index=True)
    credit_code: Mapped[str] = mapped_column(String(18), index=True)
    department: Mapped[str] = mapped_column(String(120))
    tie: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
    ended_upload_id: Mapped[int | None] = mapped_column(ForeignKey("decoupling_uploads.id"))

    upload: Mapped[DecouplingUpload] = relationship(foreign_keys=[upload_id])


class DecouplingDecision(Model):
    """What an officer decided about a firm that stands on the list; the latest counts."""

    __tablename__ = "decoupling_decisions"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_decoupling_decisions_firm", "firm_id", "entry_id"),
    )

    entry_id: Mapped[int] = mapped_column(ForeignKey("decoupling_entries.id"))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    cleared: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    officer_id: Mapped[int | None]
    at: Mapped[datetime]
