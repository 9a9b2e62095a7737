"""What the file says of each body, as digests; and the matters a likeness opened."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.sanctions.national.models import NationalRecord

from ..models import Firm
from .rules import FeatureKind, TieKind

_LIVE = text("ended_at IS NULL")
_UNDECIDED = text("decided_at IS NULL")
TIE_TITLES: dict[TieKind, Any] = {
    TieKind.CREDIT_CODE: _l("统一社会信用代码相同"),
    TieKind.LEGAL_PERSON: _l("法定代表人为同一人（证件一致）"),
    TieKind.SHAREHOLDER: _l("同一股东持股超过 50%"),
    TieKind.CONTROL: _l("一方持有另一方超过 50% 的股份"),
    TieKind.LEGAL_HOLDS: _l("一方法定代表人是另一方的控股股东"),
    TieKind.PRACTITIONER: _l("先后登记过同一执业人员"),
    TieKind.PHONE: _l("联系电话相同"),
    TieKind.ADDRESS: _l("住所相同"),
    TieKind.LEGAL_NAME: _l("法定代表人同名（证件未核对）"),
    TieKind.DEVICE: _l("登录设备和网络地址相同（近一年）"),
}
STANDING_TITLES: dict[str, Any] = {
    "barred": _l("正在接受处理"),
    "ended": _l("处理已期满"),
    "national": _l("列入国家严重失信主体名单"),
    "removed": _l("已移出名录"),
    "left": _l("已退出名录"),
    "refused": _l("不予入驻"),
}


class Feature(Model):
    """One value a body is known by, as a keyed digest, from when until when its file says so.

    Of a body (``organisation_id``), or of a listing on the national list (``record_id``).
    ``next_check_at``: a firm that stands on the register, or asks to, is to be compared anew.
    """

    __tablename__ = "likeness_features"
    __table_args__ = (
        CheckConstraint("(organisation_id IS NULL) <> (record_id IS NULL)", name="one_holder"),
        CheckConstraint("ended_at IS NULL OR ended_at >= from_at", name="period"),
        Index("ix_likeness_features_digest", "digest", "organisation_id"),
        Index(
            "uq_likeness_features_live",
            "organisation_id",
            "kind",
            "digest",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )

    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("national_records.id"), index=True)
    kind: Mapped[FeatureKind] = mapped_column(EnumText(FeatureKind))
    digest: Mapped[str] = mapped_column(String(64))
    from_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)


class MatchStatus(Status):
    """Where a matter stands; the last three are what was found."""

    OPEN = "open", _l("待核查"), "warn"
    PROPOSED = "proposed", _l("待审批"), "warn"
    UNRELATED = "unrelated", _l("无关联"), "good"
    RELATED = "related", _l("有关联但不影响"), "info"
    SAME = "same", _l("同一主体更名再入驻"), "bad"


OUTCOMES = (MatchStatus.UNRELATED, MatchStatus.RELATED, MatchStatus.SAME)
UNDECIDED = (MatchStatus.OPEN, MatchStatus.PROPOSED)


class Match(PublicIdMixin, LifecycleMixin, Model):
    """A firm and another body, or a listing, with what they share: proposed and decided by two.

    ``ties``: what was known when it was opened or added to, each with the digests behind it and
    how many bodies share them; no values. ``standings``: why the other is asked about.
    ``grade_entry_id``: the fact for which D was proposed because the former name is graded D; it
    is taken back when that one no longer is (``grade_ended_at``).
    """

    __tablename__ = "likeness_matches"
    __table_args__ = (
        CheckConstraint("(other_id IS NULL) <> (record_id IS NULL)", name="one_other"),
        CheckConstraint("decided_by <> proposed_by", name="two_officers"),
        CheckConstraint("(status IN ('open', 'proposed')) = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "decided_at IS NULL OR (outcome = status AND decision_reason IS NOT NULL)",
            name="outcome",
        ),
        Index(
            "uq_likeness_matches_other",
            "firm_id",
            "other_id",
            unique=True,
            sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
        Index(
            "uq_likeness_matches_record",
            "firm_id",
            "record_id",
            unique=True,
            sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
    )
    MOVES: ClassVar = {
        MatchStatus.OPEN: frozenset({MatchStatus.PROPOSED}),
        MatchStatus.PROPOSED: frozenset({MatchStatus.OPEN, *OUTCOMES}),
    }

    status: Mapped[MatchStatus] = mapped_column(EnumText(MatchStatus))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    record_id: Mapped[int | None] = mapped_column(ForeignKey("national_records.id"))
    ties: Mapped[list[Any]] = mapped_column(JSON)
    standings: Mapped[list[Any]] = mapped_column(JSON)
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    opened_at: Mapped[datetime]
    statement_due_at: Mapped[datetime]
    decide_by: Mapped[datetime]
    statement: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime | None]
    outcome: Mapped[MatchStatus | None] = mapped_column(EnumText(MatchStatus))
    proposal_reason: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    grade_entry_id: Mapped[int | None] = mapped_column(ForeignKey("rating_ledger.id"))
    grade_ended_at: Mapped[datetime | None]

    firm: Mapped[Firm] = relationship()
    other: Mapped[Organisation | None] = relationship()
    record: Mapped[NationalRecord | None] = relationship()

    @property
    def other_name(self) -> str:
        """The other's name, for officers."""
        if self.other is not None:
            return self.other.name
        return self.record.name if self.record is not None else ""

    @property
    def is_open(self) -> bool:
        """Not decided yet."""
        return self.status in UNDECIDED

    def digests(self) -> set[str]:
        """What it was decided upon."""
        return {digest for tie in self.ties for digest in tie["digests"]}
