"""Runs of the screens, and the flags they raised with what was decided on them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from .rules import Screen

SCREEN_TITLES: dict[Screen, Any] = {
    Screen.RING: _l("互评满分成圈"),
    Screen.PAIR: _l("反复互给满分"),
    Screen.BURST: _l("短期集中满分"),
    Screen.ASSESSOR_BURST: _l("社会监督员、第三方评估机构短期集中满分"),
    Screen.DOMINANCE: _l("评价集中于一家业主"),
    Screen.INFLUENCE: _l("一家评价方左右等级"),
    Screen.SAME_DEVICE: _l("评价双方信息相同"),
}
TRAIT_TITLES: dict[str, Any] = {
    "device": _l("登录设备和网络地址"),
    "phone": _l("联系电话"),
    "address": _l("住所"),
    "representative": _l("法定代表人"),
}


class ScreenRun(Model):
    """One night's run over one register: how many firms had marks, how many were flagged.

    `counts` holds the flagged firms by screen, cleared ones included: the base rate of a flag.
    `cursor` is the entry of the ledger up to which all had taken effect.
    """

    __tablename__ = "screen_runs"
    __table_args__ = (UniqueConstraint("register", "day"),)

    register: Mapped[str] = mapped_column(String(12))
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    firms: Mapped[int]
    marks: Mapped[int]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    cursor: Mapped[int]


append_only(ScreenRun.__table__)  # type: ignore[arg-type]


class FlagStatus(Status):
    """What became of a flag."""

    RAISED = "raised", _l("待核实"), "warn"
    CLEARED = "cleared", _l("已排除"), "ended"
    PURSUED = "pursued", _l("已转办"), "bad"
    LAPSED = "lapsed", _l("情形已消失"), "ended"


class EvaluationFlag(PublicIdMixin, LifecycleMixin, Model):
    """A pattern that a run found: a reason to look, until an officer says what it is.

    `key` names the organisations; `evidence` the entries of the rating ledger it rests on: the same
    pattern is raised again only where there are entries beyond those decided on.
    """

    __tablename__ = "evaluation_flags"
    __table_args__ = (
        Index(
            "uq_evaluation_flags_raised",
            "register",
            "screen",
            "key",
            unique=True,
            sqlite_where=text("status = 'raised'"),
            postgresql_where=text("status = 'raised'"),
        ),
        CheckConstraint(
            "(status IN ('cleared', 'pursued')) = (decision_reason IS NOT NULL)", name="decided"
        ),
    )
    MOVES: ClassVar = {
        FlagStatus.RAISED: frozenset({FlagStatus.CLEARED, FlagStatus.PURSUED, FlagStatus.LAPSED}),
    }

    register: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    screen: Mapped[Screen] = mapped_column(EnumText(Screen))
    key: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    others: Mapped[list[int]] = mapped_column(JSON)
    evidence: Mapped[list[int]] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_id: Mapped[int] = mapped_column(ForeignKey("screen_runs.id"))
    raised_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(String(1000))
    status: Mapped[FlagStatus] = mapped_column(EnumText(FlagStatus))

    organisation: Mapped[Organisation] = relationship()
    run: Mapped[ScreenRun] = relationship()
