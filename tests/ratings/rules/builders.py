"""Entries as the tests of the rating rules need them, with the dates that posting gives them."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from pydantic import TypeAdapter

from config import ROOT
from marketplace.ratings.rules.entries import (
    ConductEntry,
    ConductKind,
    DecisionEntry,
    DecisionStep,
    Grade,
    InspectionEntry,
    MarkEntry,
    RaterSide,
    ReversingEntry,
    VetoEntry,
    VetoKind,
)
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy
from marketplace.ratings.rules.weights import add_months

DEFAULT = RatingPolicy()
EDITIONS = [DatedPolicy(date(2020, 1, 1), DEFAULT, "default")]
# every rating edition that is shipped, the profiles of cities among them
SHIPPED = {
    f"{path.parent.name}/{path.stem}": TypeAdapter(RatingPolicy).validate_python(
        tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)["values"]
    )
    for path in sorted((ROOT / "marketplace/editions/policies").glob("*/rating-*.toml"))
}
LATER = datetime(2040, 1, 1, tzinfo=UTC)
DAY = date(2026, 3, 2)


def posted(takes_effect_on: date) -> datetime:
    """Noon of the day before an entry takes effect."""
    return datetime.combine(takes_effect_on - timedelta(days=1), time(4), UTC)


def mark(
    number: int,
    value: int | str = 100,
    *,
    rater: int | None = None,
    breadth: int = 5,
    day: date = DAY,
    side: RaterSide = RaterSide.OWNER,
    contract: int | None = None,
    recorded_at: datetime | None = None,
) -> MarkEntry:
    """The marks of one evaluation; by default each from an owner of its own, of breadth 5."""
    return MarkEntry(
        id=number,
        takes_effect_on=day,
        recorded_at=recorded_at or posted(day),
        side=side,
        rater=number if rater is None else rater,
        breadth=breadth,
        value=Decimal(value),
        contract=number if contract is None else contract,
    )


def marks(
    count: int, value: int | str = 100, owners: int | None = None, *, first: int = 1, **more: object
) -> list[MarkEntry]:
    """Marks from `owners` owners in turn (by default as many as marks)."""
    return [
        mark(number, value, rater=1 + (number - first) % (owners or count), **more)  # type: ignore[arg-type]
        for number in range(first, first + count)
    ]


def inspection(number: int, value: int | str, day: date = DAY) -> InspectionEntry:
    """The result of an inspection."""
    return InspectionEntry(
        id=number, takes_effect_on=day, recorded_at=posted(day), value=Decimal(value)
    )


def conduct(
    number: int,
    kind: ConductKind,
    day: date = DAY,
    *,
    ends_on: date | None = None,
    contract: int | None = None,
    points: int | None = None,
    working_days: int = 0,
    yearly_deliveries: int = 0,
) -> ConductEntry:
    """A conduct entry that stands 12 months."""
    return ConductEntry(
        id=number,
        takes_effect_on=day,
        recorded_at=posted(day),
        kind=kind,
        ends_on=ends_on or add_months(day, 12),
        contract=contract,
        points=None if points is None else Decimal(points),
        working_days=working_days,
        yearly_deliveries=yearly_deliveries,
    )


def veto(number: int, day: date, kind: VetoKind = VetoKind.COLLUSION) -> VetoEntry:
    """A veto that stands 12 months."""
    return VetoEntry(
        id=number,
        takes_effect_on=day,
        recorded_at=posted(day),
        kind=kind,
        ends_on=add_months(day, 12),
    )


def reversing(
    number: int, reverses: int, day: date, recorded_at: datetime | None = None
) -> ReversingEntry:
    """A reversal from `day` on."""
    return ReversingEntry(
        id=number, takes_effect_on=day, recorded_at=recorded_at or posted(day), reverses=reverses
    )


def decision(
    number: int,
    step: DecisionStep,
    grade: Grade,
    day: date,
    *,
    proposal: int | None = None,
    in_force_on: date | None = None,
) -> DecisionEntry:
    """One step of a decision."""
    return DecisionEntry(
        id=number,
        takes_effect_on=day,
        recorded_at=posted(day),
        step=step,
        grade=grade,
        proposal=proposal,
        in_force_on=in_force_on,
    )
