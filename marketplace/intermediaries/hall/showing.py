"""A call as its page shows it: the ranking, every judge's marks, what was explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.policy import PolicyEdition
from marketplace.ratings.rules.entries import Grade

from . import queries
from .models import HallApplication, HallCall, HallExplanation, HallJudge, HallSheet
from .rules import TENTHS, Candidate, draw_number, draw_seed


@dataclass(frozen=True)
class Given:
    """One judge's sheet in the page: under which number, whether it counts, what was explained."""

    number: int
    judge: HallJudge
    sheet: HallSheet
    counts: bool
    asked: bool
    explanation: HallExplanation | None

    @property
    def total(self) -> Decimal:
        """The judge's total in points."""
        return points(self.sheet.total)

    @property
    def marks(self) -> list[Decimal]:
        """The marks in points, in the order of the criteria."""
        return [points(each) for each in self.sheet.marks]


@dataclass(frozen=True)
class Line:
    """One application in the ranking, with the judges' sheets."""

    application: HallApplication
    mean: Decimal | None
    sum: Decimal | None
    draw: str | None
    given: Sequence[Given]


@dataclass(frozen=True)
class Ranking:
    """What is read once the marking is over."""

    lines: Sequence[Line]
    judges: int
    seed: str


def points(tenths: int) -> Decimal:
    """Tenths as points."""
    return Decimal(tenths) / TENTHS


def ranking_of(call: HallCall) -> Ranking | None:
    """The ranking of a call with all marks; None before it may be read."""
    if not call.is_revealed:
        return None
    applications = [each for each in queries.applications(call) if each.place is not None]
    counts = {each.id for each in queries.counted(call)}
    numbers = {each.id: place for place, each in enumerate(queries.judges(call), start=1)}
    rows = queries.sheets(call)
    values = queries.edition_of(call, clock.today()).values
    asked = queries.to_explain(call, values.spread_points)
    said = queries.explanations([each.id for each in rows])
    seed = draw_seed(
        call.public_id,
        [
            Candidate(
                each.public_id,
                each.total,
                each.grade or Grade.UNGRADED,
                each.score,
                each.received_at,
            )
            for each in applications
        ],
    )
    judges = call.judges_counted or 0
    lines = []
    for each in applications:
        mean = each.mean(judges)
        given = [
            Given(
                numbers[sheet.judge_id],
                sheet.judge,
                sheet,
                sheet.judge_id in counts,
                sheet.id in asked,
                said.get(sheet.id),
            )
            for sheet in rows
            if sheet.application_id == each.id
        ]
        exact = None
        if mean is not None:
            exact = (Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(Decimal("0.01"))
        lines.append(
            Line(
                each,
                exact,
                points(each.total) if each.total is not None else None,
                draw_number(seed, each.public_id)[:16] if each.drawn else None,
                sorted(given, key=lambda one: one.number),
            )
        )
    return Ranking(lines, judges, seed)


@dataclass(frozen=True)
class Ground:
    """An edition a call goes by, with its fair-competition review."""

    id: int
    title: str
    legal_basis: str
    document: str
    conclusion: str
    date: date | None


def grounds_of(call: HallCall) -> list[Ground]:
    """The editions a published call cites: the hall's and admission's."""
    found = []
    for key in (call.edition_id, call.admission_edition_id):
        row = db.session.get(PolicyEdition, key) if key is not None else None
        if row is not None:
            review = row.review
            when = review.get("date")
            found.append(
                Ground(
                    row.id,
                    row.title,
                    row.legal_basis,
                    str(review.get("document", "")),
                    str(review.get("conclusion", "")),
                    date.fromisoformat(when) if isinstance(when, str) else when,
                )
            )
    return found
