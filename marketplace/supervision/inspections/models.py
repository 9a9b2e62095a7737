"""The inspection a contract is due because its firm stands under key supervision."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.ratings.rules.entries import Grade


class InspectionStatus(Status):
    """What the inspection of a contract found."""

    DUE = "due", _l("待检查"), "warn"
    SOUND = "sound", _l("未发现问题"), "good"
    FAULTS = "faults", _l("发现问题"), "bad"


class ContractInspection(PublicIdMixin, LifecycleMixin, Model):
    """One contract to be inspected: `grade`, in force since `grade_since`, is why.

    `edition_id` is the sanctions edition that asks for it and gives the days. It stays due when the
    firm's grade becomes better: what began under supervision is looked at.
    """

    __tablename__ = "contract_inspections"
    __table_args__ = (
        CheckConstraint("due_at > opened_at", name="period"),
        CheckConstraint("grade IN ('C', 'D')", name="grade"),
        CheckConstraint(
            "(status = 'due') = (done_at IS NULL) AND (status = 'due') = (done_by IS NULL) "
            "AND (status = 'due') = (document IS NULL) AND (status = 'due') = (findings IS NULL)",
            name="done",
        ),
        Index("ix_contract_inspections_area", "jurisdiction_code", "status", "due_at"),
    )
    MOVES: ClassVar = {
        InspectionStatus.DUE: frozenset({InspectionStatus.SOUND, InspectionStatus.FAULTS}),
    }

    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    grade: Mapped[Grade] = mapped_column(EnumText(Grade))
    grade_since: Mapped[date] = mapped_column(Date)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    document: Mapped[str | None] = mapped_column(String(120))
    findings: Mapped[str | None] = mapped_column(String(1000))
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    done_by: Mapped[int | None]
    done_at: Mapped[datetime | None]
    status: Mapped[InspectionStatus] = mapped_column(EnumText(InspectionStatus))

    contract: Mapped[Contract] = relationship()
    organisation: Mapped[Organisation] = relationship()
    evidence_file: Mapped[StoredFile | None] = relationship()
