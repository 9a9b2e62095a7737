"""Projects, needs, recusals, corrections, attachments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.catalogue.models import DaysKind
from marketplace.foundation import lifecycle
from marketplace.foundation.db import Base, EnumText, Fen, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.titles import Titled

from .packages.models import NeedPart


class InvestmentKind(Titled):
    """Whose money it is. Declared as ``value, title``."""

    GOVERNMENT = "government", _l("政府投资（财政性资金）")
    STATE_FIRM = "state_firm", _l("国有企业资金")
    VILLAGE = "village", _l("村集体资金")
    ENTERPRISE = "enterprise", _l("单位自有资金")
    NATURAL_PERSON = "natural_person", _l("个人资金")


class SelectionMethod(Titled):
    """How a firm is chosen. Declared as ``value, title``."""

    DIRECT_PICK = "direct_pick", _l("直接选取")
    RANDOM_DRAW = "random_draw", _l("随机抽取")
    PRICE_COMPETITION = "price_competition", _l("竞价选取")
    AVERAGE_PRICE = "average_price", _l("均价选取")
    BEST_VALUE = "best_value", _l("综合评审")


# as notices and letters say it, whatever language their reader has chosen
METHODS = {
    SelectionMethod.DIRECT_PICK: "直接选取",
    SelectionMethod.RANDOM_DRAW: "随机抽取",
    SelectionMethod.PRICE_COMPETITION: "竞价选取",
    SelectionMethod.AVERAGE_PRICE: "均价选取",
    SelectionMethod.BEST_VALUE: "综合评审",
}

# quotes lie enciphered until they are all opened at once
SEALED_METHODS = frozenset(
    {
        SelectionMethod.PRICE_COMPETITION,
        SelectionMethod.AVERAGE_PRICE,
        SelectionMethod.BEST_VALUE,
    }
)


class PriceScoring(Titled):
    """How a quote becomes points in best value. Declared as ``value, title``."""

    LOWEST = "lowest", _l("最低价为满分：满分 × 最低报价 ÷ 本机构报价")
    MEAN = "mean", _l("接近平均价为高分：满分 ×（1 − 与平均价之差 ÷ 平均价）")


class NeedChannel(Titled):
    """How firms come to a need. Declared as ``value, title``."""

    OPEN = "open", _l("公开报名")
    ORDER = "order", _l("承接事项下单")
    QUICK = "quick", _l("小额快选")


class DrawSource(Titled):
    """Where a draw's public value comes from. Declared as ``value, title``."""

    LOTTERY = "lottery", _l("彩票开奖号码")
    CEREMONY = "ceremony", _l("现场公开抽取")


class NeedStatus(lifecycle.Status):
    """Where a need stands."""

    DRAFT = "draft", _l("草稿"), "neutral"
    SUBMITTED = "submitted", _l("待审批"), "warn"
    PUBLISHED = "published", _l("报名中"), "info"
    SELECTING = "selecting", _l("选取中"), "info"
    AWARDED = "awarded", _l("已中选"), "good"
    CONTRACTED = "contracted", _l("合同履行中"), "info"
    COMPLETED = "completed", _l("已完成"), "good"
    TERMINATED = "terminated", _l("合同已终止"), "ended"
    FAILED = "failed", _l("选取失败"), "ended"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"


class CorrectionStatus(lifecycle.Status):
    """Where a correction stands."""

    PROPOSED = "proposed", _l("待审批"), "warn"
    PUBLISHED = "published", _l("已发布"), "info"
    REFUSED = "refused", _l("未通过"), "ended"


