"""The register: firms, their certificates, people, controllers, offerings, and their review."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation import epoch
from marketplace.foundation.db import DecimalText, EnumText, Fen, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.lifecycle import LifecycleMixin, Status

LIVE = text("ended_at IS NULL")


class FirmStatus(Status):
    """Where a firm stands on a register."""

    DRAFT = "draft", _l("草稿"), "neutral"
    SUBMITTED = "submitted", _l("待形式审查"), "info"
    RETURNED = "returned", _l("待补正"), "warn"
    CHECKED = "checked", _l("待审批"), "info"
    LISTED = "listed", _l("已入驻"), "good"
    QUESTIONED = "questioned", _l("存在异议，暂停上架"), "warn"
    LEAVING = "leaving", _l("办理退出中"), "warn"
    REFUSED = "refused", _l("不予入驻"), "bad"
    REMOVED = "removed", _l("已移出"), "bad"
    LEFT = "left", _l("已退出"), "ended"


class Recommendation(Status):
    """What the officer of the form check proposes to the approver."""

    LIST = "list", _l("建议准予入驻"), "good"
    REFUSE = "refuse", _l("建议不予入驻"), "bad"


class Firm(PublicIdMixin, LifecycleMixin, Model):
    """A registration: organisation × register. Statuses change by ``lifecycle`` only.

    ``application`` counts the applications; ``legal_digest`` is a keyed digest of the legal
    representative's identity number, never the number.
    """

    __tablename__ = "firms"
    __table_args__ = (
        UniqueConstraint("organisation_id", "register_code"),
        CheckConstraint("decided_by IS NULL OR decided_by <> checked_by", name="two_people"),
        CheckConstraint(
            "status NOT IN ('listed', 'questioned') OR listed_at IS NOT NULL", name="listed_at"
        ),
        Index("ix_firms_register_status", "register_code", "status"),
    )
    MOVES: ClassVar = {
        FirmStatus.DRAFT: frozenset({FirmStatus.SUBMITTED}),
        FirmStatus.SUBMITTED: frozenset(
            {FirmStatus.RETURNED, FirmStatus.CHECKED, FirmStatus.LISTED}
        ),
        FirmStatus.RETURNED: frozenset({FirmStatus.SUBMITTED}),
        FirmStatus.CHECKED: frozenset({FirmStatus.LISTED, FirmStatus.REFUSED}),
        FirmStatus.LISTED: frozenset(
            {FirmStatus.QUESTIONED, FirmStatus.REMOVED, FirmStatus.LEAVING}
        ),
        FirmStatus.LEAVING: frozenset({FirmStatus.LISTED, FirmStatus.LEFT, FirmStatus.REMOVED}),
        FirmStatus.QUESTIONED: frozenset({FirmStatus.LISTED, FirmStatus.REMOVED}),
        FirmStatus.REFUSED: frozenset({FirmStatus.DRAFT}),
        FirmStatus.REMOVED: frozenset({FirmStatus.DRAFT, FirmStatus.LISTED}),
        FirmStatus.LEFT: frozenset({FirmStatus.DRAFT}),
    }

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    register_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    status: Mapped[FirmStatus] = mapped_column(EnumText(FirmStatus))
    application: Mapped[int] = mapped_column(default=1)
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))

    legal_digest: Mapped[str | None] = mapped_column(String(64))
    agent_name: Mapped[str | None] = mapped_column(String(60))
    agent_phone: Mapped[str | None] = mapped_column(String(40))
    introduction: Mapped[str | None] = mapped_column(Text)
    licence_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    decoupled: Mapped[bool] = mapped_column(default=False)
    committed_at: Mapped[datetime | None]
    committed_by: Mapped[int | None]

    submitted_at: Mapped[datetime | None]
    form_due_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    return_notice: Mapped[str | None] = mapped_column(Text)
    checked_by: Mapped[int | None]
    checked_at: Mapped[datetime | None]
    recommendation: Mapped[Recommendation | None] = mapped_column(EnumText(Recommendation))
    check_reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    listed_at: Mapped[datetime | None]
    publicity_ends_at: Mapped[datetime | None]
    publicity_closed_at: Mapped[datetime | None]

    paused: Mapped[bool] = mapped_column(default=False)
    capacity: Mapped[int | None]

    organisation: Mapped[Organisation] = relationship()
    licence: Mapped[StoredFile | None] = relationship()

    @property
    def is_listed(self) -> bool:
        """On the register's lists, as far as the register itself is concerned."""
        return self.status is FirmStatus.LISTED

    @property
    def may_be_written(self) -> bool:
        """The application lies with the firm."""
        return self.status in (FirmStatus.DRAFT, FirmStatus.RETURNED)

    @property
    def may_be_supplemented(self) -> bool:
        """Certificates, people and offerings can change: while drafting and once listed."""
        return self.may_be_written or self.status in (FirmStatus.LISTED, FirmStatus.QUESTIONED)


