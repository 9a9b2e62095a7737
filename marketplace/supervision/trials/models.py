"""A rating edition tried on the whole ledger, and every grade it would change."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import EnumText, Model, PublicIdMixin
from marketplace.foundation.ledger import append_only
from marketplace.foundation.lifecycle import LifecycleMixin, Status
from marketplace.foundation.policy import PolicyEdition
from marketplace.ratings.models import Capacity
from marketplace.ratings.rules.entries import Grade


class TrialStatus(Status):
    """Where a trial stands."""

    WAITING = "waiting", _l("待试算"), "neutral"
    RUNNING = "running", _l("试算中"), "info"
    DONE = "done", _l("已试算"), "info"
    FAILED = "failed", _l("未能试算"), "bad"
    PROPOSED = "proposed", _l("待审批"), "warn"
    ADOPTED = "adopted", _l("已采用"), "good"


class RatingTrial(PublicIdMixin, LifecycleMixin, Model):
    """Numbers for a rating edition of a jurisdiction, tried on the ledger as of a day.

    What it used stands in it: the numbers and their SHA-256, the last row of the rating ledger and
    the head of the audit ledger then. `result_sha256` is taken of every subject's grade and score
    before and after, so that whoever computes the trial again compares one number.
    """

    __tablename__ = "rating_trials"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_officers"),
        CheckConstraint("(status = 'adopted') = (edition_id IS NOT NULL)", name="adopted"),
        CheckConstraint("(result IS NULL) = (result_sha256 IS NULL)", name="result"),
    )
    MOVES: ClassVar = {
        TrialStatus.WAITING: frozenset({TrialStatus.RUNNING}),
        TrialStatus.RUNNING: frozenset({TrialStatus.DONE, TrialStatus.FAILED}),
        TrialStatus.DONE: frozenset({TrialStatus.PROPOSED}),
        TrialStatus.PROPOSED: frozenset({TrialStatus.DONE, TrialStatus.ADOPTED}),
    }

    title: Mapped[str] = mapped_column(String(200))
    jurisdiction_code: Mapped[str] = mapped_column(ForeignKey("jurisdictions.code"), index=True)
    day: Mapped[date] = mapped_column(Date)
    known_at: Mapped[datetime]
    cursor: Mapped[int]
    head_seq: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    content_sha256: Mapped[str] = mapped_column(String(64))
    drafted_by: Mapped[int]
    attempts: Mapped[int]
    done: Mapped[int]
    total: Mapped[int | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    result_sha256: Mapped[str | None] = mapped_column(String(64))
    effective_from: Mapped[date | None] = mapped_column(Date)
    legal_basis: Mapped[str | None] = mapped_column(Text)
    review: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    proposed_by: Mapped[int | None]
    decided_by: Mapped[int | None]
    decision_note: Mapped[str | None] = mapped_column(String(1000))
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("policy_editions.id"))
    status: Mapped[TrialStatus] = mapped_column(EnumText(TrialStatus))

    edition: Mapped[PolicyEdition | None] = relationship()


class TrialChange(Model):
    """One subject for which the tried edition calls for another grade, and which parts moved.

    Scores in hundredths; `parts` are differences of points (after − before) as texts, `items` the
    codes of the services the firm offered when the trial ran.
    """

    __tablename__ = "rating_trial_changes"
    __table_args__ = (UniqueConstraint("trial_id", "subject_id"),)

    trial_id: Mapped[int] = mapped_column(ForeignKey("rating_trials.id"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("rating_subjects.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    register: Mapped[str] = mapped_column(String(12))
    capacity: Mapped[Capacity] = mapped_column(EnumText(Capacity))
    grade: Mapped[Grade] = mapped_column(EnumText(Grade))
    before: Mapped[Grade] = mapped_column(EnumText(Grade))
    after: Mapped[Grade] = mapped_column(EnumText(Grade))
    before_hundredths: Mapped[int | None]
    after_hundredths: Mapped[int | None]
    parts: Mapped[dict[str, str]] = mapped_column(JSON)
    items: Mapped[list[str]] = mapped_column(JSON)

    organisation: Mapped[Organisation] = relationship()


append_only(TrialChange.__table__)  # type: ignore[arg-type]
