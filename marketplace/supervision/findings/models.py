"""A finding in the working papers of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from ..models import AuditSample, SampleItem


class FindingKind(Titled):
    """What is wrong."""

    DIFFERENCE = "difference", _l("存档与复算不一致")
    EVIDENCE = "evidence", _l("依据缺失或者不足")
    PROCEDURE = "procedure", _l("未按程序办理")
    DEADLINE = "deadline", _l("超过办理时限")
    CHARGE = "charge", _l("收费不符合规定")
    CONFLICT = "conflict", _l("应回避未回避")
    OTHER = "other", _l("其他问题")


class FindingSeverity(Titled):
    """How grave it is."""

    SLIGHT = "slight", _l("轻微")
    ORDINARY = "ordinary", _l("一般")
    SERIOUS = "serious", _l("严重")


class FindingStatus(Status):
    """Where a finding stands."""

    OPEN = "open", _l("待答复"), "warn"
    ANSWERED = "answered", _l("已答复，待审核"), "info"
    CLOSED = "closed", _l("已办结"), "good"


class AuditFinding(PublicIdMixin, LifecycleMixin, Model):
    """One finding: what was found on which evidence, what the audited bureau answered, how it
    was closed. ``raised_for`` is the auditing office, ``entry_number`` the row of the rating ledger
    that the finding is about, if any."""

    __tablename__ = "audit_findings"
    __table_args__ = (
        UniqueConstraint("sample_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint("status = 'open' OR answer IS NOT NULL", name="answer_first"),
        CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("closed_by <> answered_by", name="closed_by_another"),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        FindingStatus.OPEN: frozenset({FindingStatus.ANSWERED}),
        FindingStatus.ANSWERED: frozenset({FindingStatus.OPEN, FindingStatus.CLOSED}),
    }

    sample_id: Mapped[int] = mapped_column(ForeignKey("audit_samples.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("audit_sample_items.id"))
    number: Mapped[int]
    kind: Mapped[FindingKind] = mapped_column(EnumText(FindingKind))
    severity: Mapped[FindingSeverity] = mapped_column(EnumText(FindingSeverity))
    status: Mapped[FindingStatus] = mapped_column(EnumText(FindingStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    text: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(String(500))
    entry_number: Mapped[int | None] = mapped_column(ForeignKey("rating_ledger.id"))
    raised_by: Mapped[int]
    raised_for: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    raised_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    judgement: Mapped[str | None] = mapped_column(Text)
    closed_by: Mapped[int | None]
    closed_at: Mapped[datetime | None]

    sample: Mapped[AuditSample] = relationship()
    item: Mapped[SampleItem] = relationship()
