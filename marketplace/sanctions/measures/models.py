"""A soft measure: issued with a letter, signed for, answered, closed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled


class MeasureKind(Titled):
    """What is done before cards, or besides them."""

    REMINDER = "reminder", _l("提醒函")
    TALK = "talk", _l("约谈")
    RECTIFICATION = "rectification", _l("责令整改")
    CRITICISM = "criticism", _l("通报批评")
    TRANSFER = "transfer", _l("移送函")
    HOTLINE = "hotline", _l("12345 工单")

    @property
    def firm_answers(self) -> bool:
        """Whether the firm has to answer in writing by a day."""
        return self in (MeasureKind.RECTIFICATION, MeasureKind.HOTLINE)

    @property
    def for_firm(self) -> bool:
        """Whether the letter goes to the firm; a transfer goes to another authority."""
        return self is not MeasureKind.TRANSFER


class MeasureStatus(Status):
    """Where a measure stands."""

    PROPOSED = "proposed", _l("待审批"), "warn"
    REJECTED = "rejected", _l("未予发出"), "ended"
    OPEN = "open", _l("已发出"), "info"
    REPLIED = "replied", _l("已答复，待核查"), "info"
    OVERDUE = "overdue", _l("逾期未答复"), "bad"
    CLOSED = "closed", _l("已办结"), "good"


class Measure(PublicIdMixin, LifecycleMixin, Model):
    """One measure against a firm; criticism is published only after a second officer's approval."""

    __tablename__ = "soft_measures"
    __table_args__ = (
        CheckConstraint("decided_by <> issued_by", name="two_officers"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("kind <> 'transfer' OR authority IS NOT NULL", name="authority"),
        CheckConstraint("kind <> 'hotline' OR reference IS NOT NULL", name="reference"),
        Index("ix_soft_measures_firm", "organisation_id", "status"),
    )
    MOVES: ClassVar = {
        MeasureStatus.PROPOSED: frozenset({MeasureStatus.OPEN, MeasureStatus.REJECTED}),
        MeasureStatus.OPEN: frozenset(
            {MeasureStatus.REPLIED, MeasureStatus.OVERDUE, MeasureStatus.CLOSED}
        ),
        MeasureStatus.OVERDUE: frozenset({MeasureStatus.REPLIED, MeasureStatus.CLOSED}),
        MeasureStatus.REPLIED: frozenset({MeasureStatus.OPEN, MeasureStatus.CLOSED}),
    }

    status: Mapped[MeasureStatus] = mapped_column(EnumText(MeasureStatus))
    kind: Mapped[MeasureKind] = mapped_column(EnumText(MeasureKind))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    facts: Mapped[str] = mapped_column(Text)
    demand: Mapped[str] = mapped_column(Text)
    authority: Mapped[str | None] = mapped_column(String(100))
    reference: Mapped[str | None] = mapped_column(String(60))
    meeting_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(String(200))
    letter: Mapped[str] = mapped_column(Text)
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    issued_by: Mapped[int | None]
    issued_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    received_by: Mapped[int | None]
    received_at: Mapped[datetime | None]
    reply: Mapped[str | None] = mapped_column(Text)
    reply_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    replied_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[int | None]
    closed_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()
    evidence_file: Mapped[StoredFile | None] = relationship(foreign_keys=[evidence_file_id])
    reply_file: Mapped[StoredFile | None] = relationship(foreign_keys=[reply_file_id])

    @property
    def awaits_firm(self) -> bool:
        """Whether the firm has something to do: sign for it, or answer."""
        if not self.kind.for_firm or self.status not in (
            MeasureStatus.OPEN,
            MeasureStatus.OVERDUE,
        ):
            return False
        return self.received_at is None or self.kind.firm_answers

    def may_be_closed(self, now: datetime) -> bool:
        """Whether an officer may close it: answered, overdue, a talk whose time has come, or a
        letter that asks for no answer, delivered some other way than by its receipt."""
        if self.status in (MeasureStatus.REPLIED, MeasureStatus.OVERDUE):
            return True
        if self.status is not MeasureStatus.OPEN:
            return False
        if self.kind is MeasureKind.TALK:
            return self.meeting_at is not None and now >= self.meeting_at
        return self.kind in (MeasureKind.REMINDER, MeasureKind.CRITICISM)

    @property
    def may_be_returned(self) -> bool:
        """Whether there is an answer of the firm that could be sent back."""
        return self.status is MeasureStatus.REPLIED and self.kind.firm_answers
