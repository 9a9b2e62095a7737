"""Contracts, amendments, deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation import lifecycle
from marketplace.foundation.db import EnumText, Fen, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.titles import Titled
from marketplace.projects.models import Need


class Side(Titled):
    """A party of a contract. Declared as ``value, title``."""

    OWNER = "owner", _l("项目业主")
    FIRM = "firm", _l("中介机构")

    @property
    def other(self) -> Side:
        """The counterparty."""
        return Side.FIRM if self is Side.OWNER else Side.OWNER


class ContractStatus(lifecycle.Status):
    """Where a contract stands."""

    DRAFTED = "drafted", _l("待双方确认"), "warn"
    ACTIVE = "active", _l("履行中"), "info"
    DELIVERED = "delivered", _l("待验收"), "warn"
    COMPLETED = "completed", _l("已完成"), "good"
    TERMINATED = "terminated", _l("已终止"), "ended"


class DeliverableStatus(lifecycle.Status):
    """Where one version of the result stands."""

    SUBMITTED = "submitted", _l("待验收"), "warn"
    RETURNED = "returned", _l("已退回"), "bad"
    ACCEPTED = "accepted", _l("验收通过"), "good"
    VOID = "void", _l("合同已终止"), "ended"


class AmendmentStatus(lifecycle.Status):
    """Where a change of the contract stands."""

    PROPOSED = "proposed", _l("待双方确认"), "warn"
    AGREED = "agreed", _l("已生效"), "good"
    REFUSED = "refused", _l("未达成"), "ended"


RUNNING = (ContractStatus.DRAFTED, ContractStatus.ACTIVE, ContractStatus.DELIVERED)
OVER = (ContractStatus.COMPLETED, ContractStatus.TERMINATED)

TWO_PERSONS = (
    "NOT two_person OR owner_proposed_by IS NULL OR owner_confirmed_by IS NULL "
    "OR owner_proposed_by <> owner_confirmed_by"
)


class Contract(PublicIdMixin, lifecycle.LifecycleMixin, Model):
    """A contract from one accepted award. Price and terms at confirmation are kept as they were.

    ``award_price`` never changes; ``price`` and ``ends_on`` move by agreed amendments, ``due_at``
    also by the time the owner held a returned delivery. ``frozen`` holds copies of the offering,
    the grade and the editions the decision rested on. ``accept_working_days`` and
    ``accept_reminders_after`` are an order's own (None: the edition's).
    """

    __tablename__ = "contracts"
    __table_args__ = (
        UniqueConstraint("award_id"),
        UniqueConstraint("number"),
        CheckConstraint("price > 0 AND award_price > 0", name="price"),
        CheckConstraint("ends_on > starts_on", name="period"),
        CheckConstraint(TWO_PERSONS, name="two_persons"),
        CheckConstraint(
            "status = 'drafted' OR status = 'terminated' OR (owner_confirmed_at IS NOT NULL "
            "AND firm_confirmed_at IS NOT NULL AND signed_at IS NOT NULL AND due_at IS NOT NULL)",
            name="signed",
        ),
        CheckConstraint(
            "status <> 'completed' OR accepted_at IS NOT NULL",
            name="accepted",
        ),
        CheckConstraint(
            "status <> 'terminated' OR termination_reason IS NOT NULL", name="terminated"
        ),
        # how a firm's contracts ran, for lists of firms
        Index("ix_contracts_firm_record", "firm_id", "status", "overdue_since"),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        ContractStatus.DRAFTED: frozenset({ContractStatus.ACTIVE, ContractStatus.TERMINATED}),
        ContractStatus.ACTIVE: frozenset({ContractStatus.DELIVERED, ContractStatus.TERMINATED}),
        ContractStatus.DELIVERED: frozenset(
            {ContractStatus.ACTIVE, ContractStatus.COMPLETED, ContractStatus.TERMINATED}
        ),
    }

    number: Mapped[str] = mapped_column(String(30))
    status: Mapped[ContractStatus] = mapped_column(EnumText(ContractStatus), index=True)
    need_id: Mapped[int] = mapped_column(ForeignKey("needs.id"), index=True)
    award_id: Mapped[int] = mapped_column(ForeignKey("awards.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    award_price: Mapped[Decimal] = mapped_column(Fen)
    price: Mapped[Decimal] = mapped_column(Fen)
    price_check_id: Mapped[int | None]
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    payment_days: Mapped[int]
    accept_working_days: Mapped[int | None]
    accept_reminders_after: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    extra_terms: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    body_sha256: Mapped[str] = mapped_column(String(64))
    frozen: Mapped[dict[str, Any]] = mapped_column(JSON)

    two_person: Mapped[bool]
    drafted_by: Mapped[Side] = mapped_column(EnumText(Side))
    confirm_by: Mapped[datetime | None]
    confirm_overdue_at: Mapped[datetime | None]
    owner_proposed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    owner_confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    owner_confirmed_at: Mapped[datetime | None]
    firm_confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    firm_confirmed_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]

    due_at: Mapped[datetime | None]
    overdue_since: Mapped[datetime | None]
    overdue_working_days: Mapped[int] = mapped_column(default=0)
    accepted_at: Mapped[datetime | None] = mapped_column(index=True)
    accepted_by_silence: Mapped[bool] = mapped_column(default=False)
    payment_due_on: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None]

    flag_reason: Mapped[str | None] = mapped_column(String(1000))
    flagged_at: Mapped[datetime | None]
    flag_decide_by: Mapped[datetime | None]
    flag_decided_at: Mapped[datetime | None]
    flag_decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    flag_decision: Mapped[str | None] = mapped_column(String(1000))
    termination_reason: Mapped[str | None] = mapped_column(String(1000))
    termination_side: Mapped[Side | None] = mapped_column(EnumText(Side))
    termination_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    need: Mapped[Need] = relationship()
    owner: Mapped[Organisation] = relationship(foreign_keys=[owner_id])
    firm: Mapped[Organisation] = relationship(foreign_keys=[firm_id])

    @property
    def is_running(self) -> bool:
        """Neither completed nor terminated."""
        return self.status in RUNNING

    @property
    def awaits_decision(self) -> bool:
        """The firm was sanctioned and the owner has not said yet whether the contract goes on."""
        return self.is_running and self.flagged_at is not None and self.flag_decided_at is None


class Amendment(PublicIdMixin, lifecycle.LifecycleMixin, Model):
    """A change of price or end date, confirmed by both sides, with its own price check."""

    __tablename__ = "contract_amendments"
    __table_args__ = (
        UniqueConstraint("contract_id", "number"),
        CheckConstraint("price > 0", name="price"),
        CheckConstraint(TWO_PERSONS, name="two_persons"),
        CheckConstraint(
            "status <> 'agreed' OR (owner_confirmed_at IS NOT NULL "
            "AND firm_confirmed_at IS NOT NULL)",
            name="agreed",
        ),
        Index(
            "uq_contract_amendments_open",
            "contract_id",
            unique=True,
            sqlite_where=text("status = 'proposed'"),
            postgresql_where=text("status = 'proposed'"),
        ),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        AmendmentStatus.PROPOSED: frozenset({AmendmentStatus.AGREED, AmendmentStatus.REFUSED}),
    }

    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"), index=True)
    number: Mapped[int]
    status: Mapped[AmendmentStatus] = mapped_column(EnumText(AmendmentStatus))
    price_before: Mapped[Decimal] = mapped_column(Fen)
    price: Mapped[Decimal] = mapped_column(Fen)
    ends_on_before: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(1000))
    # what the price is for after the change, as the need's; None: as before
    fee_inputs: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    price_check_id: Mapped[int | None]
    proposed_by: Mapped[Side] = mapped_column(EnumText(Side))
    two_person: Mapped[bool]
    owner_proposed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    owner_confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    owner_confirmed_at: Mapped[datetime | None]
    firm_confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    firm_confirmed_at: Mapped[datetime | None]

    contract: Mapped[Contract] = relationship()


class Deliverable(PublicIdMixin, lifecycle.LifecycleMixin, Model):
    """One delivered version: file, digest, signed receipt, and what the owner said of it."""

    __tablename__ = "deliverables"
    __table_args__ = (
        UniqueConstraint("contract_id", "version"),
        CheckConstraint("status <> 'returned' OR reason IS NOT NULL", name="returned"),
        Index(
            "uq_deliverables_waiting",
            "contract_id",
            unique=True,
            sqlite_where=text("status = 'submitted'"),
            postgresql_where=text("status = 'submitted'"),
        ),
    )
    MOVES: ClassVar[Mapping[Any, frozenset[Any]]] = {
        DeliverableStatus.SUBMITTED: frozenset(
            {DeliverableStatus.RETURNED, DeliverableStatus.ACCEPTED, DeliverableStatus.VOID}
        ),
    }

    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"), index=True)
    version: Mapped[int]
    status: Mapped[DeliverableStatus] = mapped_column(EnumText(DeliverableStatus))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    note: Mapped[str] = mapped_column(String(1000))
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    accept_by: Mapped[datetime]
    reminders_sent: Mapped[int] = mapped_column(default=0)
    receipt: Mapped[str] = mapped_column(Text)
    receipt_signature: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None] = mapped_column(String(1000))

    contract: Mapped[Contract] = relationship()
    file: Mapped[StoredFile] = relationship()
