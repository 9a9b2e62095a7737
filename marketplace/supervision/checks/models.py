"""What the checks of a night found."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.foundation.db import EnumText, Model
from marketplace.foundation.titles import Titled


class CheckPart(Titled):
    """One of the checks of a night, in their order."""

    LEDGER = "ledger", _l("审计台账逐条复核")
    GRADES = "grades", _l("信用等级全部复算")
    INVARIANTS = "invariants", _l("恒定规则检查")


class CheckRun(Model):
    """One check of one night: how far it came, and what it found.

    ``position`` is where the next slice begins, ``checked`` how much was looked at, ``findings``
    the first of the ``faults`` in words.
    """

    __tablename__ = "check_runs"
    __table_args__ = (
        UniqueConstraint("day", "part"),
        CheckConstraint("faults >= 0 AND checked >= 0", name="counts"),
    )

    day: Mapped[date] = mapped_column(Date)
    part: Mapped[CheckPart] = mapped_column(EnumText(CheckPart))
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    position: Mapped[int]
    checked: Mapped[int]
    faults: Mapped[int]
    findings: Mapped[list[str]] = mapped_column(JSON)
