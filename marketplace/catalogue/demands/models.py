"""Cases of departments that asked for what is not on the list."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status


class DemandStatus(Status):
    """Where a case stands."""

    REPORTED = "reported", _l("待受理"), "warn"
    NOT_TAKEN = "not_taken", _l("不予受理"), "ended"
    TAKEN = "taken", _l("待部门说明"), "warn"
    ANSWERED = "answered", _l("待认定"), "warn"
    SILENT = "silent", _l("部门逾期未说明，待认定"), "bad"
    UPHELD = "upheld", _l("查实"), "bad"
    DISMISSED = "dismissed", _l("查不属实"), "ended"


TO_DECIDE = (DemandStatus.ANSWERED, DemandStatus.SILENT)
ENDED = (DemandStatus.NOT_TAKEN, DemandStatus.UPHELD, DemandStatus.DISMISSED)


class OffListDemand(PublicIdMixin, LifecycleMixin, Model):
    """A report that a department made a service off the list a condition, and what came of it.

    Who reported is known to the officers who look into it, never to the department. Whoever took
    it in does not decide it.
    """

    __tablename__ = "offlist_demands"
    __table_args__ = (
        CheckConstraint("decided_by <> taken_by", name="decided_by_another"),
        CheckConstraint(
            "(status IN ('upheld', 'dismissed')) = (decided_at IS NOT NULL)", name="decided"
        ),
        CheckConstraint("department_id <> reporter_id", name="two_parties"),
        CheckConstraint("status <> 'not_taken' OR finding IS NOT NULL", name="reasons"),
        Index("ix_offlist_demands_department", "department_id", "status"),
    )
    MOVES: ClassVar = {
        DemandStatus.REPORTED: frozenset({DemandStatus.TAKEN, DemandStatus.NOT_TAKEN}),
        DemandStatus.TAKEN: frozenset({DemandStatus.ANSWERED, DemandStatus.SILENT}),
        DemandStatus.ANSWERED: frozenset({DemandStatus.UPHELD, DemandStatus.DISMISSED}),
        DemandStatus.SILENT: frozenset(
            {DemandStatus.ANSWERED, DemandStatus.UPHELD, DemandStatus.DISMISSED}
        ),
    }

    status: Mapped[DemandStatus] = mapped_column(EnumText(DemandStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    reported_by: Mapped[int | None]
    reported_at: Mapped[datetime]
    item_code: Mapped[str | None] = mapped_column(String(20))
    item_name: Mapped[str] = mapped_column(String(120))
    approval: Mapped[str] = mapped_column(String(120))
    asked_on: Mapped[date] = mapped_column(Date)
    facts: Mapped[str] = mapped_column(Text)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    take_by: Mapped[datetime]
    taken_by: Mapped[int | None]
    taken_at: Mapped[datetime | None]
    answer_by: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    decide_by: Mapped[datetime | None]
    finding: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]

    department: Mapped[Organisation] = relationship(foreign_keys=[department_id])
    reporter: Mapped[Organisation] = relationship(foreign_keys=[reporter_id])
    file: Mapped[StoredFile | None] = relationship()

    @property
    def due_at(self) -> datetime | None:
        """When the step that comes next is due."""
        if self.status is DemandStatus.REPORTED:
            return self.take_by
        if self.status is DemandStatus.TAKEN:
            return self.answer_by
        return self.decide_by if self.status in TO_DECIDE else None
