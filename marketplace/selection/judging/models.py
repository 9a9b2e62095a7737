"""Plans handed in, the panel of a round, its judges, what they gave, what was said of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import DecimalText, EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from ..experts.models import Expert
from ..models import Entry, SelectionRound

ALIASES = "甲乙丙丁戊己庚辛壬癸"


class EntryPlan(Model):
    """The plan and the people behind an entry, enciphered until entries are closed.

    Opened: ``plan`` and ``team`` (professions, no names) as the judges read them, under ``alias``;
    ``score`` and ``grade`` are those of the rating that counts. ``signature`` is the site's over the
    commitment; rows older than it have none and are held against the ledger instead.
    """

    __tablename__ = "entry_plans"
    __table_args__ = (
        CheckConstraint("(plan IS NULL) = (opened_at IS NULL)", name="opened"),
        CheckConstraint("(alias IS NULL) = (opened_at IS NULL)", name="alias"),
    )

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), unique=True)
    sealed: Mapped[str] = mapped_column(Text)
    sealed_sha256: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str | None] = mapped_column(String(128))
    opened_at: Mapped[datetime | None]
    alias: Mapped[int | None]
    plan: Mapped[str | None] = mapped_column(Text)
    team: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    score: Mapped[Decimal | None] = mapped_column(DecimalText)
    grade: Mapped[str | None] = mapped_column(String(12))
    grade_record_id: Mapped[int | None]

    entry: Mapped[Entry] = relationship()

    @property
    def called(self) -> str:
        """What the judges know the firm by."""
        number = (self.alias or 1) - 1
        more, place = divmod(number, len(ALIASES))
        return f"{ALIASES[place]}{more or ''}"


class PanelStatus(Status):
    """Where the judging of a round stands."""

    PLANNED = "planned", _l("待抽取评审专家"), "info"
    DRAWING = "drawing", _l("等待公开值抽取评审专家"), "info"
    MARKING = "marking", _l("评审中"), "warn"
    EXPLAINING = "explaining", _l("待说明评分偏离"), "warn"
    DONE = "done", _l("评审完成"), "good"
    FAILED = "failed", _l("评审未成"), "bad"


class Panel(PublicIdMixin, LifecycleMixin, Model):
    """The judging of one round. ``plan_key`` is the public key plans are enciphered to,
    ``commitment`` that of the judges' draw; ``list_text`` the experts it was made among."""

    __tablename__ = "panels"
    __table_args__ = (
        CheckConstraint("size >= 2", name="size"),
        CheckConstraint("(proof IS NULL) = (drawn_at IS NULL)", name="proof"),
        CheckConstraint("(list_sha256 IS NULL) = (frozen_at IS NULL)", name="frozen"),
        CheckConstraint("status <> 'done' OR done_at IS NOT NULL", name="done"),
    )
    MOVES: ClassVar = {
        PanelStatus.PLANNED: frozenset({PanelStatus.DRAWING, PanelStatus.FAILED}),
        PanelStatus.DRAWING: frozenset({PanelStatus.MARKING, PanelStatus.FAILED}),
        PanelStatus.MARKING: frozenset(
            {PanelStatus.EXPLAINING, PanelStatus.DONE, PanelStatus.FAILED}
        ),
        PanelStatus.EXPLAINING: frozenset({PanelStatus.MARKING, PanelStatus.DONE}),
    }

    round_id: Mapped[int] = mapped_column(ForeignKey("selection_rounds.id"), unique=True)
    status: Mapped[PanelStatus] = mapped_column(EnumText(PanelStatus))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    trade: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    plan_key: Mapped[str] = mapped_column(String(64))
    commitment: Mapped[str] = mapped_column(String(64))
    frozen_at: Mapped[datetime | None]
    list_text: Mapped[str | None] = mapped_column(Text)
    list_sha256: Mapped[str | None] = mapped_column(String(64))
    excluded: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    drawn_at: Mapped[datetime | None]
    proof: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None]

    round: Mapped[SelectionRound] = relationship()


