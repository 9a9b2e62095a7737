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

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from .rules.screens import Screen

SCREEN_TITLES: dict[Screen, Any] = {
    Screen.VARIATION: _l("报价过于接近"),
    Screen.COVER: _l("疑似陪标"),
    Screen.ROTATION: _l("轮流中选"),
    Screen.TOGETHER: _l("经常一同参加"),
    Screen.SHARED: _l("参加机构信息相同"),
    Screen.DOCUMENTS: _l("文件制作信息相同"),
    Screen.CHANCE: _l("抽中次数超出概率"),
    Screen.LATE: _l("截止前变更报名"),
    Screen.ONE_FITS: _l("条件只有一家符合"),
}
TRAIT_TITLES: dict[str, Any] = {
    "device": _l("登录设备和网络地址"),
    "phone": _l("联系电话"),
    "address": _l("住所"),
    "representative": _l("法定代表人"),
    "file": _l("提交的文件"),
}


class CollusionRun(Model):
    """One run over one register: how many selections it read, what it found among how many.

    `counts` holds by screen [named, looked at], cleared ones included: the base rate of a flag.
    """

    __tablename__ = "collusion_runs"
    __table_args__ = (UniqueConstraint("register", "day"),)

    register: Mapped[str] = mapped_column(String(12))
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    selections: Mapped[int]
    counts: Mapped[dict[str, list[int]]] = mapped_column(JSON)


append_only(CollusionRun.__table__)  # type: ignore[arg-type]


class CollusionStatus(Status):
    """What became of a flag."""

    RAISED = "raised", _l("待核实"), "warn"
    CLEARED = "cleared", _l("已排除"), "ended"
    PURSUED = "pursued", _l("已转办"), "bad"
    LAPSED = "lapsed", _l("情形已消失"), "ended"


class CollusionFlag(PublicIdMixin, LifecycleMixin, Model):
    """A pattern that a run found: a reason to look, until an officer says what it is.

    `firms` are ids of organisations, `needs` those of the needs it rests on: the same pattern is
    raised again only where there are needs beyond those decided on.
    """

    __tablename__ = "collusion_flags"
    __table_args__ = (
        Index(
            "uq_collusion_flags_raised",
            "register",
            "screen",
            "key",
            unique=True,
            sqlite_where=text("status = 'raised'"),
            postgresql_where=text("status = 'raised'"),
        ),
        CheckConstraint(
            "(status IN ('cleared', 'pursued')) = (decision_reason IS NOT NULL) "
            "AND (decision_reason IS NULL) = (decided_by IS NULL)",
            name="decided",
        ),
    )
    MOVES: ClassVar = {
        CollusionStatus.RAISED: frozenset(
            {CollusionStatus.CLEARED, CollusionStatus.PURSUED, CollusionStatus.LAPSED}
        ),
    }

    register: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    screen: Mapped[Screen] = mapped_column(EnumText(Screen))
    key: Mapped[str] = mapped_column(String(200))
    firms: Mapped[list[int]] = mapped_column(JSON)
    needs: Mapped[list[int]] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_id: Mapped[int] = mapped_column(ForeignKey("collusion_runs.id"))
    raised_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(String(1000))
    status: Mapped[CollusionStatus] = mapped_column(EnumText(CollusionStatus))

    run: Mapped[CollusionRun] = relationship()
