"""Read the marks of a register in a few statements and find what the screens look for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from marketplace.accounts.models import Organisation, WebSession
from marketplace.foundation.db import as_written, db
from marketplace.ratings import queries as ratings
from marketplace.ratings.models import Capacity, EntryKind, RatingEntry, RatingSubject
from marketplace.ratings.rules.entries import Entry, Grade, RaterSide
from marketplace.ratings.rules.policy import RatingPolicy
from marketplace.ratings.rules.reckoning import Numbers, numbers_of, reckon
from marketplace.ratings.rules.standing import known, standing_of

from ..rules import EvaluationPolicy
from . import rules
from .rules import Finding, Mark, Screen

AT_ONCE = 500
ROWS_AT_ONCE = 10_000
_REVERSING = aliased(RatingEntry)


def _standing(register: str, since: date, day: date) -> Sequence[ColumnElement[bool]]:
    reversed_by = select(_REVERSING.id).where(
        _REVERSING.reverses_id == RatingEntry.id, _REVERSING.takes_effect_on <= day
    )
    return (
        RatingSubject.register == register,
        RatingEntry.kind == EntryKind.MARK,
        RatingEntry.side.in_((RaterSide.OWNER, RaterSide.FIRM, RaterSide.ASSESSOR)),
        RatingEntry.takes_effect_on >= since,
        RatingEntry.takes_effect_on <= day,
        ~reversed_by.exists(),
    )


def marks_of(register: str, since: date, day: date) -> list[Mark]:
    """Every mark of a register that stands on a day and took effect since another."""
    found: list[Mark] = []
    # the same few thousand organisations, days and values come again in every row
    one: dict[int, int] = {}
    asked = (
        select(
            RatingEntry.id,
            RatingEntry.rater_organisation_id,
            RatingSubject.organisation_id,
            RatingEntry.contract_id,
            RatingSubject.capacity,
            RatingEntry.hundredths,
            RatingEntry.takes_effect_on,
            RatingEntry.side,
        )
        .join(RatingSubject, RatingSubject.id == RatingEntry.subject_id)
        .where(*_standing(register, since, day))
        .order_by(RatingEntry.id)
        .limit(as_written(ROWS_AT_ONCE))
    )
    # some rows at a time: the database's answer is never held whole
    while rows := db.session.execute(
        asked.where(RatingEntry.id > found[-1].entry) if found else asked
    ).all():
        found += [
            Mark(
                entry,
                one.setdefault(rater or 0, rater or 0),
                one.setdefault(about, about),
                contract or 0,
                capacity is Capacity.INTERMEDIARY,
                one.setdefault(hundredths or 0, hundredths or 0),
                one.setdefault(begun.toordinal(), begun.toordinal()),
                side is RaterSide.ASSESSOR,
            )
            for entry, rater, about, contract, capacity, hundredths, begun, side in rows
        ]
    return found


def find(
    register: str,
    marks: Sequence[Mark],
    policy: EvaluationPolicy,
    day: date,
    since: date,
    now: datetime,
) -> list[Finding]:
    """All that the screens find among a register's marks."""
    firms = rules.by_firm(marks)
    owned = rules.by_owners(firms)
    everybody = set(firms) | {mark.rater for own in firms.values() for mark in own}
    return [
        *rules.rings(marks, policy),
        *rules.pairs(marks, policy),
        *rules.bursts(owned, policy),
        *rules.assessor_bursts(rules.by_assessors(firms), policy),
        *rules.dominances(owned, policy),
        *rules.same_devices(firms, traits_of(everybody, since), policy),
        *influences(register, firms, policy, day, now),
    ]


def traits_of(organisations: Collection[int], since: date) -> dict[int, set[tuple[str, str]]]:
    """What organisations share when they are one in truth: the device and address they sign in
    from, telephone, seat, legal representative."""
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    columns = (
        Organisation.id,
        Organisation.phone,
        Organisation.address,
        Organisation.legal_representative,
    )
    for key, phone, seat, representative in db.session.execute(select(*columns)):
        if key not in organisations:
            continue
        for kind, value in (
            ("phone", phone),
            ("address", seat),
            ("representative", representative),
        ):
            if value:
                found[key].add((kind, value))
    sessions = select(WebSession.organisation_id, WebSession.address, WebSession.agent).where(
        WebSession.address.is_not(None),
        WebSession.created_at >= ratings.start_of(since),
    )
    for key, network, agent in db.session.execute(sessions.distinct()):
        if key in organisations:
            found[key].add(("device", f"{network} {agent}"))
    return found


def influences(
    register: str,
    firms: dict[int, list[Mark]],
    policy: EvaluationPolicy,
    day: date,
    now: datetime,
) -> Iterator[Finding]:
    """Raters without whom a firm's score would differ by the edition's points, or its grade.

    A plain reckoning names who could matter; those are scored exactly, with and without the rater,
    by the rating edition in force.
    """
    values = ratings.edition_on(register, day).values
    numbers = numbers_of(values)
    strength = max(1, int(values.prior_strength))
    least = int(policy.influence_points * 100)
    asked = {
        firm: found
        for firm, own in firms.items()
        if len(own) >= values.graded_from_contracts
        and (found := list(rules.weighty(own, strength, int(values.prior_value * 100), least)))
    }
    for firm, entries in _entries_of(register, sorted(asked)):
        whole = _total(entries, numbers, day, now)
        if whole is None:
            continue
        for rater, given in asked[firm]:
            left_out = {mark.entry for mark in given}
            rest = [entry for entry in entries if entry.id not in left_out]
            without = _total(rest, numbers, day, now)
            if without is None:
                continue
            before, after = _grade(whole, values), _grade(without, values)
            moved = abs(whole - without)
            if moved >= policy.influence_points and before is not after:
                yield Finding(
                    Screen.INFLUENCE,
                    firm,
                    (rater,),
                    tuple(sorted(left_out)),
                    {
                        "score": str(whole),
                        "without": str(without),
                        "grade": before.value,
                        "grade_without": after.value,
                    },
                )


def _entries_of(register: str, firms: Sequence[int]) -> Iterator[tuple[int, list[Entry]]]:
    columns = [each for each in RatingEntry.__table__.columns if each.key != "digest"]
    for start in range(0, len(firms), AT_ONCE):
        held: dict[int, list[Entry]] = defaultdict(list)
        for row in db.session.execute(
            select(RatingSubject.organisation_id.label("firm"), *columns)
            .join(RatingSubject, RatingSubject.id == RatingEntry.subject_id)
            .where(
                RatingSubject.register == register,
                RatingSubject.capacity == Capacity.INTERMEDIARY,
                RatingSubject.organisation_id.in_(firms[start : start + AT_ONCE]),
            )
            .order_by(RatingEntry.id)
        ):
            held[row.firm].append(ratings.as_entry(row))
        yield from held.items()


def _total(entries: Sequence[Entry], numbers: Numbers, day: date, now: datetime) -> Decimal | None:
    """The score of a day without its lines, which only a page needs."""
    effective = [entry for entry in known(entries, now) if entry.takes_effect_on <= day]
    total = reckon(standing_of(effective), numbers, day).total
    return None if total is None else Decimal(total).scaleb(-2)


def _grade(points: Decimal, values: RatingPolicy) -> Grade:
    """The grade that a score alone calls for."""
    for grade, limit in (
        (Grade.A, values.a_from),
        (Grade.B, values.b_from),
        (Grade.C, values.c_from),
    ):
        if points >= limit:
            return grade
    return Grade.D