class Project(PublicIdMixin, Model):
    """What needs are posted for. The code is issued elsewhere; only approved projects have one."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("owner_id", "code"),)

    owner_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    code: Mapped[str | None] = mapped_column(String(24), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    created_at: Mapped[datetime]

    owner: Mapped[Organisation] = relationship()


class NeedCounter(Base):
    """The last number given to a need, per jurisdiction and year."""

    __tablename__ = "need_counters"

    jurisdiction_code: Mapped[str] = mapped_column(
        ForeignKey("jurisdictions.code"), primary_key=True
    )
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int]


class Need(PublicIdMixin, lifecycle.LifecycleMixin, Model):
    """What an owner asks for.

    ``channel`` other than ``open``: it stands behind an order to chosen firms, and is public from
    the moment the order is taken. ``split`` names the purchases it may be a part of (None: none).
    Item name, qualifications and the two minimum grades are frozen copies of the catalogue's and
    the edition's at publication. ``by_discount``: firms quote a discount off the budget.
    ``two_keys``: the owner wants the key to sealed quotes held by three. ``next_check_at`` belongs
    to selection's sweep. ``earlier_id``: the failed need that this one posts again,
    ``call_number`` which notice it is (1: the first). ``items_count``: how many
    items it names; ``budget`` is for all of them together.
    """

    __tablename__ = "needs"
    __table_args__ = (
        CheckConstraint("budget > 0", name="budget"),
        CheckConstraint("days_wanted > 0", name="days_wanted"),
        CheckConstraint("(method = 'random_draw') = (draw_source IS NOT NULL)", name="draw_source"),
        CheckConstraint(
            "minimum_grade IS NULL OR minimum_grade IN ('A', 'B', 'C', 'D')", name="minimum_grade"
        ),
        CheckConstraint(
            "NOT two_person OR approver_id IS NULL OR approver_id <> proposer_id",
            name="two_persons",
        ),
        CheckConstraint(
            "status IN ('draft', 'submitted') OR published_at IS NULL OR "
            "(entry_deadline IS NOT NULL AND choice_at IS NOT NULL "
            "AND selection_edition_id IS NOT NULL AND approver_id IS NOT NULL)",
            name="published",
        ),
        CheckConstraint(
            "status IN ('draft', 'submitted', 'withdrawn') OR published_at IS NOT NULL",
            name="status_published",
        ),
        CheckConstraint("choice_at >= entry_deadline", name="choice_after_deadline"),
        Index("ix_needs_public", "status", "entry_deadline"),
        Index("ix_needs_area", "jurisdiction_code", "published_at"),
        Index(
            "uq_needs_again",
            "earlier_id",
            unique=True,
            sqlite_where=text("status <> 'withdrawn'"),
            postgresql_where=text("status <> 'withdrawn'"),
        ),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        # an order becomes public with its result: nobody enters it
        NeedStatus.DRAFT: frozenset(
            {NeedStatus.SUBMITTED, NeedStatus.AWARDED, NeedStatus.WITHDRAWN}
        ),
        NeedStatus.SUBMITTED: frozenset(
            {NeedStatus.DRAFT, NeedStatus.PUBLISHED, NeedStatus.WITHDRAWN}
        ),
        NeedStatus.PUBLISHED: frozenset(
            {NeedStatus.SELECTING, NeedStatus.AWARDED, NeedStatus.FAILED, NeedStatus.WITHDRAWN}
        ),
        NeedStatus.SELECTING: frozenset(
            {NeedStatus.PUBLISHED, NeedStatus.AWARDED, NeedStatus.FAILED, NeedStatus.WITHDRAWN}
        ),
        NeedStatus.AWARDED: frozenset(
            {
                NeedStatus.PUBLISHED,
                NeedStatus.SELECTING,
                NeedStatus.CONTRACTED,
                NeedStatus.FAILED,
                NeedStatus.WITHDRAWN,
            }
        ),
        NeedStatus.CONTRACTED: frozenset({NeedStatus.COMPLETED, NeedStatus.TERMINATED}),
    }

    number: Mapped[str] = mapped_column(String(30), unique=True)
    status: Mapped[NeedStatus] = mapped_column(EnumText(NeedStatus), index=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    title: Mapped[str] = mapped_column(String(120))
    item_code: Mapped[str] = mapped_column(String(20), index=True)
    item_name: Mapped[str] = mapped_column(String(120))
    off_list: Mapped[bool]
    scope: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(String(200))
    fee_inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    budget: Mapped[Decimal] = mapped_column(Fen)
    price_check_id: Mapped[int | None]
    investment: Mapped[InvestmentKind] = mapped_column(EnumText(InvestmentKind))
    qualifications: Mapped[list[Any]] = mapped_column(JSON)
    any_qualification: Mapped[bool]
    days_wanted: Mapped[int]
    days_kind: Mapped[DaysKind] = mapped_column(EnumText(DaysKind))
    method: Mapped[SelectionMethod] = mapped_column(EnumText(SelectionMethod))
    draw_source: Mapped[DrawSource | None] = mapped_column(EnumText(DrawSource))
    channel: Mapped[NeedChannel] = mapped_column(
        EnumText(NeedChannel), default=NeedChannel.OPEN, server_default="open"
    )
    split: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    by_discount: Mapped[bool] = mapped_column(default=False, server_default=false())
    two_keys: Mapped[bool] = mapped_column(default=False, server_default=false())
    items_count: Mapped[int] = mapped_column(default=1, server_default="1")
    minimum_grade: Mapped[str | None] = mapped_column(String(1))
    entry_working_days: Mapped[int]
    contact_name: Mapped[str] = mapped_column(String(60))
    contact_phone: Mapped[str] = mapped_column(String(40))

    two_person: Mapped[bool]
    proposer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    return_reason: Mapped[str | None] = mapped_column(String(1000))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    entry_deadline: Mapped[datetime | None]
    choice_at: Mapped[datetime | None]
    extensions_used: Mapped[int] = mapped_column(default=0)
    selection_edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    withdrawal_reason: Mapped[str | None] = mapped_column(String(1000))
    withdrawal_proposer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    outcome_reason: Mapped[str | None] = mapped_column(String(1000))
    earlier_id: Mapped[int | None] = mapped_column(ForeignKey("needs.id"))
    call_number: Mapped[int] = mapped_column(default=1, server_default="1")

    owner: Mapped[Organisation] = relationship()
    project: Mapped[Project] = relationship()
    weights: Mapped[NeedWeights | None] = relationship(cascade="all, delete-orphan")
    parts: Mapped[list[NeedPart]] = relationship(
        order_by=NeedPart.position, cascade="all, delete-orphan"
    )

    @property
    def further(self) -> list[NeedPart]:
        """The items beside the main one; nothing is read for a need that has none."""
        return self.parts if self.is_package else []

    @property
    def is_package(self) -> bool:
        """Whether several items are bought together."""
        return self.items_count > 1

    @property
    def each_item(self) -> list[Need | NeedPart]:
        """The main item, then the further ones: each says code, name, quantities, demands."""
        return [self, *self.further]

    @property
    def item_codes(self) -> list[str]:
        """The codes of all items, the main one first."""
        return [each.item_code for each in self.each_item]

    @property
    def item_budgets(self) -> list[Decimal]:
        """Every item's share of the budget, in the order of the items; the main one's is what the
        others leave."""
        shares = [each.budget for each in self.further]
        return [self.budget - sum(shares), *shares]

    @property
    def government_invested(self) -> bool:
        """Fiscal money: the gate, the direct pick's limit and the minimum grade apply."""
        return self.investment is InvestmentKind.GOVERNMENT

    @property
    def is_sealed(self) -> bool:
        """Whether its quotes are sealed until they are opened."""
        return self.method in SEALED_METHODS

    @property
    def is_weighed(self) -> bool:
        """Whether judges mark what firms hand in, by published weights."""
        return self.method is SelectionMethod.BEST_VALUE

    @property
    def is_ordered(self) -> bool:
        """Whether chosen firms were asked instead of a call for entries."""
        return self.channel is not NeedChannel.OPEN

    @property
    def is_public(self) -> bool:
        """Whether the public may see it: everything that was ever published."""
        return self.published_at is not None


