"""Computing a trial: every subject's grade and score under its own edition and under another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import bindparam, func, select

from marketplace.accounts import queries as accounts
from marketplace.foundation.db import db
from marketplace.intermediaries.models import Firm, Offering
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import Capacity, RatingEntry, RatingSubject
from marketplace.ratings.rules.entries import Entry, Grade
from marketplace.ratings.rules.grading import Tried, try_edition
from marketplace.ratings.rules.policy import RatingPolicy, policy_on
from marketplace.ratings.rules.scoring import Score, score
from marketplace.ratings.streaming import COLUMNS

AT_ONCE = 200
NUMBERS = tuple(each.name for each in fields(RatingPolicy))
# lower ends of the columns of the histogram, in points
STEPS = (0, 50, 60, 65, 70, 75, 80, 85, 90, 95)
_RANKS = {Grade.D: 1, Grade.C: 2, Grade.B: 3, Grade.A: 4}
_ENTRIES = (
    select(*COLUMNS)
    .where(
        RatingEntry.subject_id.between(bindparam("first"), bindparam("last")),
        RatingEntry.id <= bindparam("cursor"),
        RatingEntry.recorded_at <= bindparam("known_at"),
    )
    .order_by(RatingEntry.subject_id, RatingEntry.id)
)


@dataclass(frozen=True)
class Given:
    """What a trial is computed from."""

    jurisdiction_code: str
    day: date
    known_at: datetime
    cursor: int
    content: dict[str, Any]


@dataclass
class Outcome:
    """The figures of a trial, the rows of `rating_trial_changes`, the digest over all subjects."""

    result: dict[str, Any]
    sha256: str
    changes: list[dict[str, Any]] = field(default_factory=list)


def policy_of(content: dict[str, Any]) -> RatingPolicy:
    """The numbers of a trial; raises ValidationError."""
    return TypeAdapter(RatingPolicy).validate_python(content)


def registers_under(code: str, day: date) -> list[str]:
    """The registers on which an edition of a jurisdiction would count: those below it, but for
    those with an edition of a nearer one."""
    found = []
    for register in accounts.below(code):
        lineage = accounts.lineage(register)
        nearer = lineage[: lineage.index(code)] if code in lineage else lineage
        try:
            edition = ratings.edition_on(register, day)
        except LookupError:
            continue
        if edition.jurisdiction not in nearer:
            found.append(register)
    return found


def compute(given: Given, progress: Callable[[int, int], None]) -> Outcome:
    """Try the edition on every subject. Deterministic: the ledger up to `cursor` never changes."""
    tried = policy_of(given.content)
    registers = registers_under(given.jurisdiction_code, given.day)
    timelines = {register: ratings.policies_of(register) for register in registers}
    offers = _offers(registers)
    tally = _Tally()
    hashed = sha256()
    total = db.session.scalar(
        select(func.count()).select_from(RatingSubject).where(RatingSubject.register.in_(registers))
    )
    for done, (subject, entries) in enumerate(_subjects(registers, given), start=1):
        timeline = timelines[subject.register]
        found = try_edition(entries, timeline, tried, given.day, given.known_at)
        hashed.update(
            f"{subject.id} {found.before} {found.before_hundredths} "
            f"{found.after} {found.after_hundredths}\n".encode()
        )
        offered = sorted(offers.get((subject.organisation_id, subject.register), ()))
        if subject.capacity is not Capacity.INTERMEDIARY:
            offered = []
        tally.count(subject, found, offered)
        if found.before is not found.after:
            dated = policy_on(timeline, given.day)
            assert dated is not None
            before = score(entries, dated.policy, given.day, given.known_at)
            after = score(entries, tried, given.day, given.known_at)
            tally.changes.append(
                {
                    "subject_id": subject.id,
                    "organisation_id": subject.organisation_id,
                    "register": subject.register,
                    "capacity": subject.capacity,
                    "grade": found.grade,
                    "before": found.before,
                    "after": found.after,
                    "before_hundredths": found.before_hundredths,
                    "after_hundredths": found.after_hundredths,
                    "parts": parts(before, after),
                    "items": offered,
                }
            )
        if done % AT_ONCE == 0:
            progress(done, total or done)
    return Outcome(tally.result(), hashed.hexdigest(), tally.changes)


def parts(before: Score, after: Score) -> dict[str, str]:
    """By how many points each part of a score differs, parts that do not left out."""
    moved = {
        "prior": after.prior_value - before.prior_value,
        "owners": after.owners.points - before.owners.points,
        "departments": after.departments.points - before.departments.points,
        "assessors": after.assessors.points - before.assessors.points,
        "inspection": _inspected(after) - _inspected(before),
        "conduct": after.conduct_total - before.conduct_total,
    }
    rounded = {name: points.quantize(Decimal("0.01")) for name, points in moved.items()}
    return {name: str(points) for name, points in rounded.items() if points}


def _inspected(found: Score) -> Decimal:
    return found.inspection.points if found.inspection else Decimal(0)


def _subjects(registers: list[str], given: Given) -> Iterator[tuple[Any, list[Entry]]]:
    """Every subject of some registers in order, with the entries that were known."""
    asked = (
        select(
            RatingSubject.id,
            RatingSubject.organisation_id,
            RatingSubject.register,
            RatingSubject.capacity,
        )
        .where(RatingSubject.register.in_(registers))
        .order_by(RatingSubject.id)
        .limit(AT_ONCE)
    )
    last = 0
    while block := db.session.execute(asked.where(RatingSubject.id > last)).all():
        last = block[-1].id
        rows = db.session.execute(
            _ENTRIES,
            {
                "first": block[0].id,
                "last": last,
                "cursor": given.cursor,
                "known_at": given.known_at,
            },
        ).all()
        by_subject = {
            number: [ratings.as_entry(row) for row in group]
            for number, group in groupby(rows, key=lambda row: row.subject_id)
        }
        for subject in block:
            # whoever had no entry by then was no subject yet
            if subject.id in by_subject:
                yield subject, by_subject[subject.id]


def _offers(registers: list[str]) -> dict[tuple[int, str], set[str]]:
    """What each firm of some registers offers at present."""
    rows = db.session.execute(
        select(Firm.organisation_id, Firm.register_code, Offering.item_code)
        .join(Offering, Offering.firm_id == Firm.id)
        .where(Firm.register_code.in_(registers), Offering.ended_at.is_(None))
    )
    offers: dict[tuple[int, str], set[str]] = {}
    for organisation, register, item in rows:
        offers.setdefault((organisation, register), set()).add(item)
    return offers


class _Tally:
    """Counts by grade, by score, by register and by item."""

    def __init__(self) -> None:
        self.grades = {"before": Counter[str](), "after": Counter[str]()}
        self.scores = {"before": Counter[int](), "after": Counter[int]()}
        self.registers: dict[str, Counter[str]] = {}
        self.items: dict[str, Counter[str]] = {}
        self.moves: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self.changes: list[dict[str, Any]] = []

    def count(self, subject: Any, found: Tried, offered: list[str]) -> None:
        """Count one subject."""
        for side, grade, points in (
            ("before", found.before, found.before_hundredths),
            ("after", found.after, found.after_hundredths),
        ):
            self.grades[side][grade.value] += 1
            if points is not None and grade is not Grade.UNGRADED:
                self.scores[side][max(step for step in STEPS if step * 100 <= points)] += 1
        what = _direction(found)
        groups = [self.all, self.registers.setdefault(subject.register, Counter())]
        groups += [self.items.setdefault(code, Counter()) for code in offered]
        for group in groups:
            group["subjects"] += 1
            if what:
                group["changed"] += 1
                group[what] += 1
        if what:
            self.moves[f"{found.before}>{found.after}"] += 1

    def result(self) -> dict[str, Any]:
        """The figures as they are stored."""
        return {
            "all": dict(self.all),
            "grades": {side: dict(counts) for side, counts in self.grades.items()},
            "scores": {
                side: {str(step): counts[step] for step in STEPS}
                for side, counts in self.scores.items()
            },
            "moves": dict(self.moves),
            "registers": {code: dict(counts) for code, counts in sorted(self.registers.items())},
            "items": {code: dict(counts) for code, counts in sorted(self.items.items())},
        }


def _direction(found: Tried) -> str:
    """Whether a grade rises, falls, comes or goes; empty where it stays."""
    if found.before is found.after:
        return ""
    if Grade.UNGRADED in (found.before, found.after):
        return "other"
    return "up" if _RANKS[found.after] > _RANKS[found.before] else "down"
