"""A score as a row of steps from zero to its total, and what would change it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from marketplace.foundation.languages import joined

from . import queries
from .explaining import Explanation, plain
from .models import Capacity, RatingEntry
from .rules.entries import Entry, Grade, InspectionEntry, MarkEntry, RaterSide
from .rules.policy import RatingPolicy
from .rules.scoring import total_on

STRANGER = 0  # no organisation, contract or entry has this number
AHEAD = 5


@dataclass(frozen=True)
class Bar:
    """One step: from where to where, on a scale of 0 to 100. ``part`` names what it opens to."""

    part: str
    label: Any
    note: str
    start: Decimal
    end: Decimal
    is_sum: bool = False

    @property
    def points(self) -> Decimal:
        """What the step adds (a sum: where it stands)."""
        return self.end if self.is_sum else self.end - self.start

    @property
    def direction(self) -> str:
        """``sum``, ``up``, ``down`` or ``level``."""
        if self.is_sum:
            return "sum"
        if self.end == self.start:
            return "level"
        return "up" if self.end > self.start else "down"

    @property
    def left(self) -> Decimal:
        """Left edge of the bar, 0–100."""
        return Decimal(0) if self.is_sum else min(self.start, self.end)

    @property
    def width(self) -> Decimal:
        """Width of the bar, never invisible."""
        return max(self.end if self.is_sum else abs(self.end - self.start), Decimal("0.4"))


def bars(explanation: Explanation) -> list[Bar]:
    """The sum step by step; every step opens to its entries."""
    found = explanation.score
    if found is None or found.total is None or found.mean is None:
        return []
    steps: list[Bar] = [
        Bar(
            "prior",
            _("起评分值"),
            _("占比 %(share)s%%", share=plain(found.prior_share * 100)),
            Decimal(0),
            found.prior_value,
            is_sum=True,
        )
    ]
    at = found.prior_value
    policy = explanation.edition.values
    inspected = found.inspection
    parts: tuple[tuple[str, Any, Decimal, Decimal, Decimal], ...] = (
        (
            "owners",
            _("项目业主评价"),
            found.owners.points,
            found.owners.share,
            policy.owner_share,
        ),
        (
            "departments",
            _("行业主管部门评价"),
            found.departments.points,
            found.departments.share,
            policy.department_share,
        ),
        (
            "inspection",
            _("检查"),
            inspected.points if inspected else Decimal(0),
            inspected.share if inspected else Decimal(0),
            policy.inspection_share,
        ),
    )
    if policy.assessor_share:
        line = found.assessors
        parts = (
            *parts,
            (
                "assessors",
                _("社会监督和第三方评价"),
                line.points,
                line.share,
                policy.assessor_share,
            ),
        )
    for part, label, points, share, given in parts:
        note = _("占比 %(share)s%%", share=plain(share * 100)) if share else _("没有记录")
        if not given:
            note = _("按本辖区规则不占比")
        steps.append(Bar(part, label, note, at, at + points))
        at += points
    steps.append(Bar("mean", _("加权平均"), _("以上各项之和"), Decimal(0), at, is_sum=True))
    count = len(explanation.conduct)
    steps.append(
        Bar(
            "conduct",
            _("行为记录"),
            _("%(count)s 条", count=count) if count else _("没有记录"),
            at,
            at + found.conduct_total,
        )
    )
    steps.append(
        Bar("total", _("得分"), _("四舍五入到 0.01"), Decimal(0), found.total, is_sum=True)
    )
    return steps


@dataclass(frozen=True)
class Change:
    """Something that would change the score: what, from which day, to how much."""

    what: str
    day: date
    total: Decimal
    difference: Decimal
    letter: Grade


def would_change(
    explanation: Explanation,
    now: datetime,
    capacity: Capacity = Capacity.INTERMEDIARY,
) -> list[Change]:
    """What moves the score: ends of entries already known, then facts that may come.

    Worked out by the same rules as the score itself; the letter is that of the score alone, before
    the conditions and the confirmation an A or a D needs.
    """
    ledger = explanation.ledger
    if ledger is None or explanation.score is None or explanation.score.total is None:
        return []
    policy = explanation.edition.values
    entries = ledger.entries
    total = explanation.score.total
    return [
        *_ends(explanation, entries, policy, total, now),
        *_facts(explanation, entries, policy, total, now, capacity),
    ]


def _ends(
    explanation: Explanation,
    entries: list[Entry],
    policy: RatingPolicy,
    total: Decimal,
    now: datetime,
) -> Iterable[Change]:
    ends: dict[date, list[str]] = {}
    for each in explanation.conduct:
        ends.setdefault(each.line.ends_on, []).append(str(each.title))
    for mark in explanation.marks:
        ends.setdefault(mark.ends_on, []).append(_("%(rater)s的评价", rater=mark.rater))
    for day in sorted(ends)[:AHEAD]:
        words = joined(ends[day][:3])
        what = _("%(what)s到期，不再计入", what=words)
        yield _change(what, total_on(entries, policy, day, now), day, total, policy)


def _facts(
    explanation: Explanation,
    entries: list[Entry],
    policy: RatingPolicy,
    total: Decimal,
    now: datetime,
    capacity: Capacity,
) -> Iterable[Change]:
    day = explanation.day + timedelta(days=1)
    head: dict[str, Any] = {"id": STRANGER, "takes_effect_on": day, "recorded_at": now}
    breadth = 5

    def mark(value: int) -> MarkEntry:
        return MarkEntry(
            **head,
            side=RaterSide.FIRM if capacity is Capacity.OWNER else RaterSide.OWNER,
            rater=STRANGER,
            breadth=breadth,
            value=Decimal(value),
            contract=STRANGER,
        )

    known = max(now, queries.start_of(day + timedelta(days=1)))
    cases: list[tuple[str, Entry]] = [
        (_("新增一份满分评价（另一家业主）"), mark(100)),
        (_("新增一份 3 分评价（另一家业主）"), mark(60)),
        (_("新增一份 1 分评价（另一家业主）"), mark(20)),
        (_("检查得 95 分"), InspectionEntry(**head, value=Decimal(95))),
    ]
    if capacity is Capacity.OWNER:
        cases = [
            (_("新增一份满分评价（另一家机构）"), mark(100)),
            (_("新增一份 3 分评价（另一家机构）"), mark(60)),
            (_("新增一份 1 分评价（另一家机构）"), mark(20)),
        ]
    for what, entry in cases:
        result = total_on([*entries, entry], policy, day, known)
        yield _change(what, result, day, total, policy)


def _change(
    what: str, result: Decimal | None, day: date, total: Decimal, policy: RatingPolicy
) -> Change:
    reached = result if result is not None else total
    return Change(what, day, reached, reached - total, letter_of(reached, policy))


def letter_of(total: Decimal, policy: RatingPolicy) -> Grade:
    """The letter a score alone stands for."""
    for letter, least in (
        (Grade.A, policy.a_from),
        (Grade.B, policy.b_from),
        (Grade.C, policy.c_from),
    ):
        if total >= least:
            return letter
    return Grade.D


def neighbours(rows: Iterable[RatingEntry], day: date) -> tuple[date | None, date | None]:
    """The last day before and the first day after on which an entry begins or ends."""
    days = sorted(
        {row.takes_effect_on for row in rows} | {row.ends_on for row in rows if row.ends_on}
    )
    before = [each for each in days if each < day]
    after = [each for each in days if each > day]
    return (before[-1] if before else None), (after[0] if after else None)