class JudgeStatus(Status):
    """Where a drawn expert stands."""

    CALLED = "called", _l("待答复"), "warn"
    CONFIRMED = "confirmed", _l("参加评审"), "info"
    DECLINED = "declined", _l("不参加"), "ended"
    SILENT = "silent", _l("逾期未答复"), "bad"
    LAPSED = "lapsed", _l("逾期未评完"), "bad"
    LEFT_OUT = "left_out", _l("偏离未说明，评分不计"), "bad"


ACTIVE = (JudgeStatus.CALLED, JudgeStatus.CONFIRMED)


class PanelJudge(PublicIdMixin, LifecycleMixin, Model):
    """An expert called to judge, by his place in the drawn order."""

    __tablename__ = "panel_judges"
    __table_args__ = (
        UniqueConstraint("panel_id", "expert_id"),
        UniqueConstraint("panel_id", "place"),
        CheckConstraint("status <> 'confirmed' OR mark_by IS NOT NULL", name="mark_by"),
        CheckConstraint("status <> 'declined' OR reason IS NOT NULL", name="reason"),
    )
    MOVES: ClassVar = {
        JudgeStatus.CALLED: frozenset(
            {JudgeStatus.CONFIRMED, JudgeStatus.DECLINED, JudgeStatus.SILENT}
        ),
        JudgeStatus.CONFIRMED: frozenset(
            {JudgeStatus.DECLINED, JudgeStatus.LAPSED, JudgeStatus.LEFT_OUT}
        ),
    }

    panel_id: Mapped[int] = mapped_column(ForeignKey("panels.id"))
    expert_id: Mapped[int] = mapped_column(ForeignKey("experts.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    place: Mapped[int]
    status: Mapped[JudgeStatus] = mapped_column(EnumText(JudgeStatus))
    called_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    mark_by: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))

    panel: Mapped[Panel] = relationship()
    expert: Mapped[Expert] = relationship()


class PanelSheet(Model):
    """What one judge gives one firm, in tenths of a point, with the reason. Given once; nobody else
    reads it before the judging is over."""

    __tablename__ = "panel_sheets"
    __table_args__ = (
        UniqueConstraint("judge_id", "entry_id"),
        CheckConstraint("plan BETWEEN 0 AND 1000", name="plan"),
        CheckConstraint("practitioners BETWEEN 0 AND 1000", name="practitioners"),
    )

    judge_id: Mapped[int] = mapped_column(ForeignKey("panel_judges.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    plan: Mapped[int]
    practitioners: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    given_at: Mapped[datetime]

    judge: Mapped[PanelJudge] = relationship()
    entry: Mapped[Entry] = relationship()

    @property
    def total(self) -> int:
        """Both together, in tenths."""
        return self.plan + self.practitioners


append_only(PanelSheet.__table__)  # type: ignore[arg-type]


class PanelQuestion(Model):
    """A mark far from the others: its judge explains it in public until ``explain_by``.

    ``middle`` is the median of all judges' totals, in points to two decimals.
    """

    __tablename__ = "panel_questions"
    __table_args__ = (CheckConstraint("(text IS NULL) = (given_at IS NULL)", name="given"),)

    sheet_id: Mapped[int] = mapped_column(ForeignKey("panel_sheets.id"), unique=True)
    asked_at: Mapped[datetime]
    explain_by: Mapped[datetime]
    middle: Mapped[Decimal] = mapped_column(DecimalText)
    text: Mapped[str | None] = mapped_column(String(1000))
    given_at: Mapped[datetime | None]

    sheet: Mapped[PanelSheet] = relationship()


class PanelFeedback(Model):
    """What the owner and the bureau say of a judge after the judging; read by the bureau."""

    __tablename__ = "panel_feedback"
    __table_args__ = (
        UniqueConstraint("judge_id", "organisation_id"),
        CheckConstraint("mark BETWEEN 1 AND 5", name="mark"),
    )

    judge_id: Mapped[int] = mapped_column(ForeignKey("panel_judges.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    mark: Mapped[int]
    text: Mapped[str] = mapped_column(String(500))
    given_by: Mapped[int]
    given_at: Mapped[datetime]

    judge: Mapped[PanelJudge] = relationship()
    organisation: Mapped[Organisation] = relationship()


append_only(PanelFeedback.__table__)  # type: ignore[arg-type]
