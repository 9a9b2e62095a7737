"""Draws among equal quotes, and quotes so low that they must be explained."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import DecimalText, EnumText, Fen, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from ..models import Entry, SelectionRound


class TieDraw(Model):
    """The draw among one group of equals, with its proof; ``number`` is that of ``#tie-k``."""

    __tablename__ = "tie_draws"
    __table_args__ = (
        UniqueConstraint("round_id", "number"),
        CheckConstraint("number >= 1", name="number"),
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"))
    number: Mapped[int]
    proof: Mapped[str] = mapped_column(Text)
    drawn_at: Mapped[datetime]

    round: Mapped[SelectionRound] = relationship()


append_only(TieDraw.__table__)  # type: ignore[arg-type]


class LowStatus(Status):
    """Where an abnormally low quote stands."""

    ASKED = "asked", _l("待机构说明"), "warn"
    EXPLAINED = "explained", _l("待业主认定"), "warn"
    UPHELD = "upheld", _l("说明成立"), "good"
    REFUSED = "refused", _l("说明不成立"), "bad"
    SILENT = "silent", _l("逾期未说明"), "bad"


class LowQuote(PublicIdMixin, LifecycleMixin, Model):
    """A quote below the edition's share of the mean of all others, when its turn came.

    ``mean`` is that of the others in yuan, rounded half up to a fen, ``share`` the edition's.
    The firm explains until ``explain_by``, then the owner decides with a reason all may read.
    """

    __tablename__ = "low_quotes"
    __table_args__ = (
        UniqueConstraint("entry_id"),
        CheckConstraint(
            "status IN ('asked', 'silent') OR (explanation IS NOT NULL AND explained_at IS NOT NULL)",
            name="explained",
        ),
        CheckConstraint(
            "status NOT IN ('upheld', 'refused') OR (decision_reason IS NOT NULL "
            "AND decided_by IS NOT NULL)",
            name="decided",
        ),
    )
    MOVES: ClassVar = {
        LowStatus.ASKED: frozenset({LowStatus.EXPLAINED, LowStatus.SILENT}),
        LowStatus.EXPLAINED: frozenset({LowStatus.UPHELD, LowStatus.REFUSED}),
    }

    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    status: Mapped[LowStatus] = mapped_column(EnumText(LowStatus))
    edition_id: Mapped[int]
    mean: Mapped[Decimal] = mapped_column(Fen)
    share: Mapped[Decimal] = mapped_column(DecimalText)
    explain_by: Mapped[datetime]
    explanation: Mapped[str | None] = mapped_column(String(2000))
    explained_by: Mapped[int | None]
    explained_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(String(1000))
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]

    round: Mapped[SelectionRound] = relationship()
    entry: Mapped[Entry] = relationship()
