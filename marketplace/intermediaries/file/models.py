"""Branches, agents, transfers of professionals, re-checked changes, the history of every field,
the yearly self-check."""

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
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import User
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled

from ..models import LIVE, Firm, Practitioner


class Branch(PublicIdMixin, Model):
    """A branch office of a firm; whoever heads it is named to the firm and, on a reason, to the
    officers of its register."""

    __tablename__ = "firm_branches"
    __table_args__ = (
        Index(
            "uq_firm_branches_live",
            "credit_code",
            "firm_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    credit_code: Mapped[str] = mapped_column(String(18))
    address: Mapped[str] = mapped_column(String(200))
    head_name: Mapped[str] = mapped_column(String(60))
    head_phone: Mapped[str | None] = mapped_column(String(40))
    registered_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    firm: Mapped[Firm] = relationship()


class FirmAgent(PublicIdMixin, Model):
    """Who acts for a firm under a written authority, one at a time; the next one's begins the
    moment the last one's ends. ``user_id`` is the agent's own account, if named; its role as
    staff ends with the authority. ``next_check_at``: the next reminder, then the end; past its
    retention the erasing of the paper, when name and phone are empty already."""

    __tablename__ = "firm_agents"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("may_file OR may_enter OR may_contract", name="scope"),
        CheckConstraint("(ended_at IS NULL) = (reason IS NULL)", name="reason"),
        Index(
            "uq_firm_agents_live",
            "firm_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
    )

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(40))
    document_number: Mapped[str] = mapped_column(String(80))
    document_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    may_file: Mapped[bool]
    may_enter: Mapped[bool]
    may_contract: Mapped[bool]
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    granted_by: Mapped[int | None]
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    next_check_at: Mapped[datetime | None] = mapped_column(index=True)

    firm: Mapped[Firm] = relationship()
    user: Mapped[User | None] = relationship()
    document: Mapped[StoredFile] = relationship()

    @property
    def is_erased(self) -> bool:
        """Past its retention: who it was, and the paper, are gone."""
        return not self.name


class TransferStatus(Status):
    """Where a request to take over a professional stands."""

    ASKED = "asked", _l("待现登记机构答复"), "warn"
    RELEASED = "released", _l("已同意转出"), "good"
    REFUSED = "refused", _l("现登记机构不同意"), "bad"
    SILENT = "silent", _l("逾期未答复，待裁定"), "warn"
    DISPUTED = "disputed", _l("待裁定"), "warn"
    GRANTED = "granted", _l("裁定转出"), "good"
    DENIED = "denied", _l("裁定不予转出"), "bad"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"


TO_DECIDE = (TransferStatus.SILENT, TransferStatus.DISPUTED)
UNDER_WAY = (TransferStatus.ASKED, *TO_DECIDE)
_UNDER_WAY = text("status IN ('asked', 'silent', 'disputed')")


class Transfer(PublicIdMixin, LifecycleMixin, Model):
    """A firm asks for a professional who stands with another: released, refused, or decided by an
    officer where the other is silent or its refusal is disputed."""

    __tablename__ = "practitioner_transfers"
    __table_args__ = (
        CheckConstraint("from_firm_id <> firm_id", name="two_firms"),
        CheckConstraint(
            "(status IN ('granted', 'denied')) = (decided_at IS NOT NULL)", name="decided"
        ),
        CheckConstraint(
            "status NOT IN ('refused', 'disputed') OR answer IS NOT NULL", name="reason"
        ),
        Index(
            "uq_practitioner_transfers_live",
            "practitioner_id",
            unique=True,
            sqlite_where=_UNDER_WAY,
            postgresql_where=_UNDER_WAY,
        ),
    )
    MOVES: ClassVar = {
        TransferStatus.ASKED: frozenset(
            {
                TransferStatus.RELEASED,
                TransferStatus.REFUSED,
                TransferStatus.SILENT,
                TransferStatus.WITHDRAWN,
            }
        ),
        TransferStatus.REFUSED: frozenset({TransferStatus.DISPUTED, TransferStatus.WITHDRAWN}),
        TransferStatus.SILENT: frozenset(
            {
                TransferStatus.RELEASED,
                TransferStatus.GRANTED,
                TransferStatus.DENIED,
                TransferStatus.WITHDRAWN,
            }
        ),
        TransferStatus.DISPUTED: frozenset(
            {
                TransferStatus.RELEASED,
                TransferStatus.GRANTED,
                TransferStatus.DENIED,
                TransferStatus.WITHDRAWN,
            }
        ),
    }

    status: Mapped[TransferStatus] = mapped_column(EnumText(TransferStatus))
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("practitioners.id"))
    from_firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    profession: Mapped[str] = mapped_column(String(80))
    valid_until: Mapped[date | None] = mapped_column(Date)
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    asked_by: Mapped[int | None]
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    dispute: Mapped[str | None] = mapped_column(Text)
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    decide_by: Mapped[datetime | None]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Text)

    practitioner: Mapped[Practitioner] = relationship()
    from_firm: Mapped[Firm] = relationship(foreign_keys=[from_firm_id])
    firm: Mapped[Firm] = relationship(foreign_keys=[firm_id])
    statement: Mapped[StoredFile | None] = relationship(foreign_keys=[statement_id])
    evidence: Mapped[StoredFile | None] = relationship(foreign_keys=[evidence_id])

    @property
    def due_at(self) -> datetime | None:
        """When the step that comes next is due."""
        if self.status is TransferStatus.ASKED:
            return self.answer_by
        return self.decide_by if self.status in TO_DECIDE else None


