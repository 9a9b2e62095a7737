"""Calls for windows of the hall, their criteria, the applications to them."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation import epoch
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.ratings.rules.entries import Grade

from ...models import Firm
from ..rules import mean_of


class CallStatus(Status):
    """Where a call stands."""

    DRAFT = "draft", _l("草稿"), "neutral"
    SUBMITTED = "submitted", _l("待发布"), "info"
    OPEN = "open", _l("征集中"), "info"
    MARKING = "marking", _l("评审中"), "info"
    RANKED = "ranked", _l("结果公示"), "info"
    QUESTIONED = "questioned", _l("异议成立，待处理"), "bad"
    AWARDED = "awarded", _l("已确定席位"), "good"
    FAILED = "failed", _l("无符合条件的机构"), "ended"
    WITHDRAWN = "withdrawn", _l("已终止"), "ended"


PUBLIC = tuple(each for each in CallStatus if each not in (CallStatus.DRAFT, CallStatus.SUBMITTED))
# what the judges gave may be read
REVEALED = (
    CallStatus.RANKED,
    CallStatus.QUESTIONED,
    CallStatus.AWARDED,
)


class HallCall(PublicIdMixin, LifecycleMixin, Model):
    """A public call for ``seats`` windows over the items named (none: every item).

    ``scored`` calls are marked by judges, the others go by grade, then reputation. One officer
    drafts, another publishes. ``edition_id`` is the hall's edition, ``admission_edition_id`` the
    one that says whether judges mark. The term begins with the day of the award.
    """

    __tablename__ = "hall_calls"
    __table_args__ = (
        CheckConstraint("published_by <> drafted_by", name="two_people"),
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("term_months > 0", name="term"),
        CheckConstraint(
            "status IN ('draft', 'submitted', 'withdrawn') OR (published_at IS NOT NULL AND apply_by IS NOT "
            "NULL AND edition_id IS NOT NULL)",
            name="published",
        ),
        CheckConstraint("(status = 'awarded') = (awarded_at IS NOT NULL)", name="awarded"),
        CheckConstraint("awarded_at IS NULL OR term_ends_on IS NOT NULL", name="term_ends"),
        CheckConstraint("status <> 'withdrawn' OR reason IS NOT NULL", name="reason"),
        Index("ix_hall_calls_register_status", "register_code", "status"),
    )
    MOVES: ClassVar = {
        CallStatus.DRAFT: frozenset({CallStatus.SUBMITTED, CallStatus.WITHDRAWN}),
        CallStatus.SUBMITTED: frozenset({CallStatus.OPEN, CallStatus.DRAFT, CallStatus.WITHDRAWN}),
        CallStatus.OPEN: frozenset(
            {CallStatus.MARKING, CallStatus.RANKED, CallStatus.FAILED, CallStatus.WITHDRAWN}
        ),
        CallStatus.MARKING: frozenset({CallStatus.RANKED, CallStatus.FAILED, CallStatus.WITHDRAWN}),
        CallStatus.RANKED: frozenset(
            {CallStatus.AWARDED, CallStatus.QUESTIONED, CallStatus.WITHDRAWN}
        ),
        CallStatus.QUESTIONED: frozenset(
            {CallStatus.RANKED, CallStatus.FAILED, CallStatus.WITHDRAWN}
        ),
    }

    register_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"))
    status: Mapped[CallStatus] = mapped_column(EnumText(CallStatus))
    title: Mapped[str] = mapped_column(String(120))
    seats: Mapped[int]
    item_codes: Mapped[list[str]] = mapped_column(JSON)
    term_months: Mapped[int]
    scored: Mapped[bool]
    apply_until: Mapped[date] = mapped_column(Date)
    apply_by: Mapped[datetime | None]
    mark_by: Mapped[datetime | None]
    notice_ends_at: Mapped[datetime | None]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    admission_edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    drafted_by: Mapped[int | None]
    drafted_at: Mapped[datetime]
    published_by: Mapped[int | None]
    published_at: Mapped[datetime | None]
    ranked_at: Mapped[datetime | None]
    judges_counted: Mapped[int | None]
    awarded_at: Mapped[datetime | None]
    term_ends_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(Text)

    criteria: Mapped[list[HallCriterion]] = relationship(
        back_populates="call", order_by="HallCriterion.position"
    )

    @property
    def is_revealed(self) -> bool:
        """Whether marks and ranking may be read."""
        return self.status in REVEALED


class HallCriterion(Model):
    """What judges mark, with the most points; fixed once the call is published."""

    __tablename__ = "hall_criteria"
    __table_args__ = (
        UniqueConstraint("call_id", "position"),
        CheckConstraint("points BETWEEN 1 AND 100", name="points"),
    )

    call_id: Mapped[int] = mapped_column(ForeignKey("hall_calls.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    looked_at: Mapped[str] = mapped_column(String(300))
    points: Mapped[int]

    call: Mapped[HallCall] = relationship(back_populates="criteria")


class ApplicationStatus(Status):
    """Where an application for a window stands."""

    RECEIVED = "received", _l("已受理"), "info"
    WITHDRAWN = "withdrawn", _l("已撤回"), "ended"
    SHUT_OUT = "shut_out", _l("不符合条件"), "bad"
    CHOSEN = "chosen", _l("入选"), "good"
    RESERVE = "reserve", _l("候补"), "info"
    NOT_CHOSEN = "not_chosen", _l("未入选"), "ended"
    SEATED = "seated", _l("已进驻"), "good"
    GIVEN_UP = "given_up", _l("放弃席位"), "ended"


# who may still be called to a window
IN_LINE = (ApplicationStatus.CHOSEN, ApplicationStatus.RESERVE)


class HallApplication(PublicIdMixin, LifecycleMixin, Model):
    """A listed firm's application to a call; changeable until its deadline.

    ``place`` and what it rests on are kept as they were when it was ranked: the tenths of all
    judges together, the grade and the reputation in hundredths.
    """

    __tablename__ = "hall_applications"
    __table_args__ = (
        UniqueConstraint("call_id", "firm_id"),
        CheckConstraint("status <> 'shut_out' OR reason IS NOT NULL", name="reason"),
        CheckConstraint(
            "status NOT IN ('chosen', 'reserve', 'not_chosen', 'seated', 'given_up') "
            "OR place IS NOT NULL",
            name="placed",
        ),
    )
    MOVES: ClassVar = {
        ApplicationStatus.RECEIVED: frozenset(
            {
                ApplicationStatus.WITHDRAWN,
                ApplicationStatus.SHUT_OUT,
                ApplicationStatus.CHOSEN,
                ApplicationStatus.RESERVE,
                ApplicationStatus.NOT_CHOSEN,
            }
        ),
        ApplicationStatus.WITHDRAWN: frozenset({ApplicationStatus.RECEIVED}),
        # a result objected to with reason is ranked again
        ApplicationStatus.CHOSEN: frozenset(
            {
                ApplicationStatus.SEATED,
                ApplicationStatus.GIVEN_UP,
                ApplicationStatus.SHUT_OUT,
                ApplicationStatus.RECEIVED,
            }
        ),
        ApplicationStatus.RESERVE: frozenset(
            {
                ApplicationStatus.SEATED,
                ApplicationStatus.GIVEN_UP,
                ApplicationStatus.SHUT_OUT,
                ApplicationStatus.RECEIVED,
            }
        ),
        ApplicationStatus.NOT_CHOSEN: frozenset({ApplicationStatus.RECEIVED}),
    }

    call_id: Mapped[int] = mapped_column(ForeignKey("hall_calls.id"))
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    status: Mapped[ApplicationStatus] = mapped_column(EnumText(ApplicationStatus))
    answers: Mapped[dict[str, str]] = mapped_column(JSON)
    received_at: Mapped[datetime]
    sent_by: Mapped[int | None]
    total: Mapped[int | None]
    grade: Mapped[Grade | None] = mapped_column(EnumText(Grade))
    score: Mapped[int | None]
    place: Mapped[int | None]
    drawn: Mapped[bool | None]
    reason: Mapped[str | None] = mapped_column(String(500))

    call: Mapped[HallCall] = relationship()
    firm: Mapped[Firm] = relationship()
    organisation: Mapped[Organisation] = relationship()

    def mean(self, judges: int) -> Fraction | None:
        """The mean of the judges' totals in points, exact; None where nobody marked."""
        return mean_of(self.total, judges) if self.total is not None and judges else None


epoch.watch_public(HallCall, "status")
