"""Cards, cases, blacklistings."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation import epoch
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from .rules import Colour, Severity

COLOUR_TITLES: dict[Colour, Any] = {Colour.YELLOW: _l("黄牌"), Colour.RED: _l("红牌")}
SEVERITY_TITLES: dict[Severity, Any] = {
    Severity.SLIGHT: _l("轻微"),
    Severity.ORDINARY: _l("一般"),
    Severity.SERIOUS: _l("严重"),
}


class Breach(Titled):
    """What a card is given for."""

    LATE = "late", _l("无正当理由逾期")
    SERVICE = "service", _l("服务质量或态度不符合承诺")
    CHARGING = "charging", _l("收费不规范")
    DISCLOSURE = "disclosure", _l("公示信息与实际不符")
    SUPERVISION = "supervision", _l("不配合监督检查")
    OFF_PLATFORM = "off_platform", _l("规避平台规则")
    OTHER = "other", _l("其他违反入驻承诺的行为")


class Cause(Titled):
    """What a blacklisting case is about. The first five are vetoes: grade D is proposed too."""

    FALSE_MATERIALS = "false_materials", _l("提供虚假材料或者出具虚假成果")
    LENDING_QUALIFICATIONS = "lending_qualifications", _l("出借、转让资质")
    COLLUSION = "collusion", _l("串通报价、围标")
    BRIBERY = "bribery", _l("行贿或者输送不正当利益")
    DISHONESTY_LIST = "dishonesty_list", _l("被列入国家严重失信主体名单")
    OVERCHARGE = "overcharge", _l("超标准收费，拒不改正")
    ABANDONMENT = "abandonment", _l("中选后拒不签约或者擅自终止服务")
    REPEATED = "repeated", _l("多次违规，经红牌处理仍不改正")
    BREACH = "breach", _l("其他严重违反入驻承诺的行为")

    @property
    def is_veto(self) -> bool:
        """Whether it suspends at once and leads to a proposal of D. (RULES section 10)"""
        return self in VETOES


VETOES = frozenset(
    {
        Cause.FALSE_MATERIALS,
        Cause.LENDING_QUALIFICATIONS,
        Cause.COLLUSION,
        Cause.BRIBERY,
        Cause.DISHONESTY_LIST,
    }
)


class CardStatus(Status):
    """Where a card stands."""

    PROPOSED = "proposed", _l("待审批"), "warn"
    REJECTED = "rejected", _l("未予出具"), "ended"
    CORRECTING = "correcting", _l("限期整改"), "warn"
    REPORTED = "reported", _l("已报整改，待核查"), "info"
    CORRECTED = "corrected", _l("整改完成"), "good"
    UNCORRECTED = "uncorrected", _l("未完成整改"), "bad"
    SUSPENDED = "suspended", _l("暂停承接"), "bad"
    STAYED = "stayed", _l("停止执行"), "warn"
    ENDED = "ended", _l("已期满"), "ended"
    REVOKED = "revoked", _l("已撤销"), "ended"
    REPAIRED = "repaired", _l("已修复"), "good"


class Card(PublicIdMixin, LifecycleMixin, Model):
    """A yellow or red card: proposed by one officer, issued by another.

    The colour is found at issue, from the firm's record. A red card the clock gives for a
    correction that did not come has no proposer; ``follows`` is the yellow one. ``succeeds``: the
    card of the same subject under its former name, with which this one ends.
    """

    __tablename__ = "cards"
    __table_args__ = (
        CheckConstraint("decided_by <> proposed_by", name="two_officers"),
        CheckConstraint(
            "(status IN ('proposed', 'rejected')) = (colour IS NULL)", name="colour_when_issued"
        ),
        CheckConstraint("(colour = 'yellow') = (correct_by IS NOT NULL)", name="yellow_period"),
        CheckConstraint("(colour = 'red') = (until_at IS NOT NULL)", name="red_period"),
        CheckConstraint("until_at > decided_at", name="red_period_positive"),
        Index("ix_cards_in_force", "organisation_id", "status", "until_at"),
    )
    MOVES: ClassVar = {
        CardStatus.PROPOSED: frozenset(
            {CardStatus.REJECTED, CardStatus.CORRECTING, CardStatus.SUSPENDED}
        ),
        CardStatus.CORRECTING: frozenset(
            {CardStatus.REPORTED, CardStatus.UNCORRECTED, CardStatus.REVOKED}
        ),
        CardStatus.REPORTED: frozenset(
            {CardStatus.CORRECTED, CardStatus.UNCORRECTED, CardStatus.REVOKED}
        ),
        CardStatus.CORRECTED: frozenset({CardStatus.REVOKED, CardStatus.REPAIRED}),
        CardStatus.UNCORRECTED: frozenset({CardStatus.REVOKED}),
        CardStatus.SUSPENDED: frozenset(
            {CardStatus.ENDED, CardStatus.STAYED, CardStatus.REVOKED, CardStatus.REPAIRED}
        ),
        CardStatus.STAYED: frozenset({CardStatus.SUSPENDED, CardStatus.ENDED, CardStatus.REVOKED}),
        CardStatus.ENDED: frozenset({CardStatus.REVOKED, CardStatus.REPAIRED}),
        CardStatus.REPAIRED: frozenset({CardStatus.REVOKED}),
    }

    status: Mapped[CardStatus] = mapped_column(EnumText(CardStatus))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    item_code: Mapped[str | None] = mapped_column(String(40))
    breach: Mapped[Breach] = mapped_column(EnumText(Breach))
    facts: Mapped[str] = mapped_column(Text)
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime]
    colour: Mapped[Colour | None] = mapped_column(EnumText(Colour))
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    correct_by: Mapped[datetime | None]
    correction: Mapped[str | None] = mapped_column(Text)
    corrected_at: Mapped[datetime | None]
    judgement: Mapped[str | None] = mapped_column(Text)
    until_at: Mapped[datetime | None]
    reported_to_department: Mapped[bool] = mapped_column(default=False)
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), unique=True)
    succeeds_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"), index=True)

    organisation: Mapped[Organisation] = relationship()
    evidence_file: Mapped[StoredFile | None] = relationship()
    follows: Mapped[Card | None] = relationship(remote_side="Card.id", foreign_keys=[follows_id])
    succeeds: Mapped[Card | None] = relationship(remote_side="Card.id", foreign_keys=[succeeds_id])

    @property
    def title(self) -> Any:
        """黄牌, 红牌, or 待定 while it is only proposed."""
        return COLOUR_TITLES[self.colour] if self.colour else _l("待定")


class CaseStatus(Status):
    """Where a case stands."""

    REPORTED = "reported", _l("待陈述申辩"), "info"
    HEARD = "heard", _l("待提出处理意见"), "warn"
    PROPOSED = "proposed", _l("待审批决定"), "warn"
    DECIDED = "decided", _l("已决定"), "bad"
    DISMISSED = "dismissed", _l("不予处理"), "ended"


OPEN_CASES = (CaseStatus.REPORTED, CaseStatus.HEARD, CaseStatus.PROPOSED)


class Case(PublicIdMixin, LifecycleMixin, Model):
    """A blacklisting case: report, statement by the firm, proposal, decision by another officer."""

    __tablename__ = "sanction_cases"
    __table_args__ = (
        CheckConstraint("decided_by <> proposed_by", name="two_officers"),
        CheckConstraint("decided_by <> reported_by", name="reporter_does_not_decide"),
        CheckConstraint(
            "(status IN ('decided', 'dismissed')) = (decided_at IS NOT NULL)", name="decided"
        ),
        CheckConstraint(
            "status NOT IN ('proposed', 'decided') OR "
            "(months IS NOT NULL AND severity IS NOT NULL AND proposed_at IS NOT NULL)",
            name="proposal",
        ),
        CheckConstraint("months BETWEEN 1 AND 36", name="months"),
        Index("ix_sanction_cases_organisation", "organisation_id", "status"),
    )
    MOVES: ClassVar = {
        CaseStatus.REPORTED: frozenset({CaseStatus.HEARD}),
        CaseStatus.HEARD: frozenset({CaseStatus.PROPOSED, CaseStatus.DISMISSED}),
        CaseStatus.PROPOSED: frozenset(
            {CaseStatus.HEARD, CaseStatus.DECIDED, CaseStatus.DISMISSED}
        ),
    }

    status: Mapped[CaseStatus] = mapped_column(EnumText(CaseStatus))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    cause: Mapped[Cause] = mapped_column(EnumText(Cause))
    facts: Mapped[str] = mapped_column(Text)
    evidence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    reported_by: Mapped[int | None]
    reported_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    statement_due_at: Mapped[datetime]
    suspended_until: Mapped[datetime | None]
    statement: Mapped[str | None] = mapped_column(Text)
    statement_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    stated_at: Mapped[datetime | None]
    severity: Mapped[Severity | None] = mapped_column(EnumText(Severity))
    months: Mapped[int | None]
    proposal_reason: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)

    organisation: Mapped[Organisation] = relationship()
    evidence_file: Mapped[StoredFile | None] = relationship(foreign_keys=[evidence_file_id])
    statement_file: Mapped[StoredFile | None] = relationship(foreign_keys=[statement_file_id])
    items: Mapped[list[CaseItem]] = relationship(
        cascade="all, delete-orphan", order_by="CaseItem.item_code"
    )
    blacklisting: Mapped[Blacklisting | None] = relationship(back_populates="case")

    @property
    def severity_title(self) -> Any:
        """For people."""
        return SEVERITY_TITLES[self.severity] if self.severity else None


class CaseItem(Model):
    """A service item a case's blacklisting is limited to; none means every item."""

    __tablename__ = "sanction_case_items"
    __table_args__ = (UniqueConstraint("case_id", "item_code"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("sanction_cases.id"))
    item_code: Mapped[str] = mapped_column(String(40), index=True)


class BlacklistingStatus(Status):
    """Where a blacklisting stands."""

    IN_FORCE = "in_force", _l("生效中"), "bad"
    STAYED = "stayed", _l("停止执行"), "warn"
    ENDED = "ended", _l("已期满"), "ended"
    REVOKED = "revoked", _l("已撤销"), "ended"
    REPAIRED = "repaired", _l("已修复"), "good"


class Blacklisting(PublicIdMixin, LifecycleMixin, Model):
    """Service on this marketplace suspended or ended for a firm, from–until, here and below.

    It is not the national list of serious dishonesty. ``follows_id``: the listing of the same
    subject under its former name, with which this one ends.
    """

    __tablename__ = "blacklistings"
    __table_args__ = (
        CheckConstraint("until_at > from_at", name="period"),
        Index("ix_blacklistings_in_force", "status", "until_at", "organisation_id"),
    )
    MOVES: ClassVar = {
        BlacklistingStatus.IN_FORCE: frozenset(
            {
                BlacklistingStatus.ENDED,
                BlacklistingStatus.STAYED,
                BlacklistingStatus.REVOKED,
                BlacklistingStatus.REPAIRED,
            }
        ),
        BlacklistingStatus.STAYED: frozenset(
            {BlacklistingStatus.IN_FORCE, BlacklistingStatus.ENDED, BlacklistingStatus.REVOKED}
        ),
        BlacklistingStatus.ENDED: frozenset({BlacklistingStatus.REVOKED}),
        BlacklistingStatus.REPAIRED: frozenset({BlacklistingStatus.REVOKED}),
    }

    status: Mapped[BlacklistingStatus] = mapped_column(EnumText(BlacklistingStatus))
    case_id: Mapped[int] = mapped_column(ForeignKey("sanction_cases.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    cause: Mapped[Cause] = mapped_column(EnumText(Cause))
    severity: Mapped[Severity] = mapped_column(EnumText(Severity))
    all_items: Mapped[bool]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("blacklistings.id"), index=True)

    organisation: Mapped[Organisation] = relationship()
    case: Mapped[Case] = relationship(back_populates="blacklisting")


for _model in (Card, Case, Blacklisting):
    epoch.watch_public(_model, "status")