class ChangeKind(Titled):
    """What of a listed firm's file changes. Declared as ``value, title``."""

    NAME = "name", _l("机构名称")
    LEGAL_REPRESENTATIVE = "legal_representative", _l("法定代表人")
    ADDRESS = "address", _l("住所")
    INTRODUCTION = "introduction", _l("机构简介")
    CONTROLLER = "controller", _l("控股股东")
    DECOUPLING = "decoupling", _l("脱钩声明")
    QUALIFICATION = "qualification", _l("资质证书")
    PRACTITIONER = "practitioner", _l("执业人员")


# what a firm states on the page of changes; the others come with their own registration
STATED = (
    ChangeKind.NAME,
    ChangeKind.LEGAL_REPRESENTATIVE,
    ChangeKind.ADDRESS,
    ChangeKind.INTRODUCTION,
    ChangeKind.CONTROLLER,
    ChangeKind.DECOUPLING,
)
# whose values name a person
PERSONAL = (ChangeKind.LEGAL_REPRESENTATIVE, ChangeKind.CONTROLLER, ChangeKind.PRACTITIONER)


class RecheckStatus(Status):
    """Where the check of a change stands."""

    WAITING = "waiting", _l("待审核，尚未生效"), "warn"
    AFTERWARDS = "afterwards", _l("已生效，待核查"), "info"
    ACCEPTED = "accepted", _l("核查通过"), "good"
    REJECTED = "rejected", _l("核查未通过"), "bad"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"


OPEN = (RecheckStatus.WAITING, RecheckStatus.AFTERWARDS)
_STATED_OPEN = text("subject_id IS NULL AND status IN ('waiting', 'afterwards')")


