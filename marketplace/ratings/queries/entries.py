"""The ledger of a subject as the rules see it, and the editions it is read under."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import func, select

from marketplace.accounts.queries import lineage
from marketplace.foundation import calendar, policy
from marketplace.foundation.db import db
from marketplace.foundation.policy import Edition, PolicyEdition

from ..models import Capacity, EntryKind, RatingEntry, RatingSubject
from ..rules.entries import (
    ConductEntry,
    ConductKind,
    DecisionEntry,
    DecisionStep,
    Entry,
    Grade,
    InspectionEntry,
    MarkEntry,
    RaterSide,
    ReversingEntry,
    VetoEntry,
    VetoKind,
)
from ..rules.grades import GradeInForce
from ..rules.grading import grade_in_force
from ..rules.policy import DatedPolicy, RatingPolicy
from ..rules.scoring import Score, score
from .subjects import subject_of


def start_of(day: date) -> datetime:
    """Midnight in Shanghai, with which a day begins."""
    return calendar.moment(day, time(0))


@dataclass(frozen=True)
class Ledger:
    """A subject with all its rows, read once for everything that is asked of them."""

    subject: RatingSubject
    rows: list[RatingEntry]

    @cached_property
    def entries(self) -> list[Entry]:
        """The rows as entries of the rules."""
        return [as_entry(row) for row in self.rows]

    def known(self, known_at: datetime) -> tuple[list[RatingEntry], list[Entry]]:
        """The rows recorded by an instant, and the same as entries."""
        both = [
            pair
            for pair in zip(self.rows, self.entries, strict=True)
            if pair[0].recorded_at <= known_at
        ]
        return [row for row, _entry in both], [entry for _row, entry in both]


def ledger_of(
    organisation_id: int, register: str, capacity: Capacity = Capacity.INTERMEDIARY
) -> Ledger | None:
    """The ledger of an organisation on a register, None before its first entry."""
    subject = subject_of(organisation_id, register, capacity)
    return None if subject is None else Ledger(subject, rows_of(subject))


def rows_of(subject: RatingSubject, cursor: int | None = None) -> list[RatingEntry]:
    """The ledger of a subject in its order, up to an entry number."""
    query = select(RatingEntry).where(RatingEntry.subject_id == subject.id)
    if cursor is not None:
        query = query.where(RatingEntry.id <= cursor)
    return list(db.session.scalars(query.order_by(RatingEntry.id)))


def as_entry(row: Any) -> Entry:
    """A row of the ledger, or its columns, as a plain entry of the rules.

    Raises ArithmeticError, ValueError, TypeError or KeyError for what no action would have stored.
    """
    # which columns a kind has is kept by the table's CHECKs
    kind = row.kind
    head: dict[str, Any] = {
        "id": row.id,
        "takes_effect_on": row.takes_effect_on,
        "recorded_at": row.recorded_at,
    }
    if kind == EntryKind.MARK:
        return MarkEntry(
            **head,
            side=_SIDES[row.side],
            rater=row.rater_organisation_id,
            breadth=row.breadth,
            value=Decimal(row.hundredths).scaleb(-2),
            contract=row.contract_id,
        )
    if kind == EntryKind.INSPECTION:
        return InspectionEntry(**head, value=Decimal(row.hundredths).scaleb(-2))
    if kind == EntryKind.CONDUCT:
        return ConductEntry(
            **head,
            kind=ConductKind(row.conduct),
            ends_on=row.ends_on,
            contract=row.contract_id,
            points=None if row.points is None else Decimal(row.points),
            working_days=row.working_days or 0,
            yearly_deliveries=row.yearly_deliveries or 0,
        )
    if kind == EntryKind.VETO:
        return VetoEntry(**head, kind=VetoKind(row.veto), ends_on=row.ends_on)
    if kind == EntryKind.REVERSAL:
        return ReversingEntry(**head, reverses=row.reverses_id)
    return DecisionEntry(
        **head,
        step=DecisionStep(row.step),
        grade=Grade(row.grade),
        proposal=row.proposal_entry_id,
        in_force_on=row.in_force_on,
    )


_SIDES = {side.value: side for side in RaterSide}


def hundredths(value: int | None) -> Decimal | None:
    """Stored hundredths as a score with two decimals."""
    return None if value is None else Decimal(value).scaleb(-2)


def policies_of(register: str) -> list[DatedPolicy]:
    """The rating editions of a register in order of date; each is named by its row's number.

    On a day the nearest ancestor with an edition in force gives it, whole.
    """
    codes = lineage(register)
    history: list[Edition[RatingPolicy]] = policy.history(RatingPolicy, codes)
    newest: dict[str, Edition[RatingPolicy]] = {}
    timeline: list[DatedPolicy] = []
    for day in sorted({edition.effective_from for edition in history}):
        for edition in history:
            if edition.effective_from == day:
                newest[edition.jurisdiction] = edition
        chosen = next(newest[code] for code in codes if code in newest)
        if not timeline or timeline[-1].edition != str(chosen.id):
            timeline.append(DatedPolicy(day, chosen.values, str(chosen.id)))
    return timeline


def edition_on(register: str, day: date) -> Edition[RatingPolicy]:
    """The rating edition in force for a register on a day."""
    return policy.in_force(RatingPolicy, lineage(register), day)


def first_edition_day() -> date:
    """The first day for which there is any rating edition."""
    found = db.session.scalar(
        select(func.min(PolicyEdition.effective_from)).where(
            PolicyEdition.section == RatingPolicy.SECTION
        )
    )
    return found or date.max


def fold(
    subject: RatingSubject, rows: Iterable[RatingEntry], day: date, known_at: datetime
) -> GradeInForce:
    """The grade in force on a day by the rules, from rows of the ledger."""
    entries = [as_entry(row) for row in rows]
    return grade_in_force(entries, policies_of(subject.register), day, known_at)


def score_on(
    subject: RatingSubject, rows: Iterable[RatingEntry], day: date, known_at: datetime
) -> Score:
    """The score of a day, line by line, under the edition in force on it."""
    edition = edition_on(subject.register, day)
    return score([as_entry(row) for row in rows], edition.values, day, known_at)


def breadth_of(
    rater_organisation_id: int, side: RaterSide, since: date, about_subject_id: int
) -> int:
    """How many organisations a rater has evaluated since a day, the one it rates now included."""
    reversal = select(RatingEntry.reverses_id).where(RatingEntry.kind == EntryKind.REVERSAL)
    counted = db.session.scalar(
        select(func.count(func.distinct(RatingEntry.subject_id))).where(
            RatingEntry.kind == EntryKind.MARK,
            RatingEntry.side == side,
            RatingEntry.rater_organisation_id == rater_organisation_id,
            RatingEntry.takes_effect_on > since,
            RatingEntry.subject_id != about_subject_id,
            RatingEntry.id.not_in(reversal),
        )
    )
    return 1 + (counted or 0)
