"""The score of RULES section 10 reckoned a second time, plainly, with fractions and no shared code.

It reads the rows of the rating ledger and knows only the default kinds of what can count here:
marks, inspections, conduct, reversals.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from marketplace.foundation.db import db
from marketplace.ratings import queries
from marketplace.ratings.models import RatingEntry, RatingSubject


def wrong_scores() -> Iterator[str]:
    """Subjects whose stored score is more than a hundredth from the one reckoned here."""
    for subject in db.session.scalars(select(RatingSubject)):
        if subject.settled_on is None or subject.hundredths is None:
            continue
        rows = db.session.scalars(
            select(RatingEntry).where(RatingEntry.subject_id == subject.id).order_by(RatingEntry.id)
        ).all()
        day = _evaluated_on(rows, subject.settled_on)
        values = queries.edition_on(subject.register, day).values
        made = score([row for row in rows if row.takes_effect_on <= day], values, day)
        if abs(made - subject.hundredths) > 1:
            yield f"rating_subjects {subject.id}: {subject.hundredths} is stored, {made} reckoned"


def _evaluated_on(rows: Sequence[Any], settled_on: date) -> date:
    days = [row.takes_effect_on for row in rows] + [row.ends_on for row in rows if row.ends_on]
    days.append(settled_on.replace(day=1))
    return max(day for day in days if day <= settled_on)


def score(rows: Sequence[Any], values: Any, day: date) -> int:
    """The score of a day in hundredths."""
    gone: set[int] = set()
    for row in sorted(rows, key=lambda one: -one.id):
        if row.kind == "reversal" and row.id not in gone:
            gone.add(row.reverses_id)
    standing = [row for row in rows if row.id not in gone]
    prior = Fraction(values.prior_strength)
    given = [row for row in standing if row.kind == "mark"]
    owners = [row for row in given if row.side not in ("department", "assessor")]
    offices = [row for row in given if row.side == "department"]
    assessors = [row for row in given if row.side == "assessor"]
    by_owner: dict[int, list[tuple[float, Fraction]]] = defaultdict(list)
    for row in owners:
        by_owner[row.rater_organisation_id].append((_weight(row, values, day), _value(row)))
    held = _held({each: sum(w for w, _v in marks) for each, marks in by_owner.items()}, values)
    parts = [
        (Fraction(values.owner_share), *_mean(by_owner, held), prior),
        (
            Fraction(values.department_share),
            *_mean({0: [(_weight(row, values, day), _value(row)) for row in offices]}, {}),
            prior,
        ),
    ]
    shares = [(share * Fraction(n) / (Fraction(n) + p), mean) for share, n, mean, p in parts]
    rest = Fraction(values.prior_share)
    for _share, n, _own, p in parts:
        rest *= 1 - Fraction(n) / (Fraction(n) + p)
    # what assessors say has a part of its own and displaces none of the prior value
    n, mean = _mean({0: [(_weight(row, values, day), _value(row)) for row in assessors]}, {})
    shares.append((Fraction(values.assessor_share) * Fraction(n) / (Fraction(n) + prior), mean))
    inspections = [
        row
        for row in standing
        if row.kind == "inspection" and _months(row.takes_effect_on, day) < values.inspection_months
    ]
    if inspections:
        latest = max(inspections, key=lambda row: (row.takes_effect_on, row.id))
        least = Fraction(values.inspection_lowest)
        shares.append(
            (Fraction(values.inspection_share), max(Fraction(latest.hundredths, 100), least))
        )
        rest = Fraction(0)
    shares.append((rest, Fraction(values.prior_value)))
    whole = sum(share for share, _value_ in shares)
    total = sum(share * value for share, value in shares) / whole
    total += sum(_points(row, values) for row in standing if _counts(row, day))
    total = max(Fraction(values.lowest_score), min(Fraction(values.highest_score), total))
    return int(total * 100 + Fraction(1, 2))


def _value(row: Any) -> Fraction:
    return Fraction(row.hundredths, 100)


def _months(start: date, day: date) -> int:
    months = (day.year - start.year) * 12 + day.month - start.month
    last = calendar.monthrange(day.year, day.month)[1]
    return months - (day.day < min(start.day, last))


def _weight(row: Any, values: Any, day: date) -> float:
    months = _months(row.takes_effect_on, day)
    if months >= values.mark_months:
        return 0.0
    breadth = row.breadth / (row.breadth + values.breadth_constant)
    return float(2 ** (-months / values.mark_half_life_months) * breadth)


def _held(sums: dict[int, float], values: Any) -> dict[int, float]:
    """What each owner over the cap is held to: L = c (P + R) / (1 − c k), k owners held."""
    cap, prior = float(values.rater_cap), float(values.prior_strength)
    order = sorted(sums, key=lambda each: -sums[each])
    for k in range(len(order) + 1):
        rest = sum(sums[each] for each in order[k:])
        if 1 - cap * k <= 0:
            break
        limit = cap * (prior + rest) / (1 - cap * k)
        if k == len(order) or sums[order[k]] <= cap * (prior + rest) / (1 - cap * k) + 1e-12:
            return dict.fromkeys(order[:k], limit)
    raise AssertionError("no cap fits")


def _mean(
    by_owner: dict[int, list[tuple[float, Fraction]]], held: dict[int, float]
) -> tuple[float, Fraction]:
    weight, value = 0.0, 0.0
    for owner, marks in by_owner.items():
        own = sum(w for w, _v in marks)
        factor = held[owner] / own if owner in held and own else 1.0
        weight += own * factor
        value += sum(w * float(v) for w, v in marks) * factor
    return weight, Fraction(value / weight) if weight else Fraction(0)


def _counts(row: Any, day: date) -> bool:
    return row.kind == "conduct" and row.takes_effect_on <= day < row.ends_on


def _points(row: Any, values: Any) -> Fraction:
    fixed = {
        "abandoned_award": values.abandoned_award_points,
        "withdrawn_after_award": values.withdrawn_after_award_points,
        "overcharge": values.overcharge_points,
        "upheld_complaint": values.upheld_complaint_points,
        "yellow_card": values.yellow_card_points,
        "red_card": values.red_card_points,
    }
    if row.conduct in fixed:
        return -Fraction(fixed[row.conduct])
    late = {
        "overdue_delivery": values.late_delivery_step_points,
        "late_acceptance": values.late_acceptance_step_points,
        "late_payment": values.late_payment_step_points,
    }[row.conduct]
    steps = -(-row.working_days // values.late_step_working_days)
    points = -min(Fraction(late) * steps, Fraction(10))
    return points / max(
        Fraction(1), Fraction(row.yearly_deliveries or 0, values.delivery_volume_unit)
    )
