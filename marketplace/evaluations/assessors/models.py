"""Appointments of assessors, and where they stood aside; their marks are evaluations."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.titles import Titled


class AssessorKind(Titled):
    """What an assessor is. Declared as ``value, title``."""

    SOCIAL = "social", _l("社会监督员")
    THIRD_PARTY = "third_party", _l("第三方评估机构")


class AppointmentStatus(Status):
    """Where an appointment stands."""

    PROPOSED = "proposed", _l("待确认"), "info"
    IN_FORCE = "in_force", _l("聘任中"), "good"
    REFUSED = "refused", _l("不予聘任"), "ended"
    WITHDRAWN = "withdrawn", _l("已撤销聘任"), "bad"
    ENDED = "ended", _l("聘期届满"), "ended"


class AssessorAppointment(PublicIdMixin, LifecycleMixin, Model):
    """An assessor appointed for a term, an area and some items (`item_codes` empty: every item).

    Proposed by one officer, confirmed by another. Only while it is in force may the organisation
    mark, and its right ends with it.
    """

    __tablename__ = "assessor_appointments"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="term"),
        CheckConstraint("confirmed_by <> proposed_by", name="two_officers"),
        CheckConstraint(
            "status NOT IN ('in_force', 'withdrawn', 'ended') OR confirmed_at IS NOT NULL",
            name="confirmed",
        ),
        CheckConstraint(
            "(status IN ('refused', 'withdrawn')) = (end_reason IS NOT NULL)", name="reason"
        ),
    )
    MOVES: ClassVar = {
        AppointmentStatus.PROPOSED: frozenset(
            {AppointmentStatus.IN_FORCE, AppointmentStatus.REFUSED}
        ),
        AppointmentStatus.IN_FORCE: frozenset(
            {AppointmentStatus.WITHDRAWN, AppointmentStatus.ENDED}
        ),
    }

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[AssessorKind] = mapped_column(EnumText(AssessorKind))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    item_codes: Mapped[list[str]] = mapped_column(JSON)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    basis: Mapped[str] = mapped_column(String(200))
    proposed_by: Mapped[int | None]
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[int | None]
    confirmed_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(500))
    edition_id: Mapped[int] = mapped_column(ForeignKey("policy_editions.id"))
    status: Mapped[AppointmentStatus] = mapped_column(EnumText(AppointmentStatus))

    organisation: Mapped[Organisation] = relationship()


class AssessorRecusal(Model):
    """An assessor that stood aside from one contract, with its reason, append-only."""

    __tablename__ = "assessor_recusals"
    __table_args__ = (UniqueConstraint("window_id", "organisation_id"),)

    window_id: Mapped[int] = mapped_column(ForeignKey("evaluation_windows.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    reason: Mapped[str] = mapped_column(String(500))
    declared_at: Mapped[datetime]
    declared_by: Mapped[int | None]


append_only(AssessorRecusal.__table__)  # type: ignore[arg-type]
