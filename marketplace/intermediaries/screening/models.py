"""Copies of applications as they were sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.foundation.db import Model


class ApplicationCopy(Model):
    """What an application said when it was sent: the first time, and again after its return.

    ``lines``: for each thing said ``[point, key, title, shown, digest]``. What is personal is
    shown masked; the keyed digest tells whether it changed.
    """

    __tablename__ = "application_copies"
    __table_args__ = (UniqueConstraint("firm_id", "application", "round"),)

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    application: Mapped[int]
    round: Mapped[int]
    at: Mapped[datetime]
    lines: Mapped[list[Any]] = mapped_column(JSON)
