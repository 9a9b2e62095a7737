"""What the fold over grades answers with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from marketplace.ratings.rules.entries import DecisionStep, Grade
from marketplace.ratings.rules.weights import fixed_point

Cause = Literal["automatic", "decision"]


@dataclass(frozen=True, slots=True)
class GradeChange:
    """A grade and the first day it is in force; `cause` says by itself or by decision.

    `decided_by` is the number of the proposal; `evaluated_on` the evaluation day behind it.
    """

    grade: Grade
    since: date
    cause: Cause
    evaluated_on: date
    decided_by: int | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation day: score (None without any weight), grade called for, edition used.

    `triggers` are the entries that took effect or ended that day, `evaluated` the number of
    evaluated contracts.
    """

    day: date
    hundredths: int | None
    called_for: Grade
    edition: str
    triggers: tuple[int, ...]
    evaluated: int = 0

    @property
    def total(self) -> Decimal | None:
        """The score with two decimals."""
        return None if self.hundredths is None else fixed_point(self.hundredths, 100, 2)


@dataclass(frozen=True, slots=True)
class GradeState:
    """What holds from `from_day` on: grade, score in hundredths, and what they rest on."""

    from_day: date
    grade: Grade = Grade.UNGRADED
    since: date | None = None
    hundredths: int | None = None
    evaluated: int = 0
    edition: str = ""


@dataclass(frozen=True, slots=True)
class OpenProposal:
    """A proposal of A or D that is neither in force, rejected nor lapsed."""

    entry: int
    grade: Grade
    step: DecisionStep
    proposed_on: date
    in_force_on: date | None = None


@dataclass(frozen=True, slots=True)
class DueDecision:
    """A decision entry that the system owes the ledger now.

    PROPOSED: `grade` is called for since `evaluated_on`; whoever recorded one of `triggers` may not
    confirm it. LAPSED: the proposal `proposal` lapsed on `evaluated_on`.
    """

    step: DecisionStep
    grade: Grade
    evaluated_on: date
    triggers: tuple[int, ...]
    proposal: int | None = None


@dataclass(frozen=True, slots=True)
class GradeInForce:
    """The grade on a day and how it came to be, as known at a moment."""

    day: date
    known_at: datetime
    grade: Grade
    since: date | None
    changes: tuple[GradeChange, ...]
    evaluations: tuple[Evaluation, ...]
    proposal: OpenProposal | None
    upcoming: GradeChange | None
    due: tuple[DueDecision, ...]
    standing_vetoes: tuple[int, ...]

    @property
    def evaluation(self) -> Evaluation | None:
        """The latest evaluation."""
        return self.evaluations[-1] if self.evaluations else None

    def states(self) -> list[GradeState]:
        """Everything that held on the way, oldest first; equal neighbours are one."""
        changes = {change.since: change for change in self.changes}
        evaluations = {evaluation.day: evaluation for evaluation in self.evaluations}
        states: list[GradeState] = []
        first = GradeState(self.day)
        grade, since = first.grade, first.since
        points, evaluated, edition = first.hundredths, first.evaluated, first.edition
        last: tuple[object, ...] | None = None
        for day in sorted({*changes, *evaluations}):
            change, evaluation = changes.get(day), evaluations.get(day)
            if change is not None:
                grade, since = change.grade, change.since
            if evaluation is not None:
                points, evaluated = evaluation.hundredths, evaluation.evaluated
                edition = evaluation.edition
            present = (grade, since, points, evaluated, edition)
            if present != last:
                states.append(GradeState(day, grade, since, points, evaluated, edition))
                last = present
        return states

    def state_on(self, day: date) -> GradeState:
        """What held on a day (not after the day of the fold)."""
        held = [state for state in self.states() if state.from_day <= day]
        return held[-1] if held else GradeState(day)
