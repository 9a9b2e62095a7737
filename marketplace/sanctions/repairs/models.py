"""An application for credit repair."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from ..models import Card, Case
from ..rules import Severity

_OPEN = text("status IN ('filed', 'verified')")


class RepairStatus(Status):
    """Where an application stands."""

    FILED = "filed", _l("待核实"), "info"
    VERIFIED = "verified", _l("待决定"), "warn"
    GRANTED = "granted", _l("准予修复"), "good"
    REFUSED = "refused", _l("不予修复"), "ended"
    CLOSED = "closed", _l("已终止"), "ended"


OPEN_REPAIRS = (RepairStatus.FILED, RepairStatus.VERIFIED)


class CreditRepair(PublicIdMixin, LifecycleMixin, Model):
    """Correction shown with evidence, verified by one officer, decided by another.

    Whoever decides had no part in the sanction either. It is closed undecided when the sanction is
    revoked or over before: nothing is left to repair.
    """

    __tablename__ = "credit_repairs"
    __table_args__ = (
        CheckConstraint("(card_id IS NULL) <> (case_id IS NULL)", name="one_decision"),
        CheckConstraint(
            "(status IN ('granted', 'refused')) = (decided_at IS NOT NULL)", name="decided"
        ),
        CheckConstraint("decided_by <> verified_by", name="two_officers"),
        Index(
            "uq_credit_repairs_open_card",
            "card_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "uq_credit_repairs_open_case",
            "case_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )
    MOVES: ClassVar = {
        RepairStatus.FILED: frozenset({RepairStatus.VERIFIED, RepairStatus.CLOSED}),
        RepairStatus.VERIFIED: frozenset(
            {RepairStatus.GRANTED, RepairStatus.REFUSED, RepairStatus.CLOSED}
        ),
    }

    status: Mapped[RepairStatus] = mapped_column(EnumText(RepairStatus))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("sanction_cases.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    severity: Mapped[Severity] = mapped_column(EnumText(Severity))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    correction: Mapped[str] = mapped_column(Text)
    evidence_file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    filed_by: Mapped[int | None]
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    recommended: Mapped[bool | None]
    verification: Mapped[str | None] = mapped_column(Text)
    verified_by: Mapped[int | None]
    verified_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()
    card: Mapped[Card | None] = relationship()
    case: Mapped[Case | None] = relationship()
    evidence_file: Mapped[StoredFile] = relationship()

    @property
    def is_open(self) -> bool:
        """Waiting for an officer."""
        return self.status in OPEN_REPAIRS

    @property
    def decision(self) -> Card | Case:
        """The sanction to be repaired."""
        found = self.card or self.case
        assert found is not None
        return found

    @property
    def title(self) -> Any:
        """The sanction, for people."""
        return self.card.title if self.card is not None else _l("列入本平台黑名单")
