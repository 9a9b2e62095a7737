"""Fee lists, their rows, and the files they are read from."""

from __future__ import annotations

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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import DecimalText, EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.policy import PolicyEdition

from .rules import Charge, ListRow


class ListStatus(Status):
    """Where a fee list stands. A published one is in force from its effective day."""

    DRAFT = "draft", _l("草稿"), "neutral"
    SUBMITTED = "submitted", _l("待审批"), "warn"
    RETURNED = "returned", _l("已退回"), "bad"
    PUBLISHED = "published", _l("已公布"), "good"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"


class ImportStatus(Status):
    """Where an uploaded file stands."""

    WAITING = "waiting", _l("等待读取"), "neutral"
    READING = "reading", _l("正在读取"), "info"
    READY = "ready", _l("待确认"), "warn"
    FAULTY = "faulty", _l("有错误"), "bad"
    CONFIRMED = "confirmed", _l("已确认"), "good"
    DISCARDED = "discarded", _l("已放弃"), "ended"


EDITABLE = (ListStatus.DRAFT, ListStatus.RETURNED)


class FeeList(PublicIdMixin, LifecycleMixin, Model):
    """One fee list of a place. ``base_edition_id`` is the edition it was compared with when it was
    submitted, ``hands`` the people who worked on it: none of them may approve it. ``revision``
    rises with every change of head or rows: what was prepared of one is of no use for another.
    ``sha256`` is taken of head and rows when it is published."""

    __tablename__ = "fee_lists"
    __table_args__ = (
        CheckConstraint("approved_by <> submitted_by", name="approved_by_another"),
        CheckConstraint(
            "(status = 'published') = (policy_edition_id IS NOT NULL)", name="published_edition"
        ),
        Index("ix_fee_lists_place", "jurisdiction_code", "status"),
    )
    MOVES: ClassVar = {
        ListStatus.DRAFT: frozenset({ListStatus.SUBMITTED, ListStatus.WITHDRAWN}),
        ListStatus.SUBMITTED: frozenset(
            {ListStatus.PUBLISHED, ListStatus.RETURNED, ListStatus.WITHDRAWN}
        ),
        ListStatus.RETURNED: frozenset({ListStatus.SUBMITTED, ListStatus.WITHDRAWN}),
    }

    status: Mapped[ListStatus] = mapped_column(EnumText(ListStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    title: Mapped[str] = mapped_column(String(120))
    document: Mapped[str] = mapped_column(String(120))
    legal_basis: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[date] = mapped_column(Date)
    hands: Mapped[list[int]] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(server_default="0")
    base_edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    submitted_by: Mapped[int | None]
    submitted_at: Mapped[datetime | None]
    returned_because: Mapped[str | None] = mapped_column(Text)
    approved_by: Mapped[int | None]
    published_at: Mapped[datetime | None]
    policy_edition_id: Mapped[int | None] = mapped_column(
        ForeignKey("policy_editions.id"), unique=True
    )
    sha256: Mapped[str | None] = mapped_column(String(64))

    policy_edition: Mapped[PolicyEdition | None] = relationship(foreign_keys=[policy_edition_id])
    rows: Mapped[list[FeeListRow]] = relationship(
        back_populates="fee_list", order_by="FeeListRow.position"
    )

    @property
    def is_editable(self) -> bool:
        """Whether its rows and facts may still change."""
        return self.status in EDITABLE


class FeeListRow(Model):
    """One row; fixed once its list is published."""

    __tablename__ = "fee_list_rows"
    __table_args__ = (
        UniqueConstraint("list_id", "code"),
        Index("ix_fee_list_rows_order", "list_id", "position"),
    )

    list_id: Mapped[int] = mapped_column(ForeignKey("fee_lists.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    department: Mapped[str] = mapped_column(String(120))
    price_form: Mapped[str] = mapped_column(String(20))
    binds: Mapped[str] = mapped_column(String(12))
    standard: Mapped[str] = mapped_column(String(40))
    variants: Mapped[list[str]] = mapped_column(JSON)
    charge_low: Mapped[Decimal | None] = mapped_column(DecimalText)
    charge_high: Mapped[Decimal | None] = mapped_column(DecimalText)
    charge_unit: Mapped[str] = mapped_column(String(4))
    charge_per: Mapped[str] = mapped_column(String(20))
    legal_basis: Mapped[str] = mapped_column(String(200))
    freed_by: Mapped[str] = mapped_column(String(200))
    freed_on: Mapped[date | None] = mapped_column(Date)
    basis_date: Mapped[str] = mapped_column(String(20))
    deviation_band: Mapped[Decimal | None] = mapped_column(DecimalText)
    remarks: Mapped[str] = mapped_column(String(500))

    fee_list: Mapped[FeeList] = relationship(back_populates="rows")

    @property
    def told(self) -> ListRow:
        """The row as a plain value."""
        charge = None
        if self.charge_high is not None:
            unit: Any = self.charge_unit
            charge = Charge(self.charge_low, self.charge_high, unit, self.charge_per)
        price_form: Any = self.price_form
        binds: Any = self.binds
        basis_date: Any = self.basis_date
        return ListRow(
            code=self.code,
            name=self.name,
            department=self.department,
            price_form=price_form,
            binds=binds,
            standard=self.standard,
            variants=tuple(self.variants),
            charge=charge,
            legal_basis=self.legal_basis,
            freed_by=self.freed_by,
            freed_on=self.freed_on,
            basis_date=basis_date,
            deviation_band=self.deviation_band,
            remarks=self.remarks,
        )


def columns_of(row: ListRow) -> dict[str, Any]:
    """A row's values as the table keeps them."""
    charge = row.charge
    return {
        "code": row.code,
        "name": row.name,
        "department": row.department,
        "price_form": row.price_form,
        "binds": row.binds,
        "standard": row.standard,
        "variants": list(row.variants),
        "charge_low": charge.low if charge else None,
        "charge_high": charge.high if charge else None,
        "charge_unit": charge.unit if charge else "",
        "charge_per": charge.per if charge else "",
        "legal_basis": row.legal_basis,
        "freed_by": row.freed_by,
        "freed_on": row.freed_on,
        "basis_date": row.basis_date,
        "deviation_band": row.deviation_band,
        "remarks": row.remarks,
    }


class FeeListImport(PublicIdMixin, LifecycleMixin, Model):
    """An uploaded file: read in the background, shown, and only then made a draft.

    ``done`` of ``total`` rows are read. ``rows`` are what it says, ``problems`` the first cells
    that cannot be used and ``problem_count`` how many; it has one or the other. ``refusal`` says why the whole file cannot be read.
    ``list_id``: the draft whose rows it replaces, or the one that was made of it.
    """

    __tablename__ = "fee_list_imports"
    __table_args__ = (Index("ix_fee_list_imports_place", "jurisdiction_code", "id"),)
    MOVES: ClassVar = {
        ImportStatus.WAITING: frozenset({ImportStatus.READING, ImportStatus.DISCARDED}),
        ImportStatus.READING: frozenset({ImportStatus.READY, ImportStatus.FAULTY}),
        ImportStatus.READY: frozenset({ImportStatus.CONFIRMED, ImportStatus.DISCARDED}),
        ImportStatus.FAULTY: frozenset({ImportStatus.DISCARDED}),
    }

    status: Mapped[ImportStatus] = mapped_column(EnumText(ImportStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    list_id: Mapped[int | None] = mapped_column(ForeignKey("fee_lists.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    uploaded_by: Mapped[int | None]
    uploaded_at: Mapped[datetime]
    attempts: Mapped[int]
    done: Mapped[int]
    total: Mapped[int | None]
    rows: Mapped[list[Any]] = mapped_column(JSON, deferred=True)
    problems: Mapped[list[Any]] = mapped_column(JSON, deferred=True)
    problem_count: Mapped[int] = mapped_column(server_default="0")
    refusal: Mapped[str | None] = mapped_column(String(300))

    file: Mapped[StoredFile] = relationship()
    fee_list: Mapped[FeeList | None] = relationship()


class FeeListFile(Model):
    """A published list as people download it, made once; its hash is that of the stored file."""

    __tablename__ = "fee_list_files"
    __table_args__ = (UniqueConstraint("policy_edition_id", "kind"),)

    policy_edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    kind: Mapped[str] = mapped_column(String(4))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))

    file: Mapped[StoredFile] = relationship()


append_only(FeeListFile.__table__)  # type: ignore[arg-type]
