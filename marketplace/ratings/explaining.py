"""A score laid open for a page: every line with the names and titles a reader needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marketplace.accounts.models import Organisation
from marketplace.foundation.db import db
from marketplace.foundation.policy import Edition

from . import queries
from .models import (
    CONDUCT_TITLES,
    GRADE_TITLES,
    SIDE_TITLES,
    VETO_TITLES,
    Capacity,
    EntryKind,
    GradeProposal,
    GradeRecord,
    RatingEntry,
    RatingSubject,
)
from .rules.entries import Grade
from .rules.grades import GradeInForce
from .rules.grading import grade_in_force
from .rules.policy import RatingPolicy
from .rules.scoring import ConductLine, Evidence, MarkLine, Score
from .rules.scoring import score as score_of
from .rules.weights import add_months


@dataclass(frozen=True)
class MarkRow:
    """One evaluation with who gave it and when it ends."""

    line: MarkLine
    row: RatingEntry
    side: Any
    rater: str
    ends_on: date


@dataclass(frozen=True)
class ConductRow:
    """One conduct entry with its title."""

    line: ConductLine
    row: RatingEntry
    title: Any


@dataclass(frozen=True)
class ReversedRow:
    """An evaluation that was excluded: shown struck through."""

    row: RatingEntry
    side: Any
    rater: str
    since: date


@dataclass(frozen=True)
class Explanation:
    """Everything on the page. `score` is None before the first entry; `evaluated_on` is the day
    whose score `evaluated` (in hundredths) the grade rests on, as records grow older in between."""

    organisation: Organisation
    day: date
    grade: Grade
    title: Any
    since: date | None
    score: Score | None
    evaluated_on: date | None
    evaluated: int | None
    marks: tuple[MarkRow, ...]
    reversed: tuple[ReversedRow, ...]
    conduct: tuple[ConductRow, ...]
    vetoes: tuple[tuple[Any, RatingEntry], ...]
    evidence: Evidence | None
    edition: Edition[RatingPolicy]
    proposal: GradeProposal | None
    upcoming_title: Any
    upcoming_since: date | None
    history: tuple[GradeRecord, ...]
    ledger: queries.Ledger | None = None


def explain(
    organisation: Organisation,
    register: str,
    day: date,
    now: datetime,
    capacity: Capacity = Capacity.INTERMEDIARY,
    ledger: queries.Ledger | None = None,
) -> Explanation:
    """The grade and score of a firm (or an owner) on a day, as known on that day (now, for today
    and later); `ledger` where it is read already."""
    ledger = ledger or queries.ledger_of(organisation.id, register, capacity)
    edition = queries.edition_on(register, day)
    if ledger is None:
        return _unrated(organisation, day, edition)
    subject = ledger.subject
    known_at = min(now, queries.start_of(day + timedelta(days=1)))
    rows, entries = ledger.known(known_at)
    result = grade_in_force(entries, queries.policies_of(register), day, known_at)
    score = score_of(entries, edition.values, day, known_at)
    by_id = {row.id: row for row in rows}
    names = names_of(rows)
    upcoming = result.upcoming
    return Explanation(
        organisation=organisation,
        day=day,
        grade=result.grade,
        title=GRADE_TITLES[result.grade],
        since=result.since,
        score=score,
        evaluated_on=result.evaluation.day if result.evaluation else None,
        evaluated=result.evaluation.hundredths if result.evaluation else None,
        marks=tuple(_mark(line, by_id, names, edition.values) for line in score.marks),
        reversed=_reversed(rows, day, names),
        conduct=tuple(
            ConductRow(line, by_id[line.entry], CONDUCT_TITLES[line.kind]) for line in score.conduct
        ),
        vetoes=_vetoes(result, by_id),
        evidence=score.evidence,
        edition=edition,
        proposal=queries.open_proposal(subject),
        upcoming_title=None if upcoming is None else GRADE_TITLES[upcoming.grade],
        upcoming_since=None if upcoming is None else upcoming.since,
        history=_history(subject, day),
        ledger=ledger,
    )


def _unrated(organisation: Organisation, day: date, edition: Edition[RatingPolicy]) -> Explanation:
    return Explanation(
        organisation=organisation,
        day=day,
        grade=Grade.UNGRADED,
        title=GRADE_TITLES[Grade.UNGRADED],
        since=None,
        score=None,
        evaluated_on=None,
        evaluated=None,
        marks=(),
        reversed=(),
        conduct=(),
        vetoes=(),
        evidence=None,
        edition=edition,
        proposal=None,
        upcoming_title=None,
        upcoming_since=None,
        history=(),
    )


def names_of(rows: list[RatingEntry]) -> dict[int, str]:
    """Public names of raters: the organisation, never the person."""
    ids = {row.rater_organisation_id for row in rows if row.rater_organisation_id is not None}
    found = db.session.query(Organisation).where(Organisation.id.in_(ids)) if ids else ()
    return {organisation.id: organisation.public_name for organisation in found}


def _mark(
    line: MarkLine, by_id: dict[int, RatingEntry], names: dict[int, str], policy: RatingPolicy
) -> MarkRow:
    row = by_id[line.entry]
    return MarkRow(
        line=line,
        row=row,
        side=SIDE_TITLES[line.side],
        rater=names.get(line.rater, ""),
        ends_on=add_months(row.takes_effect_on, policy.mark_months),
    )


def _reversed(rows: list[RatingEntry], day: date, names: dict[int, str]) -> tuple[ReversedRow, ...]:
    """Marks whose reversal stands on the day."""
    reversals = [
        row for row in rows if row.kind is EntryKind.REVERSAL and row.takes_effect_on <= day
    ]
    undone = {row.reverses_id for row in reversals}
    since = {row.reverses_id: row.takes_effect_on for row in reversals if row.id not in undone}
    return tuple(
        ReversedRow(row, SIDE_TITLES[row.side], names.get(row.rater_organisation_id or 0, ""), at)
        for row in rows
        if row.kind is EntryKind.MARK and row.side and (at := since.get(row.id)) is not None
    )


def _vetoes(
    result: GradeInForce, by_id: dict[int, RatingEntry]
) -> tuple[tuple[Any, RatingEntry], ...]:
    rows = [by_id[number] for number in result.standing_vetoes]
    return tuple((VETO_TITLES[row.veto], row) for row in rows if row.veto is not None)


def _history(subject: RatingSubject, day: date) -> tuple[GradeRecord, ...]:
    """Stored records up to a day, the latest first."""
    return tuple(
        record for record in reversed(queries.records_of(subject)) if record.from_day <= day
    )


def points(value: Decimal | None, places: str = "0.01") -> str:
    """Signed points for a table: +1.25, −5.00, 0.00."""
    if value is None:
        return "—"
    rounded = value.quantize(Decimal(places), ROUND_HALF_UP)
    if rounded == 0:
        return format(abs(rounded), "f")
    sign = "+" if rounded > 0 else "−"
    return f"{sign}{abs(rounded):f}"


def plain(value: Decimal | None, places: str = "0.01") -> str:
    """A number for a table, rounded half-up."""
    return "—" if value is None else format(value.quantize(Decimal(places), ROUND_HALF_UP), "f")
