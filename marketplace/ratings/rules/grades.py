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

    `triggers` are the entries that took effect or ended that day.
    """

    day: date
    hundredths: int | None
    called_for: Grade
    edition: str
    triggers: tuple[int, ...]

    @property
    def total(self) -> Decimal | None:
        """The score with two decimals."""
        return None if self.hundredths is None else fixed_point(self.hundredths, 100, 2)


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
