"""A departure: declared by the firm, or noticed, heard, proposed, decided and reviewed."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from ..models import Firm
from .rules import Contracts

_OPEN = text("ended_at IS NULL")


class Ground(Titled):
    """Why a firm may be removed."""

    LICENCE = "licence", _l("登记证照被吊销、注销或者撤销")
    NO_QUALIFICATION = "no_qualification", _l("连续无有效资质超过规定时间")
    FALSE_MATERIALS = "false_materials", _l("提供虚假材料取得入驻")
    NOT_DECOUPLED = "not_decoupled", _l("不再符合脱钩要求")
    CONDITIONS = "conditions", _l("不再符合其他入驻条件")


class DepartureStatus(Status):
    """Where a departure stands; the first three are of the firm's own will."""

    DECLARED = "declared", _l("办理退出中"), "warn"
    TAKEN_BACK = "taken_back", _l("已撤回退出"), "ended"
    LEFT = "left", _l("已退出"), "ended"
    NOTICED = "noticed", _l("待陈述申辩"), "info"
    HEARD = "heard", _l("待提出处理意见"), "warn"
    PROPOSED = "proposed", _l("待审批决定"), "warn"
    REMOVED = "removed", _l("已移出"), "bad"
    DISMISSED = "dismissed", _l("不予移出"), "ended"
    APPEALED = "appealed", _l("申诉复核中"), "info"
    REVOKED = "revoked", _l("移出决定已撤销"), "good"


VOLUNTARY = (DepartureStatus.DECLARED, DepartureStatus.TAKEN_BACK, DepartureStatus.LEFT)


class Departure(PublicIdMixin, LifecycleMixin, Model):
    """One departure of a firm. ``ground`` is None for one of its own will.

    ``ended_at``: decided, carried out or taken back; a firm has one departure under way at most.
    """

    __tablename__ = "departures"
    __table_args__ = (
        CheckConstraint(
            "(status IN ('declared', 'taken_back', 'left')) = (ground IS NULL)", name="ground"
        ),
        CheckConstraint(
            "(status IN ('declared', 'noticed', 'heard', 'proposed')) = (ended_at IS NULL)",
            name="ended",
        ),
        CheckConstraint("decided_by <> proposed_by", name="two_officers"),
        CheckConstraint("decided_by <> begun_by", name="opener_does_not_decide"),
        CheckConstraint("reviewed_by <> decided_by", name="another_reviews"),
        CheckConstraint("(ground IS NULL) = (statement_due_at IS NULL)", name="heard"),
        CheckConstraint(
            "status <> 'removed' OR proposed_by IS NOT NULL AND decision_reason IS NOT NULL",
            name="decided",
        ),
        Index(
            "uq_departures_open",
            "firm_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )
    MOVES: ClassVar = {
        DepartureStatus.DECLARED: frozenset({DepartureStatus.TAKEN_BACK, DepartureStatus.LEFT}),
        DepartureStatus.NOTICED: frozenset({DepartureStatus.HEARD}),
        DepartureStatus.HEARD: frozenset({DepartureStatus.PROPOSED, DepartureStatus.DISMISSED}),
        DepartureStatus.PROPOSED: frozenset(
            {DepartureStatus.HEARD, DepartureStatus.REMOVED, DepartureStatus.DISMISSED}
        ),
        DepartureStatus.REMOVED: frozenset({DepartureStatus.APPEALED}),
        DepartureStatus.APPEALED: frozenset({DepartureStatus.REMOVED, DepartureStatus.REVOKED}),
    }

    status: Mapped[DepartureStatus] = mapped_column(EnumText(DepartureStatus))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    ground: Mapped[Ground | None] = mapped_column(EnumText(Ground))
    contracts: Mapped[Contracts | None] = mapped_column(EnumText(Contracts))
    facts: Mapped[str] = mapped_column(Text)
    begun_by: Mapped[int | None]
    begun_at: Mapped[datetime]
    statement_due_at: Mapped[datetime | None]
    statement: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime | None]
    hearing_asked: Mapped[bool] = mapped_column(default=False, server_default=false())
    hearing_at: Mapped[datetime | None]
    hearing_record: Mapped[str | None] = mapped_column(Text)
    proposal_reason: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    appeal_until: Mapped[datetime | None]
    appeal: Mapped[str | None] = mapped_column(Text)
    appealed_at: Mapped[datetime | None]
    review_by: Mapped[datetime | None]
    review_reason: Mapped[str | None] = mapped_column(Text)
    reviewed_by: Mapped[int | None]
    reviewed_at: Mapped[datetime | None]

    firm: Mapped[Firm] = relationship()

    @property
    def is_forced(self) -> bool:
        """Begun by the bureau."""
        return self.ground is not None

    @property
    def awaits_hearing(self) -> bool:
        """The firm asked for a hearing that was not held yet."""
        return self.hearing_asked and self.hearing_record is None


class Part(Titled):
    """What of a removal a paper belongs to. Declared as ``value, title``."""

    NOTICE = "notice", _l("移出告知")
    STATEMENT = "statement", _l("陈述申辩")
    RECORD = "record", _l("听证记录")
    APPEAL = "appeal", _l("申诉")


class DepartureFile(Model):
    """A paper laid beside a step of a removal, by whoever took that step."""

    __tablename__ = "departure_files"
    __table_args__ = (Index("ix_departure_files_departure", "departure_id", "id"),)

    departure_id: Mapped[int] = mapped_column(ForeignKey("departures.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), unique=True)
    part: Mapped[Part] = mapped_column(EnumText(Part))
    organisation_id: Mapped[int | None]
    at: Mapped[datetime]

    file: Mapped[StoredFile] = relationship()


append_only(DepartureFile.__table__)  # type: ignore[arg-type]


class CertificateLapse(PublicIdMixin, Model):
    """A listed firm that promises what asks for certificates has none verified and valid.

    Found and ended by the clock. ``since``: the first day without; None where it never had one.
    ``reminded_at``: an officer asked it to renew, by ``renew_by``.
    """

    __tablename__ = "certificate_lapses"
    __table_args__ = (
        CheckConstraint("(reminded_at IS NULL) = (renew_by IS NULL)", name="reminded"),
        Index(
            "uq_certificate_lapses_open",
            "firm_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    since: Mapped[date | None] = mapped_column(Date)
    found_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    reminded_by: Mapped[int | None]
    renew_by: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    firm: Mapped[Firm] = relationship()
