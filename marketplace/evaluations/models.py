"""Windows of evaluation, evaluations, and their versions as given."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.contracts.models import Contract
from marketplace.foundation.crypto import digest
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status

from .rules import Direction

DIRECTION_TITLES: dict[Direction, Any] = {
    Direction.OWNER_TO_FIRM: _l("项目业主评价中介机构"),
    Direction.FIRM_TO_OWNER: _l("中介机构评价项目业主"),
    Direction.DEPARTMENT_TO_FIRM: _l("行业主管部门评价中介机构"),
    Direction.FIRM_TO_DEPARTMENT: _l("中介机构评价行业主管部门"),
    Direction.ASSESSOR_TO_FIRM: _l("社会监督员、第三方评估机构评价中介机构"),
}
PART_TITLES: dict[str, Any] = {
    "quality": _l("服务质量"),
    "timeliness": _l("服务时效"),
    "attitude": _l("服务态度"),
    "charging": _l("服务收费"),
    "conduct": _l("执业规范"),
    "requirements": _l("需求明确"),
    "cooperation": _l("配合程度"),
    "payment": _l("付款及时"),
    "integrity": _l("廉洁诚信"),
    "result": _l("成果质量"),
    "guidance": _l("指导服务"),
    "fairness": _l("公平公正"),
}


class WindowStatus(Status):
    """Where the evaluation of a contract stands."""

    OPEN = "open", _l("评价中"), "info"
    REVEALED = "revealed", _l("已公开"), "good"
    LAPSED = "lapsed", _l("未评价"), "ended"


class EvaluationWindow(PublicIdMixin, LifecycleMixin, Model):
    """The time in which both sides of a contract may mark each other: one for each contract."""

    __tablename__ = "evaluation_windows"
    __table_args__ = (
        UniqueConstraint("contract_id"),
        Index("ix_evaluation_windows_revealed", "revealed_at"),
        CheckConstraint("ends_at > opened_at", name="period"),
        CheckConstraint("(status = 'revealed') = (revealed_at IS NOT NULL)", name="revealed"),
    )
    MOVES: ClassVar = {
        WindowStatus.OPEN: frozenset({WindowStatus.REVEALED, WindowStatus.LAPSED}),
    }

    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"))
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    revealed_at: Mapped[datetime | None]
    status: Mapped[WindowStatus] = mapped_column(EnumText(WindowStatus))

    contract: Mapped[Contract] = relationship()


_OF_A_SIDE = "direction <> 'assessor_to_firm'"


class Evaluation(PublicIdMixin, Model):
    """One side's evaluation of the other: one for each contract and direction.

    Those between the firm and a department have the period of the contract's window and a reveal of
    their own (``departments.models.DepartmentWindow``). Each assessor gives one of its own, under
    the appointment it had then.
    `rating_entry_id` is the ledger entry that its reveal posted. Nothing of it is shown to anybody
    but its own side before the window is revealed.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint("window_id", "direction", "rater_organisation_id"),
        Index(
            "uq_evaluations_side",
            "window_id",
            "direction",
            unique=True,
            sqlite_where=text(_OF_A_SIDE),
            postgresql_where=text(_OF_A_SIDE),
        ),
        CheckConstraint("rater_organisation_id <> about_organisation_id", name="two_parties"),
        CheckConstraint(
            "(direction = 'assessor_to_firm') = (appointment_id IS NOT NULL)", name="appointed"
        ),
    )

    window_id: Mapped[int] = mapped_column(ForeignKey("evaluation_windows.id"))
    direction: Mapped[Direction] = mapped_column(EnumText(Direction))
    rater_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    about_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    given_at: Mapped[datetime]
    revise_until: Mapped[datetime]
    rating_entry_id: Mapped[int | None] = mapped_column(ForeignKey("rating_ledger.id"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("assessor_appointments.id"))

    window: Mapped[EvaluationWindow] = relationship()
    rater: Mapped[Organisation] = relationship(foreign_keys=[rater_organisation_id])
    about: Mapped[Organisation] = relationship(foreign_keys=[about_organisation_id])
    versions: Mapped[list[EvaluationVersion]] = relationship(
        back_populates="evaluation", order_by="EvaluationVersion.number"
    )

    @property
    def latest(self) -> EvaluationVersion:
        """What counts: the last version given."""
        return self.versions[-1]


class EvaluationVersion(Model):
    """The marks as given at one moment, append-only.

    `commitment` is the digest of the salted content and stands in the audit ledger from that moment
    on, so that a mark cannot be changed between giving and reveal.
    """

    __tablename__ = "evaluation_versions"
    __table_args__ = (UniqueConstraint("evaluation_id", "number"),)

    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"))
    number: Mapped[int]
    marks: Mapped[dict[str, int]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(1000))
    salt: Mapped[str] = mapped_column(String(64))
    commitment: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[datetime]
    given_by: Mapped[int | None]

    evaluation: Mapped[Evaluation] = relationship(back_populates="versions")

    def content_digest(self) -> str:
        """SHA-256 over the salted content."""
        return digest(
            {
                "evaluation": self.evaluation_id,
                "number": self.number,
                "marks": self.marks,
                "reason": self.reason,
                "salt": self.salt,
            }
        )


append_only(EvaluationVersion.__table__)  # type: ignore[arg-type]
