"""Clocks that run for somebody, and the samples of an audit with what was found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from .rules import Stage


class ClockKind(Titled):
    """What somebody must do before a clock is over."""

    AWARD = "award", _l("确认中选")
    CONTRACT = "contract", _l("确认合同")
    DELIVERY = "delivery", _l("提交服务成果")
    ACCEPTANCE = "acceptance", _l("验收服务成果")
    DECISION = "decision", _l("决定是否继续履行合同")
    MARKS = "marks", _l("评价合同对方")
    REVIEW = "review", _l("核查评价异议")
    CALLBACK = "callback", _l("回访评价")
    SERVICE = "service", _l("回访对管理机构的不满意评价")
    CORRECTION = "correction", _l("整改黄牌事项")
    STATEMENT = "statement", _l("陈述申辩")
    FORM_CHECK = "form_check", _l("审查入驻申请")
    PROFESSIONAL = "professional", _l("专业核查入驻机构")
    OBJECTION = "objection", _l("答复异议")
    CASE = "case", _l("处理惩戒案件")
    APPEAL = "appeal", _l("复核申诉")
    REPAIR = "repair", _l("办理信用修复")
    MEASURE = "measure", _l("答复柔性措施")
    LOTTERY = "lottery", _l("登记开奖号码")
    ORDER = "order", _l("答复订单或询价")
    INSPECTION = "inspection", _l("检查重点监管机构的合同")
    RECHECK = "recheck", _l("核查档案变更")
    RELEASE = "release", _l("答复执业人员转出请求")
    TRANSFER = "transfer", _l("裁定执业人员转出")
    SELF_CHECK = "self_check", _l("完成年度自查")
    HALL_JUDGE = "hall_judge", _l("确认大厅征集评委")
    HALL_MARKS = "hall_marks", _l("大厅窗口征集评分")


class RunningClock(Model):
    """One organisation's clock as the lamps and reminders know it; live while ``ended_at`` is empty.

    A copy of deadlines that stand in other packages, kept so that reminders go out once each, at
    their own moments, and that lamps can be listed. ``stage`` is the last one told.
    """

    __tablename__ = "running_clocks"
    __table_args__ = (
        CheckConstraint("due_at >= since", name="period"),
        Index(
            "uq_running_clocks_live",
            "kind",
            "subject_id",
            "organisation_id",
            unique=True,
            sqlite_where=sql("ended_at IS NULL"),
            postgresql_where=sql("ended_at IS NULL"),
        ),
        Index("ix_running_clocks_lamps", "ended_at", "due_at"),
    )

    kind: Mapped[ClockKind] = mapped_column(EnumText(ClockKind))
    subject_id: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    about: Mapped[str] = mapped_column(String(300))
    link: Mapped[str] = mapped_column(String(300))
    since: Mapped[datetime]
    amber_at: Mapped[datetime]
    due_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    stage: Mapped[Stage | None] = mapped_column(EnumText(Stage))
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()


class SampleKind(Titled):
    """What an audit sample is drawn from."""

    GRADES = "grades", _l("信用等级")
    DRAWS = "draws", _l("随机抽取")
    CONTRACTS = "contracts", _l("合同与价格")


class SampleStatus(Status):
    """Where an audit sample stands."""

    DRAWN = "drawn", _l("核查中"), "info"
    SUBMITTED = "submitted", _l("待复核签认"), "warn"
    SIGNED = "signed", _l("已签认"), "good"


class AuditSample(PublicIdMixin, LifecycleMixin, Model):
    """A sample drawn verifiably from what is stored, replayed, noted, signed off by another.

    ``population`` holds the references drawn from, ``head_seq`` and ``head`` the ledger's head of
    the end of the day before, which enter the seed.
    """

    __tablename__ = "audit_samples"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("signed_by <> drawn_by", name="signed_by_another"),
        CheckConstraint("(status = 'signed') = (signed_at IS NOT NULL)", name="signed"),
        CheckConstraint("size >= 1", name="size"),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        SampleStatus.DRAWN: frozenset({SampleStatus.SUBMITTED}),
        SampleStatus.SUBMITTED: frozenset({SampleStatus.SIGNED, SampleStatus.DRAWN}),
    }

    number: Mapped[int]
    kind: Mapped[SampleKind] = mapped_column(EnumText(SampleKind))
    status: Mapped[SampleStatus] = mapped_column(EnumText(SampleStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    size: Mapped[int]
    population: Mapped[list[str]] = mapped_column(JSON)
    population_sha256: Mapped[str] = mapped_column(String(64))
    head_seq: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    seed: Mapped[str] = mapped_column(String(64))
    drawn_by: Mapped[int]
    drawn_at: Mapped[datetime]
    replayed_at: Mapped[datetime]
    conclusion: Mapped[str | None] = mapped_column(Text)
    signed_by: Mapped[int | None]
    signed_at: Mapped[datetime | None]
    sign_note: Mapped[str | None] = mapped_column(Text)

    items: Mapped[list[SampleItem]] = relationship(order_by="SampleItem.position")


class SampleItem(Model):
    """One drawn thing: what is stored, what the replay gave, and the auditor's note beside it.

    ``rows`` are ``[label, stored, replayed]``; ``differences`` counts those that do not agree.
    """

    __tablename__ = "audit_sample_items"
    __table_args__ = (UniqueConstraint("sample_id", "position"),)

    sample_id: Mapped[int] = mapped_column(ForeignKey("audit_samples.id"))
    position: Mapped[int]
    reference: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))
    link: Mapped[str] = mapped_column(String(300))
    rows: Mapped[list[list[str]]] = mapped_column(JSON)
    differences: Mapped[int]
    note: Mapped[str | None] = mapped_column(Text)
    noted_by: Mapped[int | None]
    noted_at: Mapped[datetime | None]
