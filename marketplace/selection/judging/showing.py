"""What everybody may read of a judging: its draw at once, names and marks once it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.foundation.errors import Missing
from marketplace.projects.models import Need, NeedWeights, SelectionMethod
from marketplace.projects.weighing.rules import BestValuePolicy

from .. import queries as selection
from ..methods.best_value import Points, shown
from ..models import Entry, SelectionRound
from . import forming, plans, queries, scoring
from .models import (
    EntryPlan,
    JudgeStatus,
    Panel,
    PanelJudge,
    PanelQuestion,
    PanelSheet,
    PanelStatus,
)


@dataclass(frozen=True)
class Scored:
    """The points of one firm, each rounded half up to two decimals on its own."""

    entry: Entry
    plan: EntryPlan
    price: Decimal
    rating: Decimal
    judged_plan: Decimal
    judged_people: Decimal
    total: Decimal


@dataclass(frozen=True)
class Mark:
    """One mark as it is published: whose, for whom, what was asked and said about it."""

    judge: PanelJudge
    plan: EntryPlan
    sheet: PanelSheet
    question: PanelQuestion | None
    counts: bool


@dataclass(frozen=True)
class Judging:
    """A judging on a result page."""

    panel: Panel
    weights: NeedWeights
    values: BestValuePolicy
    candidates: int
    judges: Sequence[PanelJudge]
    marks: Sequence[Mark]
    scores: Sequence[Scored]

    @property
    def over(self) -> bool:
        """Whether the judging is over, and names and marks are public."""
        return self.panel.status is PanelStatus.DONE


def judging(need: Need, running: SelectionRound) -> Judging | None:
    """What is public of a round's judging; None of another method."""
    panel = queries.panel_of(running) if need.method is SelectionMethod.BEST_VALUE else None
    if panel is None or need.weights is None:
        return None
    over = panel.status is PanelStatus.DONE
    return Judging(
        panel,
        need.weights,
        queries.values_of(panel),
        len(forming.candidates(panel)),
        queries.judges(panel) if over else (),
        _marks(panel, running) if over else (),
        _scores(need, running) if over and running.unsealed_at is not None else (),
    )


def proof_of_judges(running: SelectionRound) -> str:
    """The proof of the draw of a round's judges, once the judging is over; raises Missing."""
    panel = queries.panel_of(running)
    if panel is None or panel.proof is None or panel.status is not PanelStatus.DONE:
        raise Missing(f"round {running.id} has no public draw of judges")
    return panel.proof


def _marks(panel: Panel, running: SelectionRound) -> list[Mark]:
    of_entry = {each.entry_id: each for each in plans.of_round(running)}
    given = [each for each in queries.sheets(panel) if each.entry_id in of_entry]
    asked = queries.questions(each.id for each in given)
    counted = {each.id for each in queries.counted(panel, selection.listed(running))}
    marks = [
        Mark(
            sheet.judge,
            of_entry[sheet.entry_id],
            sheet,
            asked.get(sheet.id),
            sheet.judge_id in counted,
        )
        for sheet in given
        if sheet.judge.status is not JudgeStatus.CALLED
    ]
    return sorted(marks, key=lambda each: (each.plan.alias or 0, each.judge.place))


def _scores(need: Need, running: SelectionRound) -> list[Scored]:
    found: dict[str, Points] = scoring.points(need, running)
    of_entry = {each.entry_id: each for each in plans.of_round(running)}
    rows = []
    for entry in selection.in_place_order(running):
        code = entry.organisation.credit_code or ""
        if code not in found:
            continue
        own = found[code]
        rows.append(
            Scored(
                entry,
                of_entry[entry.id],
                shown(own.price),
                shown(own.rating),
                shown(own.plan),
                shown(own.practitioners),
                shown(own.total),
            )
        )
    return sorted(rows, key=lambda each: -found[each.entry.organisation.credit_code or ""].total)
