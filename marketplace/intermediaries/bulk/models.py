"""Uploaded registers, their rows, and which firm came of which."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.files import StoredFile
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status, can_move
from marketplace.notices.models import PublicNotice

from ..models import Firm


class ImportStatus(Status):
    """Where an uploaded register stands."""

    WAITING = "waiting", _l("等待读取"), "neutral"
    READING = "reading", _l("正在读取"), "info"
    FAULTY = "faulty", _l("有错误"), "bad"
    READY = "ready", _l("可提交确认"), "good"
    SUBMITTED = "submitted", _l("待确认"), "warn"
    RETURNED = "returned", _l("已退回"), "bad"
    RUNNING = "running", _l("正在承接"), "info"
    STOPPED = "stopped", _l("已停止"), "warn"
    DONE = "done", _l("已完成"), "good"
    DISCARDED = "discarded", _l("已放弃"), "ended"


class Verdict(Status):
    """What a row of the file is to the register."""

    NEW = "new", _l("新增"), "good"
    SAME = "same", _l("已在册，内容相同"), "neutral"
    DIFFERENT = "different", _l("已在册，内容不同"), "warn"
    REFUSED = "refused", _l("有错误"), "bad"


class RowState(Status):
    """How far a row is taken over."""

    IDLE = "idle", _l("不承接"), "neutral"
    PENDING = "pending", _l("待承接"), "info"
    TAKEN = "taken", _l("已承接"), "good"
    FAILED = "failed", _l("未能承接"), "bad"


class RegisterImport(PublicIdMixin, LifecycleMixin, Model):
    """An uploaded register: read in the background, shown, confirmed by another officer, taken over.

    ``read`` of ``to_read`` rows are read. ``problems`` are the first cells that cannot be used
    (each with its sheet) and ``problem_count`` how many; ``refusal`` says why the whole file
    cannot be read. ``title``, ``document`` and ``legal_basis`` say which register it was and why
    it is taken over; ``leave_out``: rows with errors are left out. ``edition_id`` is the admission
    edition in force when it was confirmed.
    """

    __tablename__ = "register_imports"
    __table_args__ = (
        CheckConstraint("confirmed_by <> submitted_by", name="two_officers"),
        CheckConstraint("confirmed_by <> uploaded_by", name="not_the_uploader"),
        CheckConstraint(
            "status NOT IN ('running', 'stopped', 'done') OR confirmed_at IS NOT NULL",
            name="confirmed",
        ),
        CheckConstraint("status <> 'done' OR finished_at IS NOT NULL", name="finished"),
        Index("ix_register_imports_place", "jurisdiction_code", "id"),
    )
    MOVES: ClassVar = {
        ImportStatus.WAITING: frozenset({ImportStatus.READING, ImportStatus.DISCARDED}),
        ImportStatus.READING: frozenset({ImportStatus.READY, ImportStatus.FAULTY}),
        ImportStatus.FAULTY: frozenset({ImportStatus.SUBMITTED, ImportStatus.DISCARDED}),
        ImportStatus.READY: frozenset({ImportStatus.SUBMITTED, ImportStatus.DISCARDED}),
        ImportStatus.SUBMITTED: frozenset(
            {ImportStatus.RUNNING, ImportStatus.RETURNED, ImportStatus.DISCARDED}
        ),
        ImportStatus.RETURNED: frozenset({ImportStatus.SUBMITTED, ImportStatus.DISCARDED}),
        ImportStatus.RUNNING: frozenset({ImportStatus.STOPPED, ImportStatus.DONE}),
        ImportStatus.STOPPED: frozenset({ImportStatus.RUNNING}),
    }

    status: Mapped[ImportStatus] = mapped_column(EnumText(ImportStatus))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"))
    uploaded_by: Mapped[int | None]
    uploaded_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    read: Mapped[int] = mapped_column(default=0)
    to_read: Mapped[int | None]
    refusal: Mapped[str | None] = mapped_column(String(300))
    problems: Mapped[list[Any]] = mapped_column(JSON, deferred=True, default=list)
    problem_count: Mapped[int] = mapped_column(default=0)
    ignored: Mapped[list[str]] = mapped_column(JSON, default=list)
    new: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    different: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)

    title: Mapped[str | None] = mapped_column(String(120))
    document: Mapped[str | None] = mapped_column(String(120))
    legal_basis: Mapped[str | None] = mapped_column(Text)
    leave_out: Mapped[bool] = mapped_column(default=False)
    submitted_by: Mapped[int | None]
    submitted_at: Mapped[datetime | None]
    returned_because: Mapped[str | None] = mapped_column(Text)
    confirmed_by: Mapped[int | None]
    confirmed_at: Mapped[datetime | None]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    taken: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("public_notices.id"))

    file: Mapped[StoredFile] = relationship()
    notice: Mapped[PublicNotice | None] = relationship()

    @property
    def is_read(self) -> bool:
        """Whether there is something to look at."""
        return self.status not in (ImportStatus.WAITING, ImportStatus.READING)

    @property
    def may_be_submitted(self) -> bool:
        """Whether another officer may be asked to confirm it."""
        open_ = (ImportStatus.READY, ImportStatus.FAULTY, ImportStatus.RETURNED)
        return self.status in open_ and self.new > 0

    @property
    def may_be_discarded(self) -> bool:
        """Whether it can still be let go: nothing of it is in the register."""
        return can_move(self, ImportStatus.DISCARDED)

    @property
    def worked(self) -> int:
        """How many rows are done with, one way or the other."""
        return self.taken + self.failed


class ImportRow(Model):
    """One firm of an uploaded register with its certificates, people and items.

    ``content`` is what the file says, identity numbers as keyed digests only; it is emptied once
    the row is taken over. ``differences`` name the columns in which the register says otherwise.
    """

    __tablename__ = "register_import_rows"
    __table_args__ = (
        UniqueConstraint("import_id", "number"),
        UniqueConstraint("firm_id"),
        CheckConstraint("(state = 'taken') = (firm_id IS NOT NULL)", name="taken"),
        Index("ix_register_import_rows_work", "import_id", "state", "id"),
        Index("ix_register_import_rows_seen", "import_id", "verdict", "id"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("register_imports.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    credit_code: Mapped[str] = mapped_column(String(40))
    verdict: Mapped[Verdict] = mapped_column(EnumText(Verdict))
    state: Mapped[RowState] = mapped_column(EnumText(RowState))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    differences: Mapped[list[str]] = mapped_column(JSON)
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("firms.id"))
    done_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(300))

    firm: Mapped[Firm | None] = relationship()


class RegisterExport(Model):
    """Somebody took the register away as a file, and what for."""

    __tablename__ = "register_exports"
    __table_args__ = (Index("ix_register_exports_place", "register_code", "id"),)

    register_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    kind: Mapped[str] = mapped_column(String(4))
    reason: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    at: Mapped[datetime]


append_only(RegisterExport.__table__)  # type: ignore[arg-type]
