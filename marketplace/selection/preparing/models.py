"""Needs that too few firms could enter."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import Model
from marketplace.foundation.ledger import append_only

from ..models import SelectionRound


class NarrowCall(Model):
    """A need was published although only ``eligible`` firms could enter it then, fewer than the
    edition's ``least``: its demands may have been written for somebody."""

    __tablename__ = "narrow_calls"
    __table_args__ = (
        UniqueConstraint("round_id"),
        CheckConstraint("eligible < least", name="few"),
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"))
    eligible: Mapped[int]
    least: Mapped[int]
    at: Mapped[datetime]

    round: Mapped[SelectionRound] = relationship()


append_only(NarrowCall.__table__)  # type: ignore[arg-type]