class Recheck(PublicIdMixin, LifecycleMixin, Model):
    """A change of a listed firm's file that an officer checks, before or after it takes effect.

    ``proposal`` holds the values before and after while they are needed and is emptied with the
    decision; what came into force stands in the history. ``subject_id`` is the certificate's or
    professional's row, where the change is one.
    """

    __tablename__ = "firm_rechecks"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_people"),
        CheckConstraint(
            "(status IN ('accepted', 'rejected')) = (decided_at IS NOT NULL)", name="decided"
        ),
        CheckConstraint("status <> 'rejected' OR reason IS NOT NULL", name="reason"),
        Index(
            "uq_firm_rechecks_open",
            "firm_id",
            "kind",
            unique=True,
            sqlite_where=_STATED_OPEN,
            postgresql_where=_STATED_OPEN,
        ),
        Index("ix_firm_rechecks_firm_status", "firm_id", "status"),
    )
    MOVES: ClassVar = {
        RecheckStatus.WAITING: frozenset(
            {RecheckStatus.ACCEPTED, RecheckStatus.REJECTED, RecheckStatus.WITHDRAWN}
        ),
        RecheckStatus.AFTERWARDS: frozenset(
            {RecheckStatus.ACCEPTED, RecheckStatus.REJECTED, RecheckStatus.WITHDRAWN}
        ),
    }

    status: Mapped[RecheckStatus] = mapped_column(EnumText(RecheckStatus))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    kind: Mapped[ChangeKind] = mapped_column(EnumText(ChangeKind))
    subject_id: Mapped[int | None]
    proposal: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    asked_by: Mapped[int | None]
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)

    firm: Mapped[Firm] = relationship()
    evidence: Mapped[StoredFile | None] = relationship()


class FieldChange(Model):
    """That a field of a file changed, when and by whom; the values as keyed digests. Append-only;
    the values themselves stand in ``FieldValue`` and can be erased."""

    __tablename__ = "firm_field_changes"
    __table_args__ = (Index("ix_firm_field_changes_firm", "firm_id", "id"),)

    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    field: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    organisation_id: Mapped[int | None]
    recheck_id: Mapped[int | None] = mapped_column(ForeignKey("firm_rechecks.id"))
    before_digest: Mapped[str | None] = mapped_column(String(64))
    after_digest: Mapped[str | None] = mapped_column(String(64))


append_only(FieldChange.__table__)  # type: ignore[arg-type]


class FieldValue(Model):
    """What a field was and became, while it may be kept."""

    __tablename__ = "firm_field_values"

    change_id: Mapped[int] = mapped_column(ForeignKey("firm_field_changes.id"), unique=True)
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


class SelfCheckStatus(Status):
    """Where a year's self-check of a firm stands."""

    OPEN = "open", _l("待自查"), "warn"
    OVERDUE = "overdue", _l("逾期未自查"), "bad"
    CONFIRMED = "confirmed", _l("已完成自查"), "good"


class SelfCheck(PublicIdMixin, LifecycleMixin, Model):
    """A firm says once a year, point by point, that what it was listed for still holds.

    ``answers`` holds by point whether it holds and what changed; ``paused`` that the firm takes
    no orders because it did not do it in time.
    """

    __tablename__ = "firm_self_checks"
    __table_args__ = (
        UniqueConstraint("firm_id", "year"),
        CheckConstraint("(status = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed"),
        Index("ix_firm_self_checks_year", "year", "status"),
    )
    MOVES: ClassVar = {
        SelfCheckStatus.OPEN: frozenset({SelfCheckStatus.CONFIRMED, SelfCheckStatus.OVERDUE}),
        SelfCheckStatus.OVERDUE: frozenset({SelfCheckStatus.CONFIRMED}),
    }

    status: Mapped[SelfCheckStatus] = mapped_column(EnumText(SelfCheckStatus))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    year: Mapped[int]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    paused: Mapped[bool] = mapped_column(default=False, server_default=false())
    confirmed_by: Mapped[int | None]
    confirmed_at: Mapped[datetime | None]

    firm: Mapped[Firm] = relationship()


class HistoryErasure(Model):
    """That old personal values of a register's files were erased: how many of the histories, how
    many ended authorities, of before when, by whom and why. Append-only."""

    __tablename__ = "history_erasures"
    __table_args__ = (Index("ix_history_erasures_register", "register_code", "id"),)

    register_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    before: Mapped[datetime]
    count: Mapped[int]
    authorities: Mapped[int] = mapped_column(default=0, server_default="0")
    reason: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]

    user: Mapped[User | None] = relationship()


append_only(HistoryErasure.__table__)  # type: ignore[arg-type]
