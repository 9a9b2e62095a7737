"""Imports of the national list, and its records."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status

_LIVE = text("ended_at IS NULL")


class NationalImportStatus(Status):
    """Where an uploaded list stands."""

    READY = "ready", _l("待确认"), "warn"
    FAULTY = "faulty", _l("有错误"), "bad"
    CONFIRMED = "confirmed", _l("已确认"), "good"
    DISCARDED = "discarded", _l("已放弃"), "ended"


class NationalImport(PublicIdMixin, LifecycleMixin, Model):
    """An uploaded list: its rows or the cells that cannot be used; confirmed by another officer."""

    __tablename__ = "national_imports"
    __table_args__ = (
        CheckConstraint("confirmed_by <> uploaded_by", name="two_officers"),
        CheckConstraint("(status = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed"),
        Index("ix_national_imports_place", "jurisdiction_code", "id"),
    )
    MOVES: ClassVar = {
        NationalImportStatus.READY: frozenset(
            {NationalImportStatus.CONFIRMED, NationalImportStatus.DISCARDED}
        ),
        NationalImportStatus.FAULTY: frozenset({NationalImportStatus.DISCARDED}),
    }

    status: Mapped[NationalImportStatus] = mapped_column(EnumText(NationalImportStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
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


class NationalRecord(PublicIdMixin, Model):
    """One listing of one body, from the first to the last instant of its days (Shanghai).

    ``ended_at``: a later import holds it no more, or holds it otherwise.
    """

    __tablename__ = "national_records"
    __table_args__ = (
        CheckConstraint("until_at > from_at", name="period"),
        CheckConstraint("(ended_at IS NULL) = (ended_import_id IS NULL)", name="ended"),
        Index("ix_national_records_code", "credit_code", "ended_at"),
        Index(
            "uq_national_records_live",
            "jurisdiction_code",
            "credit_code",
            "list_name",
            "document",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("national_imports.id"))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    credit_code: Mapped[str] = mapped_column(String(18))
    name: Mapped[str] = mapped_column(String(120))
    list_name: Mapped[str] = mapped_column(String(120))
    authority: Mapped[str] = mapped_column(String(120))
    document: Mapped[str] = mapped_column(String(120))
    listed_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_import_id: Mapped[int | None] = mapped_column(ForeignKey("national_imports.id"))
