"""An audit of charges and its rows, kept as they were judged."""

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

from marketplace.fees.models import FeeStandardEdition
from marketplace.fees.rules.judging import Verdict
from marketplace.fees.wording import sentence, title_and_tone
from marketplace.foundation.db import DecimalText, EnumText, Fen, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.policy import PolicyEdition


class ChargeAudit(PublicIdMixin, Model):
    """One file of charges as it was judged: by whom, when, from which bytes (SHA-256).

    ``by_office``: an office made it for its area, not a party for itself. ``above`` is the sum in
    元 by which charges exceed what binds, ``above_reference`` that over what only informs.
    """

    __tablename__ = "charge_audits"
    __table_args__ = (
        CheckConstraint("row_count > 0", name="row_count"),
        Index("ix_charge_audits_organisation", "organisation_id", "id"),
    )

    title: Mapped[str] = mapped_column(String(200))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    jurisdiction_code: Mapped[str] = mapped_column(String(12))
    organisation_id: Mapped[int | None]
    organisation_name: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int | None]
    by_office: Mapped[bool]
    row_count: Mapped[int]
    charged: Mapped[Decimal] = mapped_column(Fen)
    above: Mapped[Decimal] = mapped_column(Fen)
    above_reference: Mapped[Decimal] = mapped_column(Fen)
    made_at: Mapped[datetime]


class Charge(Model):
    """One row of the file: what was charged, the verdict, the editions and steps it rests on.

    ``number`` is the row in the file. Money in 元; ``low``–``high`` is what the standard allows,
    exact, ``ceiling`` and ``floor`` what the charge was held against, in whole fen, ``beyond`` how
    far it lies beyond the limit ``decided_by``.
    """

    __tablename__ = "charges"
    __table_args__ = (
        UniqueConstraint("charge_audit_id", "number"),
        Index("ix_charges_verdict", "charge_audit_id", "verdict"),
        CheckConstraint("price >= 0", name="price"),
    )

    charge_audit_id: Mapped[int] = mapped_column(ForeignKey("charge_audits.id"))
    number: Mapped[int]
    item_code: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(200))
    firm: Mapped[str] = mapped_column(String(120))
    jurisdiction_code: Mapped[str] = mapped_column(String(12))
    day: Mapped[date] = mapped_column(Date)
    price: Mapped[Decimal] = mapped_column(Fen)
    inputs: Mapped[dict[str, str]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text)
    verdict: Mapped[Verdict] = mapped_column(EnumText(Verdict))
    binding: Mapped[bool]
    standard_binds: Mapped[bool]
    freed_by: Mapped[str] = mapped_column(String(200))
    low: Mapped[Decimal | None] = mapped_column(DecimalText)
    high: Mapped[Decimal | None] = mapped_column(DecimalText)
    ceiling: Mapped[Decimal | None] = mapped_column(Fen)
    floor: Mapped[Decimal | None] = mapped_column(Fen)
    beyond: Mapped[Decimal | None] = mapped_column(Fen)
    decided_by: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    readings: Mapped[list[Any]] = mapped_column(JSON)
    reason: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    steps: Mapped[list[Any]] = mapped_column(JSON)
    policy_edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    standard_edition_id: Mapped[int | None] = mapped_column(ForeignKey("fee_standard_editions.id"))

    audit: Mapped[ChargeAudit] = relationship()
    policy_edition: Mapped[PolicyEdition | None] = relationship()
    standard_edition: Mapped[FeeStandardEdition | None] = relationship()

    discount = None

    @property
    def title(self) -> str:
        """The verdict in a few words."""
        return title_and_tone(self.verdict, self.binding)[0]

    @property
    def tone(self) -> str:
        """The colour of the verdict."""
        return title_and_tone(self.verdict, self.binding)[1]

    @property
    def message(self) -> str:
        """The verdict as one sentence, in the reader's language."""
        return sentence(self)


class UploadStatus(Status):
    """Where an uploaded file of charges stands."""

    WAITING = "waiting", _l("等待核对"), "neutral"
    JUDGING = "judging", _l("正在核对"), "info"
    DONE = "done", _l("核对完成"), "good"
    FAULTY = "faulty", _l("有错误"), "bad"


class ChargeUpload(PublicIdMixin, LifecycleMixin, Model):
    """A file of charges as it was given: judged in the background, then the ``audit`` or what is
    wrong with it.

    ``done`` of ``total`` rows are judged. ``problems`` are the first bad cells, ``problem_count``
    how many there are; ``refusal`` says why the whole file cannot be judged. The audit stands
    here from its first stored row on, and is shown when the status says that it is whole.
    """

    __tablename__ = "charge_uploads"
    __table_args__ = (
        CheckConstraint("status <> 'done' OR charge_audit_id IS NOT NULL", name="done_audit"),
        Index("ix_charge_uploads_organisation", "organisation_id", "id"),
        Index("ix_charge_uploads_user", "user_id", "uploaded_at"),
    )
    MOVES: ClassVar = {
        UploadStatus.WAITING: frozenset({UploadStatus.JUDGING}),
        UploadStatus.JUDGING: frozenset({UploadStatus.DONE, UploadStatus.FAULTY}),
    }

    status: Mapped[UploadStatus] = mapped_column(EnumText(UploadStatus))
    title: Mapped[str] = mapped_column(String(200))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    jurisdiction_code: Mapped[str] = mapped_column(String(12))
    organisation_id: Mapped[int | None]
    organisation_name: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int | None]
    by_office: Mapped[bool]
    uploaded_at: Mapped[datetime]
    attempts: Mapped[int]
    done: Mapped[int]
    total: Mapped[int | None]
    problems: Mapped[list[Any]] = mapped_column(JSON)
    problem_count: Mapped[int]
    refusal: Mapped[str | None] = mapped_column(String(300))
    charge_audit_id: Mapped[int | None] = mapped_column(ForeignKey("charge_audits.id"), unique=True)

    file: Mapped[StoredFile] = relationship()
    audit: Mapped[ChargeAudit | None] = relationship()

    @property
    def is_open(self) -> bool:
        """Whether it is still to be judged."""
        return self.status in (UploadStatus.WAITING, UploadStatus.JUDGING)


append_only(ChargeAudit.__table__)  # type: ignore[arg-type]
append_only(Charge.__table__)  # type: ignore[arg-type]
