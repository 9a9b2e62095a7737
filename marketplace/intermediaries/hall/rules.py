"""Who gets a window of the hall: criteria that may be asked, marks, ranking, terms.

(rules of the marketplace, sections 5 and 12)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from marketplace.foundation.calendar import moment
from marketplace.ratings.rules.entries import Grade

FULL = 100
# a mark is kept in tenths: 12.5 points are 125
TENTHS = 10
GRADE_ORDER = {Grade.A: 0, Grade.B: 1, Grade.C: 2, Grade.UNGRADED: 3, Grade.D: 4}


@dataclass(frozen=True)
class HallPolicy:
    """The hall of a register. ``windows`` is the most there may be, 0 where there is no hall.

    Days are working days; points are of the hundred that all criteria add up to. A firm that sat
    ``most_terms`` terms with breaks shorter than ``rest_months`` gives others their turn for so
    many months (0 terms: no limit). A judge whose total lies ``spread_points`` or more from the
    mean explains it in public.
    """

    SECTION: ClassVar[str] = "hall"
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    windows: Annotated[int, Ge(0), Le(500)]
    application_working_days: Annotated[int, Ge(1), Le(60)]
    marking_working_days: Annotated[int, Ge(1), Le(30)]
    notice_working_days: Annotated[int, Ge(1), Le(30)]
    least_judges: Annotated[int, Ge(3), Le(15)]
    least_organisations: Annotated[int, Ge(2), Le(15)]
    least_points: Annotated[int, Ge(0), Le(100)]
    spread_points: Annotated[int, Ge(1), Le(100)]
    term_months: Annotated[int, Ge(1), Le(60)]
    most_terms: Annotated[int, Ge(0), Le(20)]
    rest_months: Annotated[int, Ge(1), Le(60)]


@dataclass(frozen=True)
class Criterion:
    """What is marked: its name, what is looked at, the most points."""

    name: str
    looked_at: str
    points: int


@dataclass(frozen=True)
class Candidate:
    """An application as the ranking sees it. ``total`` are the tenths of all judges together,
    None where nobody marks; ``score`` is the reputation in hundredths, None without."""

    key: str
    total: int | None
    grade: Grade
    score: int | None
    received_at: datetime


@dataclass(frozen=True)
class Placed:
    """A place in the ranking. ``drawn`` where nothing but the draw told it from another."""

    key: str
    place: int
    drawn: bool


def mean_of(total: int, judges: int) -> Fraction:
    """The mean of the judges' totals in points, exact."""
    return Fraction(total, judges * TENTHS)


def draw_seed(call: str, candidates: Iterable[Candidate]) -> str:
    """The text whose digest breaks ties: the call, and every application with its total.

    Nobody knows it before the last mark is given, everybody can write it down afterwards.
    """
    lines = sorted(
        f"{each.key} {each.received_at.isoformat(timespec='microseconds')} "
        f"{'-' if each.total is None else each.total}"
        for each in candidates
    )
    return "\n".join([call, *lines])


def draw_number(seed: str, key: str) -> str:
    """The number an application draws among its equals; the smaller goes first."""
    return sha256(f"{seed}\n{key}".encode()).hexdigest()


def ranked(call: str, candidates: Sequence[Candidate]) -> list[Placed]:
    """The order of a call: the mean of the marks, then grade, then reputation, then the draw.

    Every judge marks every application, so that the totals stand in the order of the means.
    """
    seed = draw_seed(call, candidates)

    def merit(each: Candidate) -> tuple[int, int, int]:
        score = -1 if each.score is None else each.score
        return (-(each.total or 0), GRADE_ORDER[each.grade], -score)

    alike: dict[tuple[int, int, int], int] = {}
    for each in candidates:
        alike[merit(each)] = alike.get(merit(each), 0) + 1
    ordered = sorted(candidates, key=lambda each: (merit(each), draw_number(seed, each.key)))
    return [
        Placed(each.key, place, alike[merit(each)] > 1)
        for place, each in enumerate(ordered, start=1)
    ]


def far_off(totals: Mapping[int, int], spread_points: int) -> set[int]:
    """The judges whose total (tenths, by judge) lies so far from the mean of all that they explain
    it."""
    if len(totals) < 2:
        return set()
    mean = Fraction(sum(totals.values()), len(totals))
    return {judge for judge, total in totals.items() if abs(total - mean) >= spread_points * TENTHS}


def last_day(first: date, months: int) -> date:
    """The last day of a term that begins on a day."""
    index = first.year * 12 + first.month - 1 + months
    year, month = divmod(index, 12)
    day = first.day
    while True:
        try:
            return date(year, month + 1, day) - timedelta(days=1)
        except ValueError:
            day -= 1


def end_of(day: date) -> datetime:
    """The midnight of Shanghai that ends a day."""
    return moment(day + timedelta(days=1), time(0))


def terms_in_a_row(
    terms: Sequence[tuple[date, date]], begins: date, rest_months: int
) -> tuple[int, date | None]:
    """How many terms (first and last day) a firm sat without a rest before ``begins``, and the day
    from which it may sit again."""
    count, edge, free = 0, begins, None
    for first, last in sorted(terms, reverse=True):
        rested = last_day(last + timedelta(days=1), rest_months) + timedelta(days=1)
        if rested <= edge:
            break
        free = free or rested
        count, edge = count + 1, first
    return count, free
