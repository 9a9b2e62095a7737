"""The further items of a need, beside its main one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.foundation.db import Fen, Model


class NeedPart(Model):
    """A further item of a need, with its share of the need's budget (yuan).

    The need's own columns say the same of its main item, whose share is what is left of the
    budget. Name, qualifications and list are frozen copies of the catalogue's, as the need's are.
    """

    __tablename__ = "need_parts"
    __table_args__ = (
        UniqueConstraint("need_id", "item_code"),
        CheckConstraint("budget > 0", name="budget"),
        CheckConstraint("position >= 1", name="position"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    position: Mapped[int]
    item_code: Mapped[str] = mapped_column(String(20), index=True)
    item_name: Mapped[str] = mapped_column(String(120))
    off_list: Mapped[bool]
    qualifications: Mapped[list[Any]] = mapped_column(JSON)
    any_qualification: Mapped[bool]
    fee_inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    budget: Mapped[Decimal] = mapped_column(Fen)
    price_check_id: Mapped[int | None]