class NeedWeights(Model):
    """What a best-value need weighs: the full points of every criterion, a hundred together."""

    __tablename__ = "need_weights"
    __table_args__ = (
        CheckConstraint("price + rating + plan + practitioners = 100", name="hundred"),
        CheckConstraint(
            "price >= 0 AND rating >= 0 AND plan >= 0 AND practitioners >= 0", name="points"
        ),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), unique=True)
    price: Mapped[int]
    rating: Mapped[int]
    plan: Mapped[int]
    practitioners: Mapped[int]
    scoring: Mapped[PriceScoring] = mapped_column(EnumText(PriceScoring))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))


class NeedRecusal(Model):
    """A firm barred from one need, with the reason the public can read."""

    __tablename__ = "need_recusals"
    __table_args__ = (UniqueConstraint("need_id", "organisation_id"),)

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))

    organisation: Mapped[Organisation] = relationship()


class NeedAttachment(PublicIdMixin, Model):
    """A file published with the need."""

    __tablename__ = "need_attachments"

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))

    file: Mapped[StoredFile] = relationship()


class NeedCorrection(PublicIdMixin, lifecycle.LifecycleMixin, Model):
    """A substantive correction: old and new side by side, restarting the entry period.

    ``changes`` is a list of ``{"field", "before", "after"}`` as texts.
    """

    __tablename__ = "need_corrections"
    __table_args__ = (
        CheckConstraint(
            "NOT two_person OR approver_id IS NULL OR approver_id <> proposer_id",
            name="two_persons",
        ),
        Index(
            "uq_need_corrections_open",
            "need_id",
            unique=True,
            sqlite_where=text("status = 'proposed'"),
            postgresql_where=text("status = 'proposed'"),
        ),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        CorrectionStatus.PROPOSED: frozenset(
            {CorrectionStatus.PUBLISHED, CorrectionStatus.REFUSED}
        ),
    }

    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    status: Mapped[CorrectionStatus] = mapped_column(EnumText(CorrectionStatus))
    changes: Mapped[list[Any]] = mapped_column(JSON)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(500))
    two_person: Mapped[bool]
    proposer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    price_check_id: Mapped[int | None]
    published_at: Mapped[datetime | None]
    deadline_before: Mapped[datetime]
    deadline_after: Mapped[datetime | None]

    need: Mapped[Need] = relationship()
