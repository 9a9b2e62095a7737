"""When the marks between a contract's firm and the department are revealed."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status


class PairStatus(Status):
    """Where the marks between a firm and a department stand."""

    OPEN = "open", _l("评价中"), "info"
    REVEALED = "revealed", _l("评价已结束"), "good"


class DepartmentWindow(PublicIdMixin, LifecycleMixin, Model):
    """The pair of a contract's firm and the department of its item: made by the first mark.

    It has the period of the contract's window, and a reveal of its own. A pair nobody marks in has
    no row: it has no effect on anything.
    """

    __tablename__ = "department_windows"
    __table_args__ = (
        CheckConstraint("(status = 'revealed') = (revealed_at IS NOT NULL)", name="revealed"),
    )
    MOVES: ClassVar = {PairStatus.OPEN: frozenset({PairStatus.REVEALED})}

    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"), unique=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    ends_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    revealed_at: Mapped[datetime | None]
    status: Mapped[PairStatus] = mapped_column(EnumText(PairStatus))

    contract: Mapped[Contract] = relationship()
    department: Mapped[Organisation] = relationship()
