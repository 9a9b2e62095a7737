"""Unusual events and who acknowledged them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.foundation.db import Base, EnumText, Model, PublicIdMixin
from marketplace.foundation.titles import Titled


class UnusualKind(Titled):
    """Why an event is shown to whoever audits."""

    LOOK = "look", _l("查看个人信息明文")
    NIGHT = "night", _l("深夜作出的决定")
    REVERSED = "reversed", _l("撤销或者冲正")
    PAIR = "pair", _l("始终由同两人办理")
    FAULT = "fault", _l("夜间检查不符")


class UnusualEvent(PublicIdMixin, Model):
    """One event. ``reference`` names it within its kind (mostly the row of the audit ledger), so
    that it is noted once; ``about`` says more where the ledger's row does not. Of a pair both
    people stand in its reference."""

    __tablename__ = "unusual_events"
    __table_args__ = (
        UniqueConstraint("kind", "reference"),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"
        ),
        CheckConstraint("acknowledged_by <> user_id", name="acknowledged_by_another"),
        Index("ix_unusual_events_queue", "acknowledged_at", "id"),
    )

    kind: Mapped[UnusualKind] = mapped_column(EnumText(UnusualKind))
    reference: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    seq: Mapped[int | None]
    action: Mapped[str | None] = mapped_column(String(80))
    user_id: Mapped[int | None]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    about: Mapped[str] = mapped_column(String(200))
    link: Mapped[str] = mapped_column(String(300))
    note: Mapped[str | None] = mapped_column(Text)
    acknowledged_by: Mapped[int | None]
    acknowledged_at: Mapped[datetime | None]

    @property
    def doers(self) -> tuple[int, ...]:
        """The users an event is about: none for a fault, two for a pair."""
        if self.kind is UnusualKind.PAIR:
            first, second = self.reference.split(":")[2].split("-")
            return (int(first), int(second))
        return () if self.user_id is None else (self.user_id,)


class LedgerWatch(Base):
    """How far the audit ledger has been looked through for unusual events."""

    __tablename__ = "ledger_watch"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
