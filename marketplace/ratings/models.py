"""The rating ledger, the subjects it is about, their stored grades, proposals of A and D."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation import epoch
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import DecimalText, EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.policy import PolicyEdition

from .rules.entries import ConductKind, DecisionStep, Grade, RaterSide, VetoKind

GRADE_TITLES: dict[Grade, Any] = {
    Grade.A: _l("A 级"),
    Grade.B: _l("B 级"),
    Grade.C: _l("C 级"),
    Grade.D: _l("D 级"),
    Grade.UNGRADED: _l("未评级"),
}
SIDE_TITLES: dict[RaterSide, Any] = {
    RaterSide.OWNER: _l("项目业主评价"),
    RaterSide.FIRM: _l("中介机构评价"),
    RaterSide.DEPARTMENT: _l("行业主管部门评价"),
    RaterSide.ASSESSOR: _l("社会监督和第三方评价"),
}
CONDUCT_TITLES: dict[ConductKind, Any] = {
    ConductKind.OVERDUE_DELIVERY: _l("成果逾期"),
    ConductKind.ABANDONED_AWARD: _l("放弃中选"),
    ConductKind.OVERCHARGE: _l("超标准收费"),
    ConductKind.UPHELD_COMPLAINT: _l("投诉属实"),
    ConductKind.YELLOW_CARD: _l("黄牌"),
    ConductKind.RED_CARD: _l("红牌"),
    ConductKind.COMMENDATION: _l("表扬"),
    ConductKind.WITHDRAWN_AFTER_AWARD: _l("中选后撤回需求"),
    ConductKind.LATE_ACCEPTANCE: _l("逾期验收"),
    ConductKind.LATE_PAYMENT: _l("逾期付款"),
}
VETO_TITLES: dict[VetoKind, Any] = {
    VetoKind.FALSE_MATERIALS: _l("提供虚假材料"),
    VetoKind.LENDING_QUALIFICATIONS: _l("出借资质"),
    VetoKind.COLLUSION: _l("串通"),
    VetoKind.BRIBERY: _l("行贿"),
    VetoKind.DISHONESTY_LIST: _l("列入国家严重失信主体名单"),
    VetoKind.THIRD_CARD: _l("第三次记牌"),
    VetoKind.SAME_SUBJECT: _l("同一主体原名称为 D 级"),
}
GRADE_TONES = {
    Grade.A: "good",
    Grade.B: "info",
    Grade.C: "warn",
    Grade.D: "bad",
    Grade.UNGRADED: "neutral",
}


class Capacity(StrEnum):
    """In which part an organisation is rated; the same body may sell and buy."""

    INTERMEDIARY = "intermediary"
    OWNER = "owner"


class EntryKind(StrEnum):
    """What a row of the ledger holds."""

    MARK = "mark"
    INSPECTION = "inspection"
    CONDUCT = "conduct"
    VETO = "veto"
    REVERSAL = "reversal"
    DECISION = "decision"


class RatingSubject(Model):
    """Who is rated: organisation × register × capacity, with the grade as last settled.

    It is the row to lock before the ledger of the subject is read or written. `settled_on` is the
    last day whose evaluations are stored.
    """

    __tablename__ = "rating_subjects"
    __table_args__ = (
        Unique("organisation_id", "register", "capacity"),
        Index("ix_rating_subjects_graded", "register", "grade"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    register: Mapped[str] = mapped_column(String(12))
    capacity: Mapped[Capacity] = mapped_column(EnumText(Capacity))
    grade: Mapped[Grade] = mapped_column(EnumText(Grade))
    hundredths: Mapped[int | None]
    settled_on: Mapped[date | None] = mapped_column(Date)
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)

    organisation: Mapped[Organisation] = relationship()


epoch.watch_public(RatingSubject, "grade")


class RatingEntry(Model):
    """One row of the ledger, append-only; its digest stands in its audit row as well."""

    __tablename__ = "rating_ledger"
    __table_args__ = (
        Index("ix_rating_ledger_rater", "rater_organisation_id", "takes_effect_on"),
        Index("ix_rating_ledger_evidence", "evidence_type", "evidence_id"),
        CheckConstraint(
            "kind <> 'mark' OR (side IS NOT NULL AND rater_organisation_id IS NOT NULL "
            "AND breadth >= 1 AND hundredths BETWEEN 2000 AND 10000 AND contract_id IS NOT NULL)",
            name="mark",
        ),
        CheckConstraint(
            "kind <> 'inspection' OR hundredths BETWEEN 0 AND 10000", name="inspection"
        ),
        CheckConstraint(
            "kind <> 'conduct' OR (conduct IS NOT NULL AND ends_on > takes_effect_on)",
            name="conduct",
        ),
        CheckConstraint(
            "kind <> 'veto' OR (veto IS NOT NULL AND ends_on > takes_effect_on)", name="veto"
        ),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal"),
        CheckConstraint("reverses_id IS NULL OR reverses_id < id", name="reverses_earlier"),
        # repaired from one day on, revoked later from its first: see ``reverse_entry``
        Unique("reverses_id", "takes_effect_on"),
        CheckConstraint(
            "kind <> 'decision' OR (step IS NOT NULL AND grade IN ('A', 'D') "
            "AND (step = 'proposed') = (proposal_entry_id IS NULL) "
            "AND (step = 'confirmed') = (in_force_on IS NOT NULL))",
            name="decision",
        ),
    )

    subject_id: Mapped[int] = mapped_column(ForeignKey("rating_subjects.id"), index=True)
    kind: Mapped[EntryKind] = mapped_column(EnumText(EntryKind))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    takes_effect_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    evidence_type: Mapped[str] = mapped_column(String(60))
    evidence_id: Mapped[int]
    ends_on: Mapped[date | None] = mapped_column(Date)
    side: Mapped[RaterSide | None] = mapped_column(EnumText(RaterSide))
    rater_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    breadth: Mapped[int | None]
    contract_id: Mapped[int | None] = mapped_column(index=True)
    parts: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    hundredths: Mapped[int | None]
    conduct: Mapped[ConductKind | None] = mapped_column(EnumText(ConductKind))
    points: Mapped[Decimal | None] = mapped_column(DecimalText)
    working_days: Mapped[int | None]
    yearly_deliveries: Mapped[int | None]
    veto: Mapped[VetoKind | None] = mapped_column(EnumText(VetoKind))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("rating_ledger.id"))
    step: Mapped[DecisionStep | None] = mapped_column(EnumText(DecisionStep))
    grade: Mapped[Grade | None] = mapped_column(EnumText(Grade))
    proposal_entry_id: Mapped[int | None] = mapped_column(ForeignKey("rating_ledger.id"))
    in_force_on: Mapped[date | None] = mapped_column(Date)
    digest: Mapped[str] = mapped_column(String(64))

    subject: Mapped[RatingSubject] = relationship()
    rater: Mapped[Organisation | None] = relationship()
    edition: Mapped[PolicyEdition] = relationship()

    def content_digest(self) -> str:
        """SHA-256 over every column but the digest and the key, which the audit row names."""
        return content_digest([getattr(self, name) for name in HASHED])


HASHED = sorted(
    column.key for column in RatingEntry.__table__.columns if column.key not in ("id", "digest")
)
_KEYS = [f'"{name}":' for name in HASHED]
_quoted = json.encoder.encode_basestring
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def content_digest(values: Sequence[Any]) -> str:
    """The digest of a row of the ledger from the values of the columns `HASHED`, in their order.

    Points may be given as the text that is stored. The bytes are those of
    ``crypto.canonical_json``, written out: a replay takes the digest of every row there is.
    """
    return sha256_hex(content_text(values).encode())


def content_text(values: Sequence[Any]) -> str:
    """The text that ``content_digest`` is taken of."""
    # the columns stand in the order of their names, which is that of the canonical form
    written = []
    for key, value in zip(_KEYS, values, strict=False):
        if value is None:
            written.append(f"{key}null")
            continue
        kind = type(value)
        if kind is int:
            written.append(f"{key}{value}")
        elif kind is str:
            written.append(f"{key}{_quoted(value)}")
        elif kind is date or kind is datetime:
            written.append(f'{key}"{value.isoformat()}"')
        elif kind is Decimal:
            written.append(f'{key}"{value:f}"')
        else:
            written.append(f"{key}{_ENCODER.encode(value)}")
    return "{" + ",".join(written) + "}"


append_only(RatingEntry.__table__)  # type: ignore[arg-type]


class GradeRecord(Model):
    """A grade and score as stored from one day on; a later record never changes an earlier one.

    `evaluated` counts the evaluated contracts, `cursor` is the last entry of the ledger that was
    known, `known_at` the moment: with both the record can be replayed.
    """

    __tablename__ = "grade_records"
    __table_args__ = (
        Index("ix_grade_records_day", "subject_id", "from_day", "id"),
        CheckConstraint("grade = 'ungraded' OR since IS NOT NULL", name="since"),
    )

    subject_id: Mapped[int] = mapped_column(ForeignKey("rating_subjects.id"))
    from_day: Mapped[date] = mapped_column(Date)
    grade: Mapped[Grade] = mapped_column(EnumText(Grade))
    since: Mapped[date | None] = mapped_column(Date)
    hundredths: Mapped[int | None]
    evaluated: Mapped[int]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    cursor: Mapped[int]
    known_at: Mapped[datetime]


append_only(GradeRecord.__table__)  # type: ignore[arg-type]


class ProposalStatus(Status):
    """Where a proposal of A or D stands."""

    PROPOSED = "proposed", _l("待确认"), "info"
    PUBLISHED = "published", _l("公示中"), "info"
    OBJECTED = "objected", _l("异议处理中"), "warn"
    IN_FORCE = "in_force", _l("已生效"), "good"
    REJECTED = "rejected", _l("不予通过"), "ended"
    LAPSED = "lapsed", _l("已失效"), "ended"


class GradeProposal(PublicIdMixin, LifecycleMixin, Model):
    """A proposal of A or D: one open at a time for each subject."""

    __tablename__ = "grade_proposals"
    __table_args__ = (
        Index(
            "uq_grade_proposals_open",
            "subject_id",
            unique=True,
            sqlite_where=text("status IN ('proposed', 'published', 'objected')"),
            postgresql_where=text("status IN ('proposed', 'published', 'objected')"),
        ),
        CheckConstraint("grade IN ('A', 'D')", name="grade"),
        CheckConstraint(
            "confirmed_by IS NULL OR proposed_by IS NULL OR confirmed_by <> proposed_by",
            name="two_officers",
        ),
    )
    MOVES: ClassVar = {
        ProposalStatus.PROPOSED: frozenset(
            {ProposalStatus.PUBLISHED, ProposalStatus.REJECTED, ProposalStatus.LAPSED}
        ),
        ProposalStatus.PUBLISHED: frozenset(
            {
                ProposalStatus.OBJECTED,
                ProposalStatus.IN_FORCE,
                ProposalStatus.REJECTED,
                ProposalStatus.LAPSED,
            }
        ),
        ProposalStatus.OBJECTED: frozenset(
            {ProposalStatus.PUBLISHED, ProposalStatus.REJECTED, ProposalStatus.LAPSED}
        ),
    }

    subject_id: Mapped[int] = mapped_column(ForeignKey("rating_subjects.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("rating_ledger.id"), unique=True)
    grade: Mapped[Grade] = mapped_column(EnumText(Grade))
    reason: Mapped[str] = mapped_column(Text)
    evaluated_on: Mapped[date] = mapped_column(Date)
    triggers: Mapped[list[int]] = mapped_column(JSON)
    proposed_by: Mapped[int | None]
    confirmed_by: Mapped[int | None]
    in_force_on: Mapped[date | None] = mapped_column(Date)
    decision_reason: Mapped[str | None] = mapped_column(String(1000))
    status: Mapped[ProposalStatus] = mapped_column(EnumText(ProposalStatus))

    subject: Mapped[RatingSubject] = relationship()


class Inspection(PublicIdMixin, Model):
    """An official inspection's result as an officer recorded it: the evidence of its entry."""

    __tablename__ = "rating_inspections"
    __table_args__ = (
        CheckConstraint("hundredths BETWEEN 0 AND 10000", name="hundredths"),
        Unique("organisation_id", "register", "document"),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    register: Mapped[str] = mapped_column(String(12))
    inspected_on: Mapped[date] = mapped_column(Date)
    document: Mapped[str] = mapped_column(String(120))
    hundredths: Mapped[int]
    findings: Mapped[str] = mapped_column(String(1000))
    recorded_by: Mapped[int | None]
    recorded_at: Mapped[datetime]
