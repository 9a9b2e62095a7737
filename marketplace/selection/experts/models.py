"""Experts, their trades, and the organisations they have to do with."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation, User
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status


class ExpertStatus(Status):
    """Where a person stands in the pool."""

    APPLIED = "applied", _l("待核对"), "warn"
    CHECKED = "checked", _l("待审批"), "warn"
    ADMITTED = "admitted", _l("在库"), "good"
    REMOVING = "removing", _l("拟移出"), "warn"
    REFUSED = "refused", _l("未予入库"), "ended"
    LEFT = "left", _l("已退出"), "ended"
    REMOVED = "removed", _l("已移出"), "bad"


ENDED = (ExpertStatus.REFUSED, ExpertStatus.LEFT, ExpertStatus.REMOVED)


class Expert(PublicIdMixin, LifecycleMixin, Model):
    """A person who may judge, in the pool of one register.

    ``number`` names the expert in draws. ``checked_by`` compared the credentials, another officer
    decided; ``proposed_by`` proposed the removal. ``available`` and ``away_until`` are the expert's
    own word on duty. ``reason`` is that of the last decision or of leaving.
    """

    __tablename__ = "experts"
    __table_args__ = (
        UniqueConstraint("user_id", "register_code"),
        CheckConstraint("decided_by <> checked_by", name="two_officers"),
        CheckConstraint("removed_by <> proposed_by", name="two_to_remove"),
        CheckConstraint("user_id <> decided_by", name="not_oneself"),
        CheckConstraint("status <> 'admitted' OR admitted_at IS NOT NULL", name="admitted"),
        CheckConstraint(
            "status NOT IN ('refused', 'removed', 'removing') OR reason IS NOT NULL", name="reason"
        ),
        Index("ix_experts_pool", "register_code", "status"),
    )
    MOVES: ClassVar = {
        ExpertStatus.APPLIED: frozenset(
            {ExpertStatus.CHECKED, ExpertStatus.REFUSED, ExpertStatus.LEFT}
        ),
        ExpertStatus.CHECKED: frozenset(
            {ExpertStatus.ADMITTED, ExpertStatus.REFUSED, ExpertStatus.LEFT}
        ),
        ExpertStatus.ADMITTED: frozenset({ExpertStatus.REMOVING, ExpertStatus.LEFT}),
        ExpertStatus.REMOVING: frozenset(
            {ExpertStatus.REMOVED, ExpertStatus.ADMITTED, ExpertStatus.LEFT}
        ),
        **{ended: frozenset({ExpertStatus.APPLIED}) for ended in ENDED},
    }

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    register_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    status: Mapped[ExpertStatus] = mapped_column(EnumText(ExpertStatus))
    number: Mapped[str] = mapped_column(String(18), unique=True)
    title: Mapped[str] = mapped_column(String(60))
    credentials: Mapped[str] = mapped_column(Text)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    applied_at: Mapped[datetime]
    decide_by: Mapped[datetime]
    checked_by: Mapped[int | None]
    decided_by: Mapped[int | None]
    admitted_at: Mapped[datetime | None]
    proposed_by: Mapped[int | None]
    removed_by: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(1000))
    available: Mapped[bool] = mapped_column(default=True)
    away_until: Mapped[date | None] = mapped_column(Date)

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()
    file: Mapped[StoredFile | None] = relationship()
    trades: Mapped[list[ExpertTrade]] = relationship(
        order_by="ExpertTrade.trade", cascade="all, delete-orphan"
    )
    relations: Mapped[list[ExpertRelation]] = relationship(
        order_by="ExpertRelation.id", cascade="all, delete-orphan"
    )


class ExpertTrade(Model):
    """A trade an expert judges: a category of the service items."""

    __tablename__ = "expert_trades"
    __table_args__ = (UniqueConstraint("expert_id", "trade"),)

    expert_id: Mapped[int] = mapped_column(ForeignKey("experts.id"))
    trade: Mapped[str] = mapped_column(String(120), index=True)


class ExpertRelation(Model):
    """An organisation an expert declared to have to do with, and how."""

    __tablename__ = "expert_relations"
    __table_args__ = (UniqueConstraint("expert_id", "organisation_id"),)

    expert_id: Mapped[int] = mapped_column(ForeignKey("experts.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    how: Mapped[str] = mapped_column(String(200))

    organisation: Mapped[Organisation] = relationship()
