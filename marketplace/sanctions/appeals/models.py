"""An appeal against a decision on oneself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from ..models import Card, Case


class AppealStatus(Status):
    """Where an appeal stands."""

    FILED = "filed", _l("复核中"), "info"
    UPHELD = "upheld", _l("维持原决定"), "ended"
    CHANGED = "changed", _l("变更原决定"), "warn"
    REVOKED = "revoked", _l("撤销原决定"), "good"


class Appeal(PublicIdMixin, LifecycleMixin, Model):
    """An appeal: filed in time by the firm, perhaps with a stay, decided from above.

    ``shorter`` is the new length after a change: months of a blacklisting, days of a red card.
    """

    __tablename__ = "sanction_appeals"
    __table_args__ = (
        CheckConstraint("(card_id IS NULL) <> (case_id IS NULL)", name="one_decision"),
        CheckConstraint("(status = 'filed') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(status = 'changed') = (shorter IS NOT NULL)", name="changed"),
        CheckConstraint("(stayed IS NULL) = (stay_decided_at IS NULL)", name="stay"),
        UniqueConstraint("card_id"),
        UniqueConstraint("case_id"),
    )
    MOVES: ClassVar = {
        AppealStatus.FILED: frozenset(
            {AppealStatus.UPHELD, AppealStatus.CHANGED, AppealStatus.REVOKED}
        ),
    }

    status: Mapped[AppealStatus] = mapped_column(EnumText(AppealStatus))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("sanction_cases.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    grounds: Mapped[str] = mapped_column(Text)
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    filed_by: Mapped[int | None]
    filed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    stayed: Mapped[bool | None]
    stay_reason: Mapped[str | None] = mapped_column(Text)
    stay_decided_by: Mapped[int | None]
    stay_decided_at: Mapped[datetime | None]
    shorter: Mapped[int | None]
    panel: Mapped[str | None] = mapped_column(Text)
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()
    card: Mapped[Card | None] = relationship()
    case: Mapped[Case | None] = relationship()
    evidence_file: Mapped[StoredFile | None] = relationship()

    @property
    def decision(self) -> Card | Case:
        """What it is against."""
        found = self.card or self.case
        assert found is not None
        return found

    @property
    def until_at(self) -> datetime | None:
        """Until when the decision restricts; None for a yellow card."""
        if self.card is not None:
            return self.card.until_at
        row = self.decision.blacklisting if isinstance(self.decision, Case) else None
        return row.until_at if row is not None else None

    @property
    def title(self) -> Any:
        """The decision, for people."""
        return self.card.title if self.card is not None else _l("列入本平台黑名单")
