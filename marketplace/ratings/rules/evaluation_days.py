"""The days on which a grade is evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from marketplace.ratings.rules.entries import (
    ConductEntry,
    DecisionEntry,
    Entry,
    InspectionEntry,
    MarkEntry,
    VetoEntry,
)
from marketplace.ratings.rules.policy import DatedPolicy, RatingPolicy, policy_on
from marketplace.ratings.rules.weights import add_months

MONTH = timedelta(days=62)


def evaluation_days(
    facts: Sequence[Entry], policies: Sequence[DatedPolicy], until: date
) -> dict[date, list[int]]:
    """Evaluation days with the numbers of the entries that take effect or end on them.

    `facts` are in the order in which they begin to count, `policies` in order of date. A month's
    day is evaluated from the first entry up to and with `until`.
    """
    days: dict[date, list[int]] = {}
    if not facts:
        return days
    for entry in facts:
        days.setdefault(entry.takes_effect_on, []).append(entry.id)
        for end in _ends(entry, policies):
            days.setdefault(end, []).append(entry.id)
    for month in _monthly(policies, facts[0].takes_effect_on, until):
        days.setdefault(month, [])
    return days


def next_day(entries: Sequence[Entry], policies: Sequence[DatedPolicy], after: date) -> date | None:
    """The next day on which a grade is evaluated, or a decision takes effect or comes into force.

    None without entries, or without an edition.
    """
    if not entries or not policies:
        return None
    days: set[date] = set()
    first: date | None = None
    oldest = add_months(after, -_longest(policies) - 1)
    for entry in entries:
        start = entry.takes_effect_on
        if start > after:
            days.add(start)
        if isinstance(entry, DecisionEntry):
            if entry.in_force_on is not None and entry.in_force_on > after:
                days.add(entry.in_force_on)
            continue
        if first is None or start < first:
            first = start
        if isinstance(entry, MarkEntry | InspectionEntry):
            # whatever took effect so long ago has ended under every edition
            if start < oldest:
                continue
            days.update(end for end in _ends(entry, policies) if end > after)
        elif isinstance(entry, ConductEntry | VetoEntry) and entry.ends_on > after:
            days.add(entry.ends_on)
    if first is not None:
        until = max(after, policies[0].effective_from) + MONTH
        days.update(_monthly(policies, max(first, after + timedelta(days=1)), until))
    return min(days, default=None)


def _longest(policies: Sequence[DatedPolicy]) -> int:
    """How many months a mark or an inspection counts at most."""
    return max(max(each.policy.mark_months, each.policy.inspection_months) for each in policies)


def _monthly(policies: Sequence[DatedPolicy], first: date, until: date) -> list[date]:
    """The days of each month that are evaluated from `first` up to and with `until`."""
    days = []
    for start, end, policy in _reigns(policies, first, until):
        month = date(start.year, start.month, policy.evaluation_day_of_month)
        while month < end:
            if month >= start:
                days.append(month)
            month = add_months(month, 1)
    return days


def _reigns(
    policies: Sequence[DatedPolicy], first: date, until: date
) -> list[tuple[date, date, RatingPolicy]]:
    """Each edition's days [start, end) between the first entry and `until`."""
    reigns = []
    after = until + timedelta(days=1)
    for index, dated in enumerate(policies):
        end = after
        if index + 1 < len(policies):
            end = min(after, policies[index + 1].effective_from)
        start = max(first, dated.effective_from)
        if start < end:
            reigns.append((start, end, dated.policy))
    return reigns


def _ends(entry: Entry, policies: Sequence[DatedPolicy]) -> list[date]:
    """The days on which an entry ceases to count, under the edition in force on them."""
    if isinstance(entry, ConductEntry | VetoEntry):
        return [entry.ends_on]
    if not isinstance(entry, MarkEntry | InspectionEntry):
        return []
    ends = []
    marked = isinstance(entry, MarkEntry)
    for dated in policies:
        policy = dated.policy
        months = policy.mark_months if marked else policy.inspection_months
        end = add_months(entry.takes_effect_on, months)
        if policy_on(policies, end) is dated:
            ends.append(end)
    return ends