class Qualification(PublicIdMixin, Model):
    """A certificate. ``valid_until`` is its last valid day (Shanghai); None: no end.

    It serves for entries only once verified; one that renews another (``renews_id``) takes its
    place with that. ``next_check_at``: the next reminder of its end.
    """

    __tablename__ = "qualifications"
    __table_args__ = (
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="period"),
        Index(
            "uq_qualifications_verified",
            "type",
            "number",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND verified_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL AND verified_at IS NOT NULL"),
        ),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    type: Mapped[str] = mapped_column(String(120))
    grade: Mapped[str | None] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(80))
    issuer: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    registered_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)
    renews_id: Mapped[int | None]

    firm: Mapped[Firm] = relationship()
    file: Mapped[StoredFile | None] = relationship()
    renews: Mapped[Qualification | None] = relationship(
        primaryjoin="foreign(Qualification.renews_id) == remote(Qualification.id)"
    )


class Practitioner(PublicIdMixin, Model):
    """A named professional, registered with one firm at a time. ``valid_until`` is the last valid
    day of the certificate (None: no end), ``next_check_at`` the next reminder of it."""

    __tablename__ = "practitioners"
    __table_args__ = (
        Index(
            "uq_practitioners_live",
            "number",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    profession: Mapped[str] = mapped_column(String(80))
    number: Mapped[str] = mapped_column(String(80))
    valid_until: Mapped[date | None] = mapped_column(Date)
    registered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)

    firm: Mapped[Firm] = relationship()


class Shareholder(Model):
    """A shareholder with more than half; the identity is kept as a keyed digest only."""

    __tablename__ = "shareholders"
    __table_args__ = (
        Index(
            "uq_shareholders_live",
            "firm_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    identity_digest: Mapped[str] = mapped_column(String(64))
    registered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Offering(PublicIdMixin, Model):
    """A firm's promise for one service item; a change ends the row and begins another.

    ``discount`` is the part taken off the basic price (0.15 is 15 %), or ``amount`` the whole
    price in yuan while the quantity lies in ``base_from``–``base_to`` of ``base_unit`` (then the
    discount is 0). ``promised_days`` are counted as the item counts its own. ``paused``,
    ``capacity`` (running orders) and ``areas`` (jurisdiction codes; empty: the whole register)
    say what orders it takes; they change in place.
    """

    __tablename__ = "offerings"
    __table_args__ = (
        Index(
            "uq_offerings_live",
            "firm_id",
            "item_code",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        CheckConstraint("promised_days > 0", name="promised_days"),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    item_code: Mapped[str] = mapped_column(String(20), index=True)
    discount: Mapped[Decimal] = mapped_column(DecimalText)
    amount: Mapped[Decimal | None] = mapped_column(Fen)
    base_unit: Mapped[str | None] = mapped_column(String(20))
    base_from: Mapped[Decimal | None] = mapped_column(DecimalText)
    base_to: Mapped[Decimal | None] = mapped_column(DecimalText)
    promised_days: Mapped[int]
    paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    capacity: Mapped[int | None]
    areas: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    committed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    firm: Mapped[Firm] = relationship()


class PointResult(Status):
    """What the officer found on one point."""

    PASS = "pass", _l("通过"), "good"
    MEND = "mend", _l("需补正"), "warn"


class ReviewPoint(Model):
    """One point of the form check of one sending, with what is to be mended."""

    __tablename__ = "review_points"
    __table_args__ = (
        UniqueConstraint("firm_id", "application", "round", "code"),
        CheckConstraint("result <> 'mend' OR reason <> ''", name="reason"),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    application: Mapped[int]
    round: Mapped[int]
    code: Mapped[str] = mapped_column(String(30))
    result: Mapped[PointResult] = mapped_column(EnumText(PointResult))
    reason: Mapped[str] = mapped_column(String(1000))
    officer_id: Mapped[int | None]
    at: Mapped[datetime]


class CheckStatus(Status):
    """Where a department's professional check stands."""

    WAITING = "waiting", _l("待核查"), "info"
    NO_OBJECTION = "no_objection", _l("无异议"), "good"
    OBJECTED = "objected", _l("有异议"), "bad"
    SILENT = "silent", _l("逾期未答复，视为无异议"), "warn"


class ProfessionalCheck(PublicIdMixin, LifecycleMixin, Model):
    """The check of one department on one application of a firm, against its own clock."""

    __tablename__ = "professional_checks"
    __table_args__ = (UniqueConstraint("firm_id", "application", "organisation_id"),)
    MOVES: ClassVar = {
        CheckStatus.WAITING: frozenset(
            {CheckStatus.NO_OBJECTION, CheckStatus.OBJECTED, CheckStatus.SILENT}
        )
    }

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    application: Mapped[int]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    status: Mapped[CheckStatus] = mapped_column(EnumText(CheckStatus))
    due_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(Text)
    officer_id: Mapped[int | None]

    firm: Mapped[Firm] = relationship()
    organisation: Mapped[Organisation] = relationship()


epoch.watch_public(Firm, "status")
epoch.watch_public(Offering, "ended_at")


class ListTelling(Model):
    """How far the firms of a register are told of a newly published fee list: up to the firm
    ``told_to``; done when it is looked at no more."""

    __tablename__ = "list_tellings"

    policy_edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"), unique=True)
    told_to: Mapped[int]
    firms: Mapped[int]
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)
